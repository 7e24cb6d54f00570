import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  type ActorOptions,
  type CallChain,
  type TurnEffect,
  type TurnInput,
  TurnScheduler,
  type TurnSchedulerOptions,
} from './index.ts';

type Input = TurnInput<string, string>;
type Begun = TurnEffect<string, string> & { readonly kind: 'turn' };

class Bench {
  readonly turns: TurnScheduler<string, string>;
  now = 0;
  /** The handlers being called or waiting, the latest last. */
  readonly begun: Begun[] = [];

  constructor(options: Partial<TurnSchedulerOptions> = {}) {
    this.turns = new TurnScheduler({ name: 'n1', ...options });
  }

  spawn(names: string, options: ActorOptions = {}): this {
    for (const actor of names) this.step({ kind: 'spawn', actor, options });
    return this;
  }

  /** What comes out, in short. */
  step(input: Input): string[] {
    const out: TurnEffect<string, string>[] = [];
    this.turns.step(input, Instant.of(this.now), out);
    return out.map((effect) => {
      if (effect.kind === 'turn') {
        this.begun.push(effect);
        return `${effect.actor} ${effect.message}`;
      }
      if (effect.kind === 'rejected') return `${effect.message} ${effect.rejection.why}`;
      return 'signal' in effect ? `${effect.actor} ${effect.kind} ${effect.signal}` : `${effect.actor} ${effect.kind}`;
    });
  }

  tell(actor: string, message: string, more: { chain?: CallChain; priority?: number; deadline?: Instant } = {}) {
    return this.step({ kind: 'tell', actor, message, ...more });
  }

  end(kind: 'finished' | 'failed' | 'stash' | 'waits', message: string): string[] {
    const { turn } = this.begun.findLast((one) => one.message === message)!;
    return this.step({ kind, turn });
  }

  /** Handles everything that is ready, one after the other; says what was handled. */
  run(): string[] {
    const handled: string[] = [];
    while (this.begun.length > 0) {
      const { turn, message } = this.begun.shift()!;
      handled.push(message);
      this.step({ kind: 'finished', turn });
    }
    return handled;
  }
}

describe('one message at a time', () => {
  test('the next message begins when the one before has ended, also if that waited in between', () => {
    const bench = new Bench().spawn('a');
    expect([bench.tell('a', '1'), bench.tell('a', '2')]).toEqual([['a 1'], []]);
    expect([bench.end('waits', '1'), bench.tell('a', '3'), bench.turns.underWay('a')]).toEqual([[], [], 1]);
    expect([bench.end('finished', '1'), bench.end('finished', '2')]).toEqual([['a 2'], ['a 3']]);
  });
  test('while one waits the others go on, but no two handlers are called at once', () => {
    const bench = new Bench().spawn('ab');
    expect([bench.tell('a', '1'), bench.tell('b', '2')]).toEqual([['a 1'], []]);
    expect([bench.end('waits', '1'), bench.end('finished', '1')]).toEqual([['b 2'], []]);
  });
  test('system messages come first, but not in the middle of a turn', () => {
    const bench = new Bench().spawn('a');
    bench.tell('a', '1');
    bench.tell('a', '2');
    expect(bench.step({ kind: 'signal', actor: 'a', signal: 'reload' })).toEqual([]);
    expect(bench.end('finished', '1')).toEqual(['a signal reload']);
  });
  test('who expects a certain message stashes the others, and gets them back first', () => {
    const bench = new Bench().spawn('a');
    bench.tell('a', 'early');
    bench.tell('a', 'opened');
    expect(bench.end('stash', 'early')).toEqual(['a opened']);
    bench.tell('a', 'late');
    bench.step({ kind: 'unstash', actor: 'a' });
    expect(bench.end('finished', 'opened')).toEqual(['a early']);
    expect(bench.end('finished', 'early')).toEqual(['a late']);
  });
  test('a full stash hands the message back', () => {
    const bench = new Bench().spawn('a', { mailbox: { stashMax: 0 } });
    bench.tell('a', '1');
    expect(bench.end('stash', '1')).toEqual(['1 stash-full']);
  });
});

