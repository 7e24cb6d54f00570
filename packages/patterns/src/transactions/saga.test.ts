import { describe, expect, test } from 'vitest';
import { resumeSaga, runSaga, type SagaEnd, SagaPlan, type SagaPlanOptions, settleSaga } from './index.ts';
import { type Behaviour, MemorySagaLog, Services, stepsOf } from './saga.fixture.ts';

class Bench {
  readonly services = new Services();
  readonly log = new MemorySagaLog<string, string>();
  readonly pauses: number[] = [];
  readonly world = {
    log: this.log,
    pause: async (starts: number): Promise<void> => void this.pauses.push(starts),
  };
  readonly plan: SagaPlan<string, string>;

  constructor(behaviours: Record<string, Behaviour[]> = {}, kinds = 'ccprr', options: SagaPlanOptions = {}) {
    for (const [name, list] of Object.entries(behaviours)) this.services.behaviours.set(name, list);
    this.plan = new SagaPlan(stepsOf(this.services, kinds), { attemptsMax: 2, insistMax: 3, ...options });
  }

  run(isCancelled: () => boolean = () => false): Promise<SagaEnd<string>> {
    return runSaga(this.plan, this.world, { id: 's', input: 'in', isCancelled });
  }

  get effects(): string {
    return this.services.effects.join(' ');
  }

  kinds(): string[] {
    return this.log.records.map((r) =>
      'step' in r ? `${r.kind} ${'direction' in r && r.direction === 'back' ? '-' : ''}${r.step}` : r.kind,
    );
  }
}

describe('a saga (Garcia-Molina and Salem 1987)', () => {
  test('does its steps in order, writes each down before and after, and hands on what they returned', async () => {
    const bench = new Bench({}, 'cpr');
    expect(await bench.run()).toEqual({
      kind: 'completed',
      results: new Map([
        ['c0', 'c0!'],
        ['p1', 'p1!'],
        ['r2', 'r2!'],
      ]),
    });
    expect(bench.effects).toBe('c0 p1 r2');
    expect(bench.kinds()).toEqual([
      'begun',
      'started c0',
      'done c0',
      'started p1',
      'done p1',
      'started r2',
      'done r2',
      'ended',
    ]);
  });
  test('undoes what was done, last first, when a step is refused', async () => {
    const bench = new Bench({ p2: ['refused'] });
    expect(await bench.run()).toEqual({ kind: 'compensated', why: 'p2 is refused' });
    expect(bench.effects).toBe('c0 c1 -c1 -c0');
  });
  test('does nothing more when it is run again after its end', async () => {
    const bench = new Bench({ c1: ['refused'] });
    const end = await bench.run();
    const { length } = bench.log.records;
    expect([await bench.run(), bench.log.records.length]).toEqual([end, length]);
  });
  test('after the pivot undoes nothing, and tries again', async () => {
    const bench = new Bench({ r3: ['busy', 'lost-request'] });
    expect((await bench.run()).kind).toBe('completed');
    expect(bench.effects).toBe('c0 c1 p2 r3 r4');
    expect(bench.pauses).toEqual([1, 2]);
  });
  test('without a pivot, and without any step, has its end', async () => {
    const [both, none] = [new Bench({}, 'ccr'), new Bench({}, '')];
    expect([(await both.run()).kind, both.effects, (await none.run()).kind]).toEqual([
      'completed',
      'c0 c1 r2',
      'completed',
    ]);
  });
});

describe('idempotency keys', () => {
  test('an attempt whose outcome is unknown is repeated under the same key', async () => {
    const bench = new Bench({ c0: ['lost-answer'] }, 'c');
    expect((await bench.run()).kind).toBe('completed');
    expect([bench.effects, bench.services.calls]).toEqual(['c0', ['s/c0/forward/1', 's/c0/forward/1']]);
  });
  test('one that certainly had no effect is followed by one under another key, so that a stored refusal is not answered again', async () => {
    const bench = new Bench({ c0: ['busy'] }, 'c');
    expect((await bench.run()).kind).toBe('completed');
    expect(bench.services.calls).toEqual(['s/c0/forward/1', 's/c0/forward/2']);
  });
  test('that a repetition was turned away does not mean that nothing has happened', async () => {
    const bench = new Bench({ c0: ['lost-answer', 'busy'], c1: ['refused'] }, 'cc', { attemptsMax: 3 });
    expect((await bench.run()).kind).toBe('compensated');
    expect(bench.services.calls.slice(0, 3)).toEqual(Array(3).fill('s/c0/forward/1'));
    expect(bench.effects).toBe('c0 -c0');
  });
  test('a step whose outcome stays unknown is undone too, and told which attempt that means', async () => {
    for (const lost of ['lost-request', 'lost-answer'] as const) {
      const bench = new Bench({ c1: ['busy', lost, lost] }, 'cc', { attemptsMax: 3 });
      expect((await bench.run()).kind).toBe('compensated');
      expect(bench.effects).toBe(lost === 'lost-answer' ? 'c0 c1 -c1 -c0' : 'c0 -c0');
      // What was lost on its way and arrives after all is without effect.
      await expect(bench.services.do('c1', 's/c1/forward/2')).rejects.toThrow('cancelled');
    }
  });
});

