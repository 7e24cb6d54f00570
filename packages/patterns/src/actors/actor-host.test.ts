import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { partitionOf } from '../partitioning/fixed-partitions.ts';
import { ActorHost, type ActorHostOptions, type HostEffect, type HostInput } from './index.ts';

/** A host that has one partition, of two, and a certain lease. */
class Bench {
  readonly host: ActorHost<string>;
  now = 0;
  readonly #activations = new Map<string, number>();

  constructor(options: Partial<ActorHostOptions> = {}) {
    this.host = new ActorHost({ partitions: 2, leaseMs: 900, marginMs: 100, renewMs: 300, idleMs: 50, ...options });
    this.step({ kind: 'start' });
    this.step({ kind: 'renewed', id: 1 });
    this.step({ kind: 'grant', partition: 0, generation: 5 });
  }

  step(input: HostInput<string>): string[] {
    const out: HostEffect<string>[] = [];
    this.host.step(input, Instant.of(this.now), out);
    return out.map((effect) => {
      if (effect.kind === 'activate') this.#activations.set(effect.actor, effect.activation);
      switch (effect.kind) {
        case 'renew':
          return `renew ${effect.id}`;
        case 'confirmed':
        case 'released':
          return `${effect.kind} ${effect.partition}/${effect.generation}`;
        case 'activate':
          return `activate ${effect.actor} ${effect.fence.partition}/${effect.fence.generation}/${effect.activation}`;
        case 'deliver':
          return `${effect.actor} ${effect.message}`;
        case 'deactivate':
          return `${effect.reason} ${effect.actor}`;
        case 'rejected':
          return `${effect.message} ${effect.why}`;
        default:
          return effect.kind;
      }
    });
  }

  tick(now: number): string[] {
    this.now = now;
    return this.step({ kind: 'tick' });
  }

  tell(actor: string, message: string, deadline?: number): string[] {
    return this.step({
      kind: 'message',
      actor,
      message,
      deadline: deadline === undefined ? undefined : Instant.of(deadline),
    });
  }

