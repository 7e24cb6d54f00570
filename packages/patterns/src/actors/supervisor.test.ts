import { describe, expect, test } from 'vitest';
import { assert, Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  type ChildSpec,
  RestartIntensity,
  type Strategy,
  Supervisor,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorOptions,
} from './index.ts';

/** A supervisor and its children, which start, fail and exit when told to. */
class Bench {
  readonly supervisor: Supervisor;
  readonly runs = new Map<string, number>();
  now = 0;

  constructor(strategy: Strategy, children: string | ChildSpec[], more: Partial<SupervisorOptions> = {}) {
    const specs = typeof children === 'string' ? [...children].map((id) => ({ id })) : children;
    this.supervisor = new Supervisor({ strategy, children: specs, ...more });
  }

  step(input: SupervisorInput): string {
    const out: SupervisorEffect[] = [];
    this.supervisor.step(input, Instant.of(this.now), out);
    const said = out.map((effect) => {
      if (effect.kind === 'start') this.runs.set(effect.child, effect.generation);
      if (effect.kind === 'down') return [effect.kind, effect.reason, effect.child].filter(Boolean).join(' ');
      if (effect.kind === 'up') return 'up';
      return effect.kind === 'not-added' ? `${effect.child} ${effect.why}` : `${effect.kind} ${effect.child}`;
    });
    return said.join(', ');
  }

  tick(now: number): string {
    this.now = now;
    return this.step({ kind: 'tick' });
  }

  of(child: string): { child: string; generation: number } {
    return { child, generation: this.runs.get(child)! };
  }

  started(child: string): string {
    return this.step({ kind: 'started', ...this.of(child) });
  }

  startFailed(child: string): string {
    return this.step({ kind: 'start-failed', ...this.of(child) });
  }

  exited(child: string, how: 'normal' | 'shutdown' | 'error' = 'error'): string {
    return this.step({ kind: 'exited', how, ...this.of(child) });
  }

  failed(child: string, directive: 'resume' | 'restart' | 'stop' | 'escalate'): string {
    return this.step({ kind: 'failed', directive, ...this.of(child) });
  }

  /** Until all that are starting have started. */
  up(): this {
    this.step({ kind: 'start' });
    for (let more = true; more; ) {
      more = false;
      for (const { id, state } of this.supervisor.children) {
        if (state !== 'starting') continue;
        this.started(id);
        more = true;
      }
    }
    return this;
  }
}

describe('order', () => {
  test('children are started one after the other, and stopped in the opposite order', () => {
    const bench = new Bench('one-for-one', 'abc');
    expect(bench.step({ kind: 'start' })).toBe('start a');
    expect([bench.started('a'), bench.started('b'), bench.started('c')]).toEqual(['start b', 'start c', 'up']);
    expect(bench.step({ kind: 'stop' })).toBe('stop c');
    expect([bench.exited('c', 'shutdown'), bench.exited('b', 'shutdown'), bench.exited('a', 'shutdown')]).toEqual([
      'stop b',
      'stop a',
      'down stopped',
    ]);
  });
  test('when one cannot be started, those that were are stopped in the opposite order, and the supervisor fails', () => {
    const bench = new Bench('one-for-one', 'abc');
    bench.step({ kind: 'start' });
    bench.started('a');
    bench.started('b');
    expect([bench.startFailed('c'), bench.exited('b'), bench.exited('a')]).toEqual([
      'stop b',
      'stop a',
      'down start-failed c',
    ]);
  });
  test('a child that does not stop in time is killed; one that is waited for is not; one to be killed is not asked', () => {
    const bench = new Bench('one-for-one', [
      { id: 'a', stop: { kind: 'kill' } },
      { id: 'b', stop: { kind: 'wait' } },
      { id: 'c', stop: { kind: 'ask', timeoutMs: 10 } },
    ]).up();
    expect([bench.step({ kind: 'stop' }), bench.tick(9), bench.supervisor.deadline]).toEqual(['stop c', '', 10]);
    expect([bench.tick(10), bench.tick(11), bench.supervisor.deadline]).toEqual(['kill c', '', undefined]);
    expect([bench.exited('c'), bench.tick(1e9), bench.exited('b'), bench.exited('a')]).toEqual([
      'stop b',
      '',
      'kill a',
      'down stopped',
    ]);
  });
  test('a supervisor without children is up at once, and down at once', () => {
    const bench = new Bench('one-for-all', '');
    expect([bench.step({ kind: 'start' }), bench.step({ kind: 'stop' })]).toEqual(['up', 'down stopped']);
  });
});