describe('a saga is stuck', () => {
  test('at a pivot whose outcome stays unknown: neither on nor back is safe', async () => {
    const bench = new Bench({ p2: ['lost-answer', 'lost-answer'] });
    const stuck = { kind: 'stuck', step: 'p2', direction: 'forward', why: 'p2 did not answer' };
    expect(await bench.run()).toEqual(stuck);
    expect(await bench.run()).toEqual(stuck);
    expect(await resumeSaga(bench.world, 's')).toBe(true);
    expect((await bench.run()).kind).toBe('completed');
    expect(bench.effects).toBe('c0 c1 p2 r3 r4');
  });
  test('at a compensation that goes on failing, and goes on from there when it is resumed', async () => {
    const bench = new Bench({ p2: ['refused'], '-c1': ['busy', 'busy', 'busy'] });
    expect(await bench.run()).toMatchObject({ kind: 'stuck', step: 'c1', direction: 'back' });
    expect(bench.effects).toBe('c0 c1');
    await resumeSaga(bench.world, 's');
    expect((await bench.run()).kind).toBe('compensated');
    expect(bench.effects).toBe('c0 c1 -c1 -c0');
  });
  test('at a step after the pivot that is refused: it must not be undone, and trying again does not help', async () => {
    const bench = new Bench({ r3: ['refused'] });
    expect(await bench.run()).toMatchObject({ kind: 'stuck', step: 'r3', direction: 'forward' });
    expect(bench.effects).toBe('c0 c1 p2');
  });
  test('until somebody says what has become of it', async () => {
    const stuck = async (): Promise<Bench> => {
      const bench = new Bench({ p2: ['lost-request', 'lost-request'] });
      await bench.run();
      return bench;
    };
    const [applied, not] = [await stuck(), await stuck()];
    expect(await settleSaga(applied.plan, applied.world, 's', { kind: 'applied', result: 'by hand' })).toBe(true);
    const end = await applied.run();
    expect(end.kind === 'completed' && end.results.get('p2')).toBe('by hand');
    await settleSaga(not.plan, not.world, 's', { kind: 'not-applied', why: 'looked it up' });
    expect(await not.run()).toEqual({ kind: 'compensated', why: 'looked it up' });
    expect(not.effects).toBe('c0 c1 -c1 -c0');
    expect(await settleSaga(not.plan, not.world, 's', { kind: 'applied', result: '' })).toBe(false);
    expect(await resumeSaga(not.world, 's')).toBe(false);
  });
  test('a compensation that was done by hand', async () => {
    const bench = new Bench({ p2: ['refused'], '-c1': ['refused'] });
    await bench.run();
    await settleSaga(bench.plan, bench.world, 's', { kind: 'applied', result: '' });
    expect(await bench.run()).toEqual({ kind: 'compensated', why: 'p2 is refused' });
    expect(bench.effects).toBe('c0 c1 -c0');
  });
});

describe('cancelling', () => {
  test('turns back at any step up to the pivot, and not after it', async () => {
    for (const [count, effects, kind] of [
      [1, 'c0 -c0', 'compensated'],
      [2, 'c0 c1 -c1 -c0', 'compensated'],
      [3, 'c0 c1 p2 r3 r4', 'completed'],
    ] as const) {
      const bench = new Bench();
      expect((await bench.run(() => bench.services.effects.length >= count)).kind).toBe(kind);
      expect(bench.effects).toBe(effects);
    }
  });
  test('a pivot that was started and has no known outcome is not turned back from', async () => {
    const bench = new Bench({ p2: ['lost-answer'] });
    expect((await bench.run(() => bench.services.calls.length >= 3)).kind).toBe('completed');
  });
});

test('of two runs of one saga, one goes on, and every effect is there once', async () => {
  const bench = new Bench();
  const ends = await Promise.all([bench.run(), bench.run(), bench.run()]);
  expect(ends.map(({ kind }) => kind).sort()).toEqual(['completed', 'superseded', 'superseded']);
  expect(bench.effects).toBe('c0 c1 p2 r3 r4');
});

test('a plan has its steps in order, each with a name, and keeps those that logs speak of', async () => {
  const services = new Services();
  for (const kinds of ['pc', 'rc', 'pp', 'rp']) expect(() => new SagaPlan(stepsOf(services, kinds))).toThrow(/order/);
  const [step] = stepsOf(services, 'c');
  expect(() => new SagaPlan([step!, step!])).toThrow(/name/);
  expect(() => new SagaPlan([], { attemptsMax: 0 })).toThrow(/attemptsMax/);
  expect(() => new SagaPlan([], { insistMax: 0 })).toThrow(/insistMax/);
  const bench = new Bench({ p2: ['refused'] });
  await bench.run();
  bench.log.records.length = bench.kinds().indexOf('turned') + 1;
  const other = new SagaPlan(stepsOf(services, 'c'));
  await expect(runSaga(other, bench.world, { id: 's', input: '' })).rejects.toThrow(/no step "c1"/);
});

test('whatever a step throws, also nothing, is an outcome that is not known, and no end of the run', async () => {
  for (const thrown of [undefined, null, 'text', 7]) {
    const log = new MemorySagaLog<string, string>();
    const step = { kind: 'pivot', name: 'p', run: () => Promise.reject(thrown) } as const;
    const plan = new SagaPlan<string, string>([step], { attemptsMax: 1 });
    expect(await runSaga(plan, { log, pause: async () => {} }, { id: 's', input: 'in' })).toMatchObject({
      kind: 'stuck',
      step: 'p',
      why: String(thrown),
    });
  }
});

test('names that could make one idempotency key of two, and bounds that are none, are refused', () => {
  const step = (name: string, attemptsMax?: number) =>
    ({ kind: 'pivot', name, run: async () => '', ...(attemptsMax !== undefined && { attemptsMax }) }) as const;
  expect(() => new SagaPlan([step('b/c')])).toThrow('the name of a step must not contain "/", as "b/c" does');
  for (const max of [0, Number.NaN])
    expect(() => new SagaPlan([step('b', max)])).toThrow(`attemptsMax of step "b" must be >= 1, not ${max}`);
});
