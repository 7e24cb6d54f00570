import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { RequestWaitingList, type WaitEnd } from './request-waiting-list.ts';
import { AllOf, QuorumOf, type Verdict, type WaitCondition } from './wait-condition.ts';

const t = Instant.of;
type Ends = WaitEnd<number, string, number>[];
const kinds = (ends: Ends): string[] => ends.splice(0).map(({ kind, id }) => `${kind} ${id}`);

describe('conditions', () => {
  const run = (condition: WaitCondition<string>, said: string): Verdict[] =>
    said.split(' ').map((one) => condition.answered(one[0]!, one[1] === '+'));

  test('a majority of five is met by the third good answer, and impossible after the third bad one', () => {
    expect(run(QuorumOf.majority('abcde'), 'a+ b- c+ d- e+')).toEqual([
      'pending',
      'pending',
      'pending',
      'pending',
      'met',
    ]);
    expect(run(QuorumOf.majority('abcde'), 'a- b- c+ d-')).toEqual(['pending', 'pending', 'pending', 'impossible']);
  });
  test('a node counts once, and a stranger never', () => {
    expect(run(QuorumOf.majority('abc'), 'a+ a+ x+ a- b+')).toEqual([
      'pending',
      'pending',
      'pending',
      'pending',
      'met',
    ]);
  });
  test('an even number needs one more than half', () => {
    expect(run(QuorumOf.majority('abcd'), 'a+ b+ c+')).toEqual(['pending', 'pending', 'met']);
    expect(run(QuorumOf.majority('abcd'), 'a- b-')).toEqual(['pending', 'impossible']);
  });
  test('all of several must be met, and one that cannot be makes it impossible', () => {
    const joint = (): AllOf<string> => new AllOf([QuorumOf.majority('abc'), QuorumOf.majority('cde')]);
    expect(run(joint(), 'a+ b+ c+ d+')).toEqual(['pending', 'pending', 'pending', 'met']);
    expect(run(joint(), 'a+ c+ d+')).toEqual(['pending', 'pending', 'met']);
    expect(run(joint(), 'a+ b+ d- e-')).toEqual(['pending', 'pending', 'pending', 'impossible']);
  });
  test('a quorum of more nodes than there are is refused', () => {
    expect(() => new QuorumOf('abc', 4)).toThrow('needed must be from 1 to the number of nodes (3)');
  });
});

describe('a request waiting list', () => {
  test('ends a request when enough have answered, with their answers, and ignores the later ones', () => {
    const list = new RequestWaitingList<number, string, number>();
    const ends: Ends = [];
    list.add(1, QuorumOf.majority('abc'), 100, t(0));
    list.answer(1, 'a', true, 10, ends);
    list.answer(1, 'a', true, 11, ends);
    expect(ends).toEqual([]);
    list.answer(1, 'c', true, 30, ends);
    list.answer(1, 'b', true, 20, ends);
    expect(ends).toEqual([
      {
        kind: 'met',
        id: 1,
        answers: [
          { from: 'a', isGood: true, value: 10 },
          { from: 'c', isGood: true, value: 30 },
        ],
      },
    ]);
    expect([list.size, list.deadline]).toEqual([0, undefined]);
  });

  test('ends requests at their own times, earliest first', () => {
    const list = new RequestWaitingList<number, string, number>();
    const ends: Ends = [];
    for (const [id, timeoutMs] of [
      [1, 300],
      [2, 100],
      [3, 200],
    ] as const)
      list.add(id, QuorumOf.majority('abc'), timeoutMs, t(0));
    expect(list.deadline).toBe(100);
    list.tick(t(99), ends);
    expect(kinds(ends)).toEqual([]);
    list.tick(t(200), ends);
    expect(kinds(ends)).toEqual(['timed-out 2', 'timed-out 3']);
    list.answer(2, 'a', true, 1, ends);
    expect([kinds(ends), list.deadline]).toEqual([[], 300]);
  });

  test('a node that is lost is a bad answer for all that it has not answered', () => {
    const list = new RequestWaitingList<number, string, number>();
    const ends: Ends = [];
    list.add(1, new QuorumOf('ab', 2), 100, t(0));
    list.add(2, QuorumOf.majority('abc'), 100, t(0));
    list.add(3, new QuorumOf('ab', 2), 100, t(0));
    list.answer(3, 'a', true, 1, ends);
    list.lost('a', ends);
    expect(kinds(ends)).toEqual(['impossible 1']);
    list.answer(3, 'b', true, 1, ends);
    expect(kinds(ends)).toEqual(['met 3']);
    list.lost('b', ends);
    expect(kinds(ends)).toEqual(['impossible 2']);
  });

  test('is bounded, forgets what is cancelled, and refuses an id that waits', () => {
    const list = new RequestWaitingList<number, string, number>({ waitingMax: 1 });
    expect(list.add(1, QuorumOf.majority('abc'), 100, t(0))).toBe(true);
    expect(list.add(2, QuorumOf.majority('abc'), 100, t(0))).toBe(false);
    expect(() => list.add(1, QuorumOf.majority('abc'), 100, t(0))).toThrow('waits already');
    expect([list.cancel(1), list.cancel(1), list.size, list.deadline]).toEqual([true, false, 0, undefined]);
  });

  test('whatever comes, every request ends exactly once', () => {
    const event = fc.record({
      id: fc.integer({ min: 0, max: 4 }),
      kind: fc.constantFrom('good', 'bad', 'lost', 'tick'),
      from: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const list = new RequestWaitingList<number, string, number>();
        const ends: Ends = [];
        for (let id = 0; id < 5; id++) list.add(id, QuorumOf.majority('abc'), 10 + id, t(0));
        events.forEach(({ id, kind, from }, now) => {
          if (kind === 'lost') list.lost(from, ends);
          else if (kind === 'tick') list.tick(t(now), ends);
          else list.answer(id, from, kind === 'good', now, ends);
        });
        list.tick(t(1_000), ends);
        expect(ends.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3, 4]);
        for (const { kind, answers } of ends) {
          const good = answers.filter(({ isGood }) => isGood).length;
          expect(kind === 'met').toBe(good >= 2);
          expect(kind === 'impossible').toBe(answers.length - good >= 2);
        }
      }),
      { numRuns: 200 },
    );
  });
});