describe('strategies', () => {
  test('one for one: only who failed is restarted', () => {
    expect(new Bench('one-for-one', 'abc').up().exited('b')).toBe('start b');
  });
  test('one for all: the others are stopped from the last to the first, then all are started in order', () => {
    const bench = new Bench('one-for-all', 'abc').up();
    expect([bench.exited('b'), bench.exited('c', 'shutdown'), bench.exited('a', 'shutdown')]).toEqual([
      'stop c',
      'stop a',
      'start a',
    ]);
    expect([bench.started('a'), bench.started('b'), bench.started('c')]).toEqual(['start b', 'start c', '']);
  });
  test('rest for one: those after it are stopped and started with it, those before it go on', () => {
    const bench = new Bench('rest-for-one', 'abcd').up();
    expect([bench.exited('b'), bench.exited('d'), bench.exited('c')]).toEqual(['stop d', 'stop c', 'start b']);
    expect([bench.started('b'), bench.started('c'), bench.started('d')]).toEqual(['start c', 'start d', '']);
  });
  test('who fails while all are being stopped is not a failure of its own', () => {
    const bench = new Bench('one-for-all', 'abc', { intensity: { restartsMax: 1 } }).up();
    bench.exited('b');
    expect([bench.exited('a'), bench.exited('c')]).toEqual(['', 'start a']);
  });
  test('who fails before the others have been started again stops and starts them anew', () => {
    const bench = new Bench('one-for-all', 'ab', { intensity: { restartsMax: 2 } }).up();
    bench.exited('b');
    bench.exited('a');
    expect([bench.started('a'), bench.exited('a'), bench.started('b'), bench.exited('b')]).toEqual([
      'start b',
      'stop b',
      '',
      'start a',
    ]);
  });
  test('news of who is down already, or of nobody, is ignored, and so is what comes after the end', () => {
    const bench = new Bench('one-for-one', 'a', { intensity: { restartsMax: 1 }, backoff: {}, random: () => 0.5 }).up();
    const run = bench.of('a');
    expect([bench.exited('a'), bench.exited('a'), bench.supervisor.phase]).toEqual(['', '', 'running']);
    expect(bench.step({ kind: 'exited', how: 'error', child: 'z', generation: run.generation })).toBe('');
    expect([bench.step({ kind: 'stop' }), bench.step({ kind: 'stop' }), bench.step({ kind: 'tick' })]).toEqual([
      'down stopped',
      '',
      '',
    ]);
  });
  test('late news of an earlier run is ignored', () => {
    const bench = new Bench('one-for-one', 'a').up();
    const old = bench.of('a');
    bench.exited('a');
    expect([bench.step({ kind: 'exited', how: 'error', ...old }), bench.started('a')]).toEqual(['', '']);
    expect(bench.supervisor.children).toEqual([{ id: 'a', state: 'up', generation: 2 }]);
  });
});

describe('restart types', () => {
  const ends = (restart: 'permanent' | 'transient' | 'temporary') =>
    (['normal', 'shutdown', 'error'] as const).map((how) =>
      new Bench('one-for-one', [{ id: 'a', restart }]).up().exited('a', how),
    );
  test('permanent: always; transient: after an error; temporary: never', () => {
    expect([ends('permanent'), ends('transient'), ends('temporary')]).toEqual([
      ['start a', 'start a', 'start a'],
      ['ended a', 'ended a', 'start a'],
      ['ended a', 'ended a', 'ended a'],
    ]);
  });
  test('a temporary child is forgotten, also when it was stopped because of another', () => {
    const bench = new Bench('one-for-all', [{ id: 'a' }, { id: 'b', restart: 'temporary' }]).up();
    expect([bench.exited('a'), bench.exited('b')]).toEqual(['stop b', 'ended b, start a']);
    expect(bench.supervisor.children.map(({ id }) => id)).toEqual(['a']);
  });
  test('a transient child that had ended comes back when all are restarted', () => {
    const bench = new Bench('one-for-all', [{ id: 'a' }, { id: 'b', restart: 'transient' }]).up();
    expect([bench.exited('b', 'normal'), bench.exited('a'), bench.started('a')]).toEqual([
      'ended b',
      'start a',
      'start b',
    ]);
  });
  test('a child that ends in order while others are still being started keeps nobody waiting', () => {
    const bench = new Bench('one-for-one', [{ id: 'a', restart: 'transient' }, { id: 'b' }]);
    bench.step({ kind: 'start' });
    expect([bench.started('a'), bench.exited('a', 'normal'), bench.started('b')]).toEqual(['start b', 'ended a', 'up']);
  });
});

