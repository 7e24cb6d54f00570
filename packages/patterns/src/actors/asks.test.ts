import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { type AskEffect, type AskInput, Asks, type AsksOptions, deadlineOnArrival } from './index.ts';
import { same } from './same.fixture.ts';

type Input = AskInput<string, string, string>;
type Effect = AskEffect<string, string, string>;

const asking = (options?: AsksOptions) => {
  const asks = new Asks<string, string, string>(options);
  const step = (ms: number, input: Input): Effect[] => {
    const out: Effect[] = [];
    asks.step(input, Instant.of(ms), out);
    return out;
  };
  const ask = (ms: number, tag: string, timeoutMs: number, callerDeadline?: number): Effect[] =>
    step(ms, {
      kind: 'ask',
      to: 'b',
      message: '?',
      tag,
      timeoutMs,
      callerDeadline: callerDeadline === undefined ? undefined : Instant.of(callerDeadline),
    });
  return { asks, step, ask };
};
const failed = (tag: string, outcome: string, why: string) => ({ kind: 'failed', tag, failure: { outcome, why } });

describe('a question', () => {
  test('gets the answer that belongs to it, whatever the order', () => {
    const { asks, step, ask } = asking();
    expect(ask(0, 'x', 100)).toEqual([{ kind: 'send', id: 1, to: 'b', message: '?', deadline: 100, remainingMs: 100 }]);
    ask(0, 'y', 100);
    expect(step(1, { kind: 'reply', id: 2, reply: 'for y' })).toEqual([{ kind: 'answered', tag: 'y', reply: 'for y' }]);
    expect(step(2, { kind: 'reply', id: 1, reply: 'for x' })).toEqual([{ kind: 'answered', tag: 'x', reply: 'for x' }]);
    expect([asks.size, asks.deadline]).toEqual([0, undefined]);
  });
  test('that is not answered in time has an unknown outcome, and its late answer is counted and ignored', () => {
    const { asks, step, ask } = asking();
    ask(0, 'x', 100);
    expect([step(99, { kind: 'tick' }), asks.deadline]).toEqual([[], 100]);
    expect(step(100, { kind: 'tick' })).toEqual([failed('x', 'unknown', 'timed-out')]);
    expect(step(101, { kind: 'reply', id: 1, reply: 'late' })).toEqual([]);
    expect(asks.counts).toEqual({ asked: 1, answered: 0, failed: 1, late: 1 });
  });
  test('answered twice is answered once', () => {
    const { asks, step, ask } = asking();
    ask(0, 'x', 100);
    step(1, { kind: 'reply', id: 1, reply: 'a' });
    expect([step(2, { kind: 'reply', id: 1, reply: 'b' }), asks.counts.late]).toEqual([[], 1]);
  });
  test('that was refused has certainly not been carried out', () => {
    const { step, ask } = asking();
    ask(0, 'x', 100);
    expect(step(1, { kind: 'refused', id: 1, why: 'mailbox full' })).toEqual([
      { kind: 'failed', tag: 'x', failure: { outcome: 'not-applied', why: 'refused', because: 'mailbox full' } },
    ]);
  });
  test('to somebody who is lost, or of somebody who is gone, has an unknown outcome', () => {
    const { asks, step, ask } = asking();
    for (const tag of ['x', 'y', 'z']) ask(0, tag, 100);
    step(0, { kind: 'ask', to: 'c', message: '?', tag: 'to c', timeoutMs: 100 });
    expect([step(1, { kind: 'cancel', id: 1 }), step(1, { kind: 'cancel', id: 1 })]).toEqual([
      [failed('x', 'unknown', 'cancelled')],
      [],
    ]);
    expect(step(1, { kind: 'lost', to: 'b' })).toEqual([
      failed('y', 'unknown', 'lost'),
      failed('z', 'unknown', 'lost'),
    ]);
    expect([asks.size, asks.counts.late]).toEqual([1, 0]);
  });
  test('is not even sent when there is no time for it, or too many wait', () => {
    const { ask } = asking({ waitingMax: 1, marginMs: 5 });
    expect([ask(10, 'x', 5), ask(10, 'y', 100, 15), ask(10, 'z', Number.NaN)]).toEqual(
      ['x', 'y', 'z'].map((tag) => [failed(tag, 'not-applied', 'no-time-left')]),
    );
    expect(ask(10, 'w', 6)).toMatchObject([{ kind: 'send', id: 1 }]);
    expect(ask(10, 'v', 6)).toEqual([failed('v', 'not-applied', 'too-many')]);
    expect(() => asking({ waitingMax: 0 })).toThrow(/waitingMax/);
    expect(() => asking({ marginMs: -1 })).toThrow(/marginMs/);
  });
});

test('along a chain of calls no deadline is later than the caller’s, as long as no way takes longer than the margin', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ timeoutMs: fc.nat(50), workMs: fc.nat(8), wayMs: fc.nat(3), skewMs: fc.nat(1000) }), {
        minLength: 1,
        maxLength: 8,
      }),
      (hops) => {
        // Times are of one clock that nobody has; each hop sees it with a skew of its own.
        let now = 0;
        let callerDeadline = Number.POSITIVE_INFINITY;
        for (const { timeoutMs, workMs, wayMs, skewMs } of hops) {
          now += workMs;
          const { ask } = asking({ marginMs: 3 });
          const [effect] = ask(now + skewMs, 'x', timeoutMs, callerDeadline + skewMs);
          if (effect?.kind !== 'send') return;
          same(effect.deadline - skewMs <= Math.min(callerDeadline, now + timeoutMs), true);
          now += wayMs;
          const deadline = deadlineOnArrival(Instant.of(now), effect.remainingMs);
          same(deadline <= effect.deadline - skewMs, true);
          callerDeadline = deadline;
        }
      },
    ),
    { numRuns: 500, seed: 8 },
  );
});

test('whatever happens, each question ends once and only once', () => {
  const move = fc.record({
    kind: fc.constantFrom('ask', 'ask', 'reply', 'refused', 'cancel', 'lost', 'tick'),
    id: fc.nat(6),
    ms: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const { asks, step } = asking({ waitingMax: 3 });
      const ended = new Map<string, number>();
      const note = (effects: Effect[]): void => {
        for (const effect of effects)
          if (effect.kind !== 'send') ended.set(effect.tag, (ended.get(effect.tag) ?? 0) + 1);
      };
      let now = 0;
      let asked = 0;
      for (const { kind, id, ms } of moves) {
        now += ms;
        if (kind === 'ask') {
          asked += 1;
          note(step(now, { kind, to: `${id % 2}`, message: '?', tag: `${asked}`, timeoutMs: ms * 2 }));
        } else if (kind === 'reply') note(step(now, { kind, id, reply: '!' }));
        else if (kind === 'refused') note(step(now, { kind, id, why: 'full' }));
        else if (kind === 'lost') note(step(now, { kind, to: `${id % 2}` }));
        else if (kind === 'cancel') note(step(now, { kind, id }));
        else note(step(now, { kind: 'tick' }));
        const { answered, failed: unanswered } = asks.counts;
        same([ended.size, answered + unanswered], [asked - asks.size, asked - asks.size]);
      }
      note(step(1e6, { kind: 'tick' }));
      same([[...ended.values()].every((times) => times === 1), ended.size, asks.size], [true, asked, 0]);
    }),
    { numRuns: 500, seed: 9 },
  );
});