  say(kind: 'activated' | 'activation-failed' | 'handled' | 'deactivated', actor: string): string[] {
    return this.step({ kind, actor, activation: this.#activations.get(actor)! });
  }

  /** Awake and idle. */
  awake(...actors: string[]): this {
    for (const actor of actors) {
      this.tell(actor, 'hello');
      this.say('activated', actor);
      this.say('handled', actor);
    }
    return this;
  }
}

const names = Array.from({ length: 40 }, (_, i) => `x${i}`);
const [a, b, c] = names.filter((name) => partitionOf(name, 2) === 0) as [string, string, string];
const [foreign] = names.filter((name) => partitionOf(name, 2) === 1) as [string];

describe('an actor', () => {
  test('is woken by its first message, and gets what comes meanwhile in order', () => {
    const bench = new Bench();
    expect([bench.tell(a, '1'), bench.tell(a, '2')]).toEqual([[`activate ${a} 0/5/1`], []]);
    expect([bench.say('activated', a), bench.tell(a, '3')]).toEqual([[`${a} 1`, `${a} 2`], [`${a} 3`]]);
  });
  test('sleeps after it has had nothing to do for long enough, and wakes as another activation', () => {
    const bench = new Bench().awake(a);
    bench.tell(a, 'work');
    expect([bench.tick(60), bench.host.deadline]).toEqual([[], 300]);
    bench.say('handled', a);
    expect([bench.tick(109), bench.tick(110), bench.tell(a, 'early')]).toEqual([[], [`idle ${a}`], []]);
    expect(bench.say('deactivated', a)).toEqual([`activate ${a} 0/5/2`]);
    expect(bench.say('activated', a)).toEqual([`${a} early`]);
  });
  test('whose state cannot be read hands its messages back', () => {
    const bench = new Bench();
    bench.tell(a, '1');
    expect([bench.say('activation-failed', a), bench.host.awake, bench.host.buffered]).toEqual([
      ['1 not-activated'],
      0,
      0,
    ]);
  });
  test('that ends by itself is woken by the next message', () => {
    const bench = new Bench().awake(a);
    expect([bench.say('deactivated', a), bench.tell(a, '2')]).toEqual([[], [`activate ${a} 0/5/2`]]);
    bench.step({ kind: 'activated', actor: a, activation: 1 });
    expect(bench.say('activated', a)).toEqual([`${a} 2`]);
  });
  test('gets nothing whose deadline has come', () => {
    const bench = new Bench();
    bench.now = 10;
    expect(bench.tell(a, '1', 10)).toEqual(['1 expired']);
    bench.tell(a, '2', 20);
    bench.tell(a, '3', 21);
    bench.now = 20;
    expect(bench.say('activated', a)).toEqual(['2 expired', `${a} 3`]);
  });
});

describe('bounds', () => {
  test('when too many are awake the one that was used longest ago falls asleep, and only then another wakes', () => {
    const bench = new Bench({ actorsMax: 2 }).awake(a);
    bench.now = 5;
    bench.awake(b);
    expect([bench.tell(c, '1'), bench.host.awake]).toEqual([[`evicted ${a}`], 2]);
    expect(bench.say('deactivated', a)).toEqual([`activate ${c} 0/5/3`]);
  });
  test('when all are at work the next one waits until one has done', () => {
    const bench = new Bench({ actorsMax: 1 }).awake(a);
    bench.tell(a, 'work');
    expect([bench.tell(b, '1'), bench.say('handled', a)]).toEqual([[], [`evicted ${a}`]]);
    expect(bench.say('deactivated', a)).toEqual([`activate ${b} 0/5/2`]);
  });
  test('who is called while it falls asleep for another comes back after that one', () => {
    const bench = new Bench({ actorsMax: 1 }).awake(a);
    bench.tell(b, '1');
    bench.tell(a, 'again');
    expect(bench.say('deactivated', a)).toEqual([`activate ${b} 0/5/2`]);
    expect([bench.say('activated', b), bench.say('handled', b)]).toEqual([[`${b} 1`], [`evicted ${b}`]]);
    expect(bench.say('deactivated', b)).toEqual([`activate ${a} 0/5/3`]);
  });
  test('who was waiting for a place and is no more wakes nobody up, and sends nobody to sleep', () => {
    const bench = new Bench({ actorsMax: 1 }).awake(a);
    bench.step({ kind: 'grant', partition: 1, generation: 6 });
    bench.tell(a, 'work');
    expect(bench.tell(foreign, '1')).toEqual([]);
    expect(bench.step({ kind: 'revoke', partition: 1, generation: 6 })).toEqual(['1 moving', 'released 1/6']);
    expect([bench.say('handled', a), bench.host.awake]).toEqual([[], 1]);
  });
  test('messages that wait are bounded', () => {
    const bench = new Bench({ bufferedMax: 2 });
    expect([bench.tell(a, '1'), bench.tell(b, '2'), bench.tell(a, '3'), bench.tell(c, '4')].slice(2)).toEqual([
      ['3 full'],
      ['4 full'],
    ]);
    bench.say('activated', a);
    expect(bench.tell(c, '5')).toEqual([`activate ${c} 0/5/3`]);
  });
});

describe('ownership', () => {
  test('messages for actors of other partitions are handed back', () => {
    expect(new Bench().tell(foreign, '1')).toEqual(['1 not-owner']);
  });
  test('a partition is released when its last actor has finished, and takes no new messages before', () => {
    const bench = new Bench().awake(a);
    bench.tell(b, 'waiting');
    expect(bench.step({ kind: 'revoke', partition: 0, generation: 5 })).toEqual([
      `revoked ${a}`,
      'waiting moving',
      `revoked ${b}`,
    ]);
    expect([bench.tell(a, '1'), bench.say('deactivated', a), bench.say('activated', b)]).toEqual([
      ['1 moving'],
      [],
      [],
    ]);
    expect([bench.say('deactivated', b), bench.tell(a, '2')]).toEqual([['released 0/5'], ['2 not-owner']]);
  });
  test('one that nobody uses is released at once', () => {
    expect(new Bench().step({ kind: 'revoke', partition: 0, generation: 5 })).toEqual(['released 0/5']);
  });
  test('a grant may be repeated, but does not bring back what was released', () => {
    const bench = new Bench();
    expect(bench.step({ kind: 'grant', partition: 0, generation: 5 })).toEqual(['confirmed 0/5']);
    bench.step({ kind: 'revoke', partition: 0, generation: 5 });
    expect([bench.step({ kind: 'grant', partition: 0, generation: 5 }), bench.tell(a, '1')]).toEqual([
      [],
      ['1 not-owner'],
    ]);
    expect(bench.step({ kind: 'grant', partition: 0, generation: 8 })).toEqual(['confirmed 0/8']);
    expect(bench.tell(a, '2')).toEqual([`activate ${a} 0/8/1`]);
    // Late, of before: the newer ownership stays.
    expect([bench.step({ kind: 'revoke', partition: 0, generation: 5 }), bench.tell(a, '3')]).toEqual([
      ['released 0/5'],
      [],
    ]);
  });
  test('what is owned already cannot be granted in another generation', () => {
    const bench = new Bench();
    expect(bench.step({ kind: 'grant', partition: 0, generation: 9 })).toEqual([]);
    expect(bench.tell(a, '1')).toEqual([`activate ${a} 0/5/1`]);
  });
  test('an activation that has ended holds nothing, also while its actor waits to be woken again', () => {
    const bench = new Bench({ actorsMax: 1 }).awake(a);
    bench.tell(b, '1');
    bench.tell(a, 'again');
    bench.say('deactivated', a);
    expect([bench.host.isHeld(a, 1, Instant.of(0)), bench.host.isHeld(b, 2, Instant.of(0))]).toEqual([false, true]);
  });
  test('a revoke that overtakes its grant makes the grant void', () => {
    const bench = new Bench();
    expect(bench.step({ kind: 'revoke', partition: 1, generation: 9 })).toEqual(['released 1/9']);
    expect(bench.step({ kind: 'grant', partition: 1, generation: 9 })).toEqual([]);
  });
});

describe('the lease', () => {
  test('counts from when it was asked for, less the margin, and is renewed in time', () => {
    const bench = new Bench();
    expect([bench.host.deadline, bench.tick(299), bench.tick(300)]).toEqual([300, [], ['renew 2']]);
    bench.now = 600;
    expect(bench.tick(600)).toEqual(['renew 3']);
    bench.step({ kind: 'renewed', id: 2 });
    bench.now = 1_099;
    expect([bench.tell(a, '1'), bench.tick(1_100)]).toEqual([
      [`activate ${a} 0/5/1`],
      ['1 no-lease', `lost ${a}`, 'renew 4'],
    ]);
  });
  test('when it is not certain any more all is lost at once, and comes back with it', () => {
    const bench = new Bench().awake(a);
    bench.now = 799;
    expect(bench.host.isHeld(a, 1, Instant.of(799))).toBe(true);
    expect(bench.host.isHeld(a, 1, Instant.of(800))).toBe(false);
    bench.now = 800;
    expect(bench.tell(a, '1')).toEqual([`lost ${a}`, '1 no-lease']);
    bench.tick(801);
    bench.step({ kind: 'renewed', id: 2 });
    expect([bench.tell(a, '2'), bench.say('deactivated', a)]).toEqual([[], [`activate ${a} 0/5/2`]]);
  });
  test('an answer to an old question counts from that question, and a very old one not at all', () => {
    const bench = new Bench();
    for (const now of [300, 600, 900, 1_200, 1_500]) bench.tick(now);
    bench.step({ kind: 'renewed', id: 2 });
    expect(bench.tell(a, '1')).toEqual(['1 no-lease']);
    bench.step({ kind: 'renewed', id: 4 });
    expect([
      bench.tell(a, '2'),
      bench.host.isHeld(a, 1, Instant.of(1_699)),
      bench.host.isHeld(a, 1, Instant.of(1_700)),
    ]).toEqual([[`activate ${a} 0/5/1`], true, false]);
  });
  test('an answer that comes when its time is over changes nothing', () => {
    const bench = new Bench();
    bench.tick(300);
    bench.now = 2_000;
    bench.tick(2_000);
    expect(bench.step({ kind: 'renewed', id: 2 })).toEqual([]);
    expect([bench.host.deadline, bench.tell(a, '1')]).toEqual([2_300, ['1 no-lease']]);
  });
  test('without options a fifth of the lease is left as a margin, and it is renewed three times', () => {
    const host = new ActorHost<string>({ partitions: 1, leaseMs: 900 });
    host.step({ kind: 'start' }, Instant.of(0), []);
    host.step({ kind: 'renewed', id: 1 }, Instant.of(0), []);
    host.step({ kind: 'grant', partition: 0, generation: 1 }, Instant.of(0), []);
    host.step({ kind: 'message', actor: 'x', message: '1' }, Instant.of(0), []);
    expect([host.deadline, host.isHeld('x', 1, Instant.of(719)), host.isHeld('x', 1, Instant.of(720))]).toEqual([
      300,
      true,
      false,
    ]);
  });
  test('who is lost twice at once is told once, and who is lost while it falls asleep is told', () => {
    const bench = new Bench().awake(a, b);
    bench.step({ kind: 'revoke', partition: 0, generation: 5 });
    bench.now = 800;
    expect(bench.step({ kind: 'unknown-host' })).toEqual([`lost ${a}`, `lost ${b}`, 'excluded']);
  });
  test('who is excluded has lost everything, for good', () => {
    const bench = new Bench().awake(a);
    expect([bench.step({ kind: 'unknown-host' }), bench.host.deadline]).toEqual([[`lost ${a}`, 'excluded'], undefined]);
    bench.step({ kind: 'renewed', id: 1 });
    expect([bench.tell(a, '1'), bench.say('deactivated', a), bench.host.awake]).toEqual([['1 no-lease'], [], 0]);
  });
  test('wrong options are named', () => {
    for (const wrong of [{ marginMs: 0 }, { marginMs: 900 }, { renewMs: 301 }, { actorsMax: 0 }, { bufferedMax: 0 }])
      expect(() => new Bench(wrong)).toThrow(Object.keys(wrong)[0]);
    const bench = new Bench().awake(a);
    expect(() => bench.say('handled', a)).toThrow(/left to be handled/);
  });
});