describe('restart intensity', () => {
  test('one restart more than permitted within the time ends it, children last to first', () => {
    const bench = new Bench('one-for-one', 'abc', { intensity: { restartsMax: 2, withinMs: 100 } }).up();
    for (const now of [0, 50]) {
      bench.now = now;
      expect(bench.exited('a')).toBe('start a');
      bench.started('a');
    }
    bench.now = 100;
    expect([bench.exited('a'), bench.exited('c'), bench.exited('b')]).toEqual([
      'stop c',
      'stop b',
      'down too-many-restarts a',
    ]);
  });
  test('a restart of exactly that long ago counts, an older one does not', () => {
    const at = (ms: number): boolean => {
      const intensity = new RestartIntensity({ restartsMax: 1, withinMs: 100 });
      intensity.add(Instant.of(0));
      return intensity.add(Instant.of(ms));
    };
    expect([at(100), at(100.5)]).toEqual([false, true]);
  });
  test('restarts of all children count together, and a restart of many counts once', () => {
    const bench = new Bench('one-for-all', 'ab', { intensity: { restartsMax: 1, withinMs: 100 } }).up();
    expect([bench.exited('a'), bench.exited('b'), bench.started('a'), bench.started('b')]).toEqual([
      'stop b',
      'start a',
      'start b',
      '',
    ]);
    expect([bench.exited('b'), bench.exited('a')]).toEqual(['stop a', 'down too-many-restarts b']);
  });
  test('a restart that does not succeed is tried again, and counts again', () => {
    const bench = new Bench('one-for-one', 'a', { intensity: { restartsMax: 2 } }).up();
    expect([bench.exited('a'), bench.startFailed('a'), bench.startFailed('a')]).toEqual([
      'start a',
      'start a',
      'down too-many-restarts a',
    ]);
  });
  test('as many as a list would count', () => {
    const random = seeded(3);
    for (let round = 0; round < 300; round++) {
      const restartsMax = randomBelow(random, 4);
      const intensity = new RestartIntensity({ restartsMax, withinMs: 10 });
      const all: number[] = [];
      for (let now = 0; now < 60; now += randomBelow(random, 6)) {
        all.push(now);
        const expected = all.filter((time) => time >= now - 10).length <= restartsMax;
        assert(intensity.add(Instant.of(now)) === expected, `${all} with ${restartsMax} within 10`);
      }
    }
    expect(() => new RestartIntensity({ restartsMax: -1 })).toThrow(/restartsMax/);
    expect(() => new RestartIntensity({ withinMs: 0 })).toThrow(/withinMs/);
  });
});

describe('a child that stands still after a failure', () => {
  test('goes on, is replaced, is stopped, or takes its supervisor with it', () => {
    const bench = () => new Bench('one-for-one', 'ab').up();
    expect(bench().failed('a', 'resume')).toBe('resume a');
    const restarted = bench();
    expect([restarted.failed('a', 'restart'), restarted.exited('a', 'shutdown')]).toEqual(['stop a', 'start a']);
    const stopped = bench();
    expect([stopped.failed('a', 'stop'), stopped.exited('a', 'shutdown')]).toEqual(['stop a', 'ended a']);
    const escalated = bench();
    expect([escalated.failed('a', 'escalate'), escalated.exited('b'), escalated.exited('a')]).toEqual([
      'stop b',
      'stop a',
      'down escalated a',
    ]);
  });
  test('is not resumed when it is to be stopped anyway', () => {
    const bench = new Bench('one-for-all', 'ab').up();
    bench.exited('b');
    expect(bench.failed('a', 'resume')).toBe('');
  });
  test('a temporary one is stopped rather than replaced', () => {
    const none = { intensity: { restartsMax: 0 } };
    const bench = new Bench('one-for-one', [{ id: 'a', restart: 'temporary' }], none).up();
    expect([bench.failed('a', 'restart'), bench.exited('a')]).toEqual(['stop a', 'ended a']);
  });
});