describe('fairness', () => {
  const flood = (throughput: number): string => {
    const bench = new Bench({ throughput }).spawn('abc');
    for (const actor of 'abc') for (let i = 0; i < 4; i++) bench.tell(actor, actor);
    return bench.run().join('');
  };
  test('an actor takes as many turns in a row as it may, then the others have theirs', () => {
    expect([flood(1), flood(2), flood(100)]).toEqual(['abcabcabcabc', 'aabbccaabbcc', 'aaaabbbbcccc']);
  });
  test('who waits gives up its place', () => {
    const bench = new Bench({ throughput: 10 }).spawn('ab');
    for (const actor of 'aab') bench.tell(actor, actor);
    expect([bench.end('waits', 'a'), bench.end('finished', 'a'), bench.end('finished', 'b')]).toEqual([
      ['b b'],
      [],
      ['a a'],
    ]);
  });
  test('who has waited in between begins its turns in a row anew, and so does the next', () => {
    const bench = new Bench({ throughput: 2 }).spawn('ab', { reentrancy: 'always' });
    bench.tell('a', 'a1');
    for (const message of ['b1', 'b2', 'b3']) bench.tell('b', message);
    bench.tell('a', 'a2');
    bench.tell('a', 'a3');
    expect([bench.end('waits', 'a1'), bench.run()]).toEqual([['b b1'], ['a1', 'b1', 'b2', 'a2', 'a3', 'b3']]);
  });
  test('who is in line when the kernel pauses stands there once', () => {
    const bench = new Bench({ turnsPerTick: 1, throughput: 3 }).spawn('ab');
    for (const message of ['a1', 'a2']) bench.tell('a', message);
    bench.tell('b', 'b1');
    bench.end('finished', 'a1');
    for (const message of ['a3', 'a4', 'a5']) bench.tell('a', message);
    const order: string[] = [];
    for (let tick = 0; tick < 5; tick++) {
      order.push(...bench.step({ kind: 'tick' }));
      bench.step({ kind: 'finished', turn: tick + 2 });
    }
    expect(order).toEqual(['a a2', 'a a3', 'b b1', 'a a4', 'a a5']);
  });
  test('after so many turns nothing begins before the next tick', () => {
    const bench = new Bench({ turnsPerTick: 3 }).spawn('a');
    bench.now = 7;
    for (let i = 0; i < 5; i++) bench.tell('a', `${i}`);
    expect([bench.run(), bench.turns.deadline]).toEqual([['0', '1', '2'], 7]);
    expect(bench.step({ kind: 'tick' })).toEqual(['a 3']);
    expect([bench.run(), bench.turns.deadline]).toEqual([['3', '4'], undefined]);
  });
});