describe('back-off', () => {
  const options = {
    intensity: { restartsMax: 100 },
    backoff: { baseMs: 100, factor: 2, capMs: 350, jitter: { kind: 'none' } },
    stableMs: 1_000,
    random: () => 0,
  } as const;
  test('each failure in a row waits longer, up to a cap, and a child that ran long enough begins anew', () => {
    const bench = new Bench('one-for-one', 'a', options).up();
    const waits: (number | undefined)[] = [];
    for (let failure = 0; failure < 4; failure++) {
      bench.exited('a');
      const due = bench.supervisor.deadline!;
      waits.push(due - bench.now);
      expect([bench.tick(due - 1), bench.tick(due)]).toEqual(['', 'start a']);
      bench.started('a');
    }
    bench.now += 1_000;
    bench.exited('a');
    waits.push(bench.supervisor.deadline! - bench.now);
    expect(waits).toEqual([100, 200, 350, 350, 100]);
  });
  test('jitter comes from the random numbers it is given', () => {
    const waitOf = (random: () => number): number => {
      const bench = new Bench('one-for-one', 'a', { ...options, backoff: { baseMs: 100 }, random }).up();
      bench.exited('a');
      return bench.supervisor.deadline! - bench.now;
    };
    expect([waitOf(() => 0.25), waitOf(() => 0.5)]).toEqual([25, 50]);
    expect(() => new Bench('one-for-one', 'a', { backoff: {} })).toThrow(/random/);
  });
  test('without a back-off a restart waits for nothing, whatever random numbers there are', () => {
    const bench = new Bench('one-for-one', 'a', { random: () => 0.5 }).up();
    expect([bench.exited('a'), bench.supervisor.deadline]).toEqual(['start a', undefined]);
  });
  test('a child that has ended for good holds up nobody’s time', () => {
    const children: ChildSpec[] = [{ id: 'a', restart: 'transient' }, { id: 'b' }];
    const bench = new Bench('rest-for-one', children, options).up();
    bench.exited('a', 'normal');
    bench.exited('b');
    expect([bench.supervisor.deadline, bench.tick(100)]).toEqual([100, 'start b']);
  });
  test('one for one: others are restarted meanwhile; rest for one: those after it wait, without a deadline of their own', () => {
    const one = new Bench('one-for-one', 'ab', options).up();
    one.exited('a');
    one.now = 50;
    one.exited('b');
    expect([one.tick(99), one.tick(100), one.tick(150)]).toEqual(['', 'start a', 'start b']);
    const rest = new Bench('rest-for-one', 'ab', options).up();
    expect([rest.exited('a'), rest.supervisor.deadline]).toEqual(['stop b', 5_000]);
    expect([rest.exited('b'), rest.supervisor.deadline, rest.tick(100)]).toEqual(['', 100, 'start a']);
    expect(rest.supervisor.deadline).toBeUndefined();
  });
});

describe('children that come and go', () => {
  test('one more is started after the others, and is not there when that fails', () => {
    const bench = new Bench('one-for-one', 'a', { childrenMax: 2 }).up();
    expect([bench.step({ kind: 'add', spec: { id: 'b' } }), bench.started('b')]).toEqual(['start b', '']);
    expect(bench.step({ kind: 'add', spec: { id: 'c' } })).toBe('c full');
    expect([bench.step({ kind: 'remove', child: 'b' }), bench.exited('b')]).toEqual(['stop b', 'ended b']);
    expect([bench.step({ kind: 'add', spec: { id: 'c' } }), bench.startFailed('c')]).toEqual([
      'start c',
      'c start-failed',
    ]);
    expect(bench.supervisor.children.map(({ id }) => id)).toEqual(['a']);
  });
  test('one that comes too late is not added, one that comes early is started with the others', () => {
    const bench = new Bench('one-for-one', 'a');
    bench.step({ kind: 'add', spec: { id: 'b' } });
    expect([bench.step({ kind: 'start' }), bench.started('a'), bench.started('b')]).toEqual([
      'start a',
      'start b',
      'up',
    ]);
    expect([bench.step({ kind: 'stop' }), bench.step({ kind: 'add', spec: { id: 'c' } })]).toEqual([
      'stop b',
      'c ended',
    ]);
    bench.exited('b');
    bench.exited('a');
    expect([bench.supervisor.phase, bench.step({ kind: 'add', spec: { id: 'c' } })]).toEqual(['down', 'c ended']);
  });
  test('once started, one that was added is restarted like the others', () => {
    const bench = new Bench('one-for-one', '', { intensity: { restartsMax: 9 } }).up();
    bench.step({ kind: 'add', spec: { id: 'b' } });
    bench.started('b');
    expect([bench.exited('b'), bench.startFailed('b')]).toEqual(['start b', 'start b']);
  });
  test('wrong use is named', () => {
    expect(() => new Bench('one-for-one', 'aa')).toThrow(/ids are unique/);
    expect(() => new Bench('one-for-one', 'ab', { childrenMax: 1 })).toThrow(/at most 1/);
    expect(() => new Bench('one-for-one', 'a').up().step({ kind: 'start' })).toThrow(/once/);
  });
});