describe('a call that comes back', () => {
  /** `a` has called `b`, and both wait. */
  const nested = (options: ActorOptions): { bench: Bench; chain: CallChain } => {
    const bench = new Bench().spawn('ab', options);
    bench.tell('a', '1');
    bench.end('waits', '1');
    bench.tell('b', '2', { chain: bench.begun[0]!.chain });
    bench.end('waits', '2');
    return { bench, chain: bench.begun[1]!.chain };
  };
  test('is refused at once, with the circle named, when the actor is not reentrant', () => {
    const { bench, chain } = nested({});
    const out: TurnEffect<string, string>[] = [];
    bench.turns.step({ kind: 'tell', actor: 'a', message: '3', chain }, Instant.of(0), out);
    const rejection = { why: 'deadlock', circle: ['a', 'b', 'a'] };
    expect(out).toEqual([{ kind: 'rejected', actor: 'a', message: '3', rejection }]);
  });
  test('is refused when it is to the caller itself', () => {
    const { bench, chain } = nested({});
    const out: TurnEffect<string, string>[] = [];
    bench.turns.step({ kind: 'tell', actor: 'b', message: '3', chain }, Instant.of(0), out);
    expect(out).toMatchObject([{ rejection: { why: 'deadlock', circle: ['b', 'b'] } }]);
  });
  test('is let in before all that waits when the actor is reentrant in call chains, and nothing else is', () => {
    const { bench, chain } = nested({ reentrancy: 'call-chain' });
    expect([bench.tell('a', 'of another'), bench.tell('a', '3', { chain })]).toEqual([[], ['a 3']]);
    expect([bench.end('finished', '3'), bench.end('finished', '2')]).toEqual([[], []]);
    expect(bench.end('finished', '1')).toEqual(['a of another']);
  });
  test('when the actor is always reentrant, anything is let in', () => {
    const { bench, chain } = nested({ reentrancy: 'always' });
    expect(bench.tell('a', 'of another')).toEqual(['a of another']);
    bench.end('waits', 'of another');
    expect(bench.tell('a', '3', { chain })).toEqual(['a 3']);
  });
  test('waits like any other when the turn that called has given up meanwhile', () => {
    const { bench, chain } = nested({});
    bench.end('finished', '1');
    bench.tell('a', 'another');
    bench.end('waits', 'another');
    expect(bench.tell('a', '3', { chain })).toEqual([]);
    expect(bench.end('finished', 'another')).toEqual(['a 3']);
  });
  test('waits like any other when the turn that called gives up before it could begin', () => {
    const { bench, chain } = nested({ reentrancy: 'call-chain' });
    bench.tell('a', 'x', { chain });
    // From another branch of the same chain, while `x` runs.
    bench.tell('a', 'y', { chain: [...chain.slice(0, 1), { scheduler: 'n1', actor: 'c', turn: 99 }] });
    bench.end('finished', '1');
    expect([bench.end('waits', 'x'), bench.end('finished', 'x')]).toEqual([[], ['a y']]);
  });
  test('is not confused with the same actor and turn of another scheduler', () => {
    const { bench } = nested({});
    expect(bench.tell('a', '3', { chain: [{ scheduler: 'n2', actor: 'a', turn: 1 }] })).toEqual([]);
  });
  test('a branch of the same chain that does not wait for the actor is queued, not refused', () => {
    const bench = new Bench().spawn('abcd');
    bench.tell('a', '1');
    bench.end('waits', '1');
    const { chain } = bench.begun[0]!;
    for (const actor of 'bc') {
      bench.tell(actor, actor, { chain });
      bench.end('waits', actor);
    }
    bench.tell('d', 'from b', { chain: bench.begun[1]!.chain });
    bench.end('waits', 'from b');
    expect(bench.tell('d', 'from c', { chain: bench.begun[2]!.chain })).toEqual([]);
    expect(bench.end('finished', 'from b')).toEqual(['d from c']);
  });
  test('a chain has a greatest length, and an actor a greatest number of turns under way', () => {
    const bench = new Bench({ depthMax: 2, interleavedMax: 2 }).spawn('a', { reentrancy: 'always' });
    for (const [message, depth] of [
      ['1', 0],
      ['2', 1],
    ] as const) {
      bench.tell('a', message, { chain: bench.begun[0]?.chain.slice(0, depth) ?? [] });
      bench.end('waits', message);
    }
    expect(bench.tell('a', 'deeper', { chain: bench.begun[1]!.chain })).toEqual(['deeper too-deep']);
    expect(bench.tell('a', 'wider', { chain: bench.begun[0]!.chain })).toEqual(['wider too-deep']);
    expect(bench.tell('a', 'later')).toEqual([]);
    expect(bench.end('finished', '2')).toEqual(['a later']);
  });
});

describe('what a message in a mailbox waits for', () => {
  test('the turns of its actor that are under way', () => {
    const bench = new Bench().spawn('ab');
    expect([bench.turns.blockers('a'), bench.turns.blockers('z')]).toEqual([[], []]);
    bench.tell('a', '1');
    expect(bench.turns.blockers('a')).toEqual([1]);
  });
  test('none of them, when it may begin all the same', () => {
    const bench = new Bench({ interleavedMax: 2 }).spawn('a', { reentrancy: 'call-chain' });
    bench.spawn('b', { reentrancy: 'always' });
    bench.tell('a', '1');
    expect([bench.turns.blockers('a', bench.begun[0]!.chain), bench.turns.blockers('a')]).toEqual([[], [1]]);
    bench.end('waits', '1');
    for (const [message, blockers] of [
      ['2', []],
      ['3', [2, 3]],
    ] as const) {
      bench.tell('b', message);
      bench.end('waits', message);
      expect(bench.turns.blockers('b')).toEqual(blockers);
    }
  });
});

describe('what is not handled', () => {
  test('is handed back with the reason', () => {
    const bench = new Bench().spawn('a', { mailbox: { messagesMax: 1 } });
    expect(bench.tell('z', '0')).toEqual(['0 unknown-actor']);
    bench.tell('a', '1');
    expect([bench.tell('a', '2'), bench.tell('a', '3')]).toEqual([[], ['3 refused']]);
    expect(bench.end('finished', '1')).toEqual(['a room', 'a 2']);
    expect(bench.turns.mailboxOf('a')!.counts.refused).toBe(1);
  });
  test('is handed back when it made room for another', () => {
    const bench = new Bench().spawn('a', { mailbox: { messagesMax: 1, overflow: 'drop-oldest' } });
    bench.tell('a', '1');
    expect([bench.tell('a', '2'), bench.tell('a', '3'), bench.end('finished', '1')]).toEqual([
      [],
      ['2 dropped'],
      ['a 3'],
    ]);
  });
  test('is handed back when its deadline comes before its turn', () => {
    const bench = new Bench().spawn('a');
    bench.tell('a', '1');
    for (const deadline of [10, 11]) bench.tell('a', `${deadline}`, { deadline: Instant.of(deadline) });
    bench.now = 10;
    expect(bench.end('finished', '1')).toEqual(['10 expired', 'a 11']);
  });
  test('is handed back when the actor stops, after the turns that are under way', () => {
    const bench = new Bench().spawn('a');
    bench.tell('a', '1');
    bench.tell('a', '2');
    bench.step({ kind: 'signal', actor: 'a', signal: 'reload' });
    expect(bench.step({ kind: 'stop', actor: 'a' })).toEqual([]);
    expect([bench.tell('a', '3'), bench.step({ kind: 'signal', actor: 'a', signal: 'x' })]).toEqual([
      ['3 stopped'],
      ['a signal-rejected x'],
    ]);
    expect(bench.end('finished', '1')).toEqual(['a signal-rejected reload', '2 stopped', 'a stopped']);
    expect([bench.turns.size, bench.tell('a', '4')]).toEqual([0, ['4 unknown-actor']]);
    expect(bench.step({ kind: 'signal', actor: 'a', signal: 'x' })).toEqual(['a signal-rejected x']);
  });
  test('is handed back when a reentrant call has not begun before its actor stopped', () => {
    const bench = new Bench().spawn('a', { reentrancy: 'call-chain' });
    bench.tell('a', '1');
    bench.tell('a', 'nested', { chain: bench.begun[0]!.chain });
    bench.step({ kind: 'stop', actor: 'a' });
    expect(bench.end('finished', '1')).toEqual(['nested stopped', 'a stopped']);
  });
});

describe('a suspended actor', () => {
  test('after a failure handles nothing but system messages until it is resumed, and keeps its mailbox', () => {
    const bench = new Bench().spawn('a');
    for (const message of ['1', '2']) bench.tell('a', message);
    expect(bench.end('failed', '1')).toEqual([]);
    expect(bench.step({ kind: 'signal', actor: 'a', signal: 'restart' })).toEqual(['a signal restart']);
    bench.step({ kind: 'finished', turn: 2 });
    expect(bench.step({ kind: 'resume', actor: 'a' })).toEqual(['a 2']);
  });
  test('can be stopped', () => {
    const bench = new Bench().spawn('a');
    bench.step({ kind: 'suspend', actor: 'a' });
    bench.tell('a', '1');
    expect(bench.step({ kind: 'stop', actor: 'a' })).toEqual(['1 stopped', 'a stopped']);
  });
});

test('wrong use is named', () => {
  const bench = new Bench({ actorsMax: 1 }).spawn('a');
  expect(bench.step({ kind: 'spawn', actor: 'b' })).toEqual(['b not-spawned']);
  expect(() => bench.spawn('a')).toThrow(/actor a exists/);
  expect(() => bench.step({ kind: 'finished', turn: 9 })).toThrow(/turn 9/);
  bench.tell('a', '1');
  bench.end('finished', '1');
  expect(() => bench.end('finished', '1')).toThrow(/turn 1/);
  expect(() => new TurnScheduler({ name: 'n', throughput: 0 })).toThrow(/throughput/);
});
