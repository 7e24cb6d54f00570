/** What happens to changes when others come between, answers are late, and quorums are not majorities. */
import { describe, expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { majorityConfiguration, type RegisterConfiguration } from './configuration.ts';
import { MARKS_MAX } from './held.ts';
import type { Operation } from './history.fixture.ts';
import { ACCEPTORS, ballotOf as b, SoloProposer } from './solo.fixture.ts';

const [A, B, C] = ACCEPTORS as [NodeId, NodeId, NodeId];
const append = (token: string): Operation => ({ kind: 'append', token });
const plain = { oneRoundTrip: false, roundsPerWrite: 100 };

function carry(
  solo: SoloProposer,
  key: string,
  round: number,
  held?: Parameters<SoloProposer['promise']>[3],
): string[] {
  for (const from of [A, B]) solo.promise(from, key, round, held);
  solo.accepted(A, key, round);
  return solo.accepted(B, key, round);
}
function refuse(solo: SoloProposer, key: string, round: number): void {
  for (const from of [A, B]) solo.reject(from, key, round, b(round, 2));
}

describe('changes of one register', () => {
  test('are made in the order in which they came', () => {
    const solo = new SoloProposer(plain);
    for (const token of ['a', 'b', 'c']) solo.change('x', append(token));
    expect(carry(solo, 'x', 1)[0]).toBe('changed to a at 1.1');
    expect(carry(solo, 'x', 2, [b(1), 'a'])[0]).toBe('changed to ab at 2.1');
    expect(carry(solo, 'x', 3, [b(2), 'ab'])[0]).toBe('changed to abc at 3.1');
  });

  test('count while they wait, and no longer when they have ended', () => {
    const solo = new SoloProposer({ ...plain, changesMax: 3 });
    solo.change('x', append('a'));
    solo.change('x', append('b'));
    solo.change('y', append('c'));
    expect(solo.change('z', append('d'))).toEqual(['failed: busy, not-applied']);
    carry(solo, 'x', 1);
    expect(solo.change('z', append('d'))).toContain('>11 prepare 4.1 after #1');
    expect(solo.change('z', append('e'))).toEqual(['failed: busy, not-applied']);
  });

  test('are asked for again only when the one before has ended', () => {
    const solo = new SoloProposer({ roundsPerWrite: 100 });
    solo.change('x', append('a'));
    solo.step({ kind: 'change', id: 70, key: 'x' });
    expect(carry(solo, 'x', 1)).toEqual(['changed to a at 1.1', 'apply to a']);
  });
});

describe('answers that are late', () => {
  const second = (): SoloProposer => {
    const solo = new SoloProposer({ ...plain, attemptsMax: 3 });
    solo.change('x', append('a'));
    for (const from of [A, B]) solo.promise(from, 'x', 1);
    refuse(solo, 'x', 1);
    solo.due();
    return solo;
  };

  test('do not count as acceptances of a later ballot', () => {
    const solo = second();
    for (const from of [A, B]) solo.promise(from, 'x', 2);
    solo.accepted(A, 'x', 1);
    expect(solo.accepted(B, 'x', 1)).toEqual([]);
    solo.accepted(A, 'x', 2);
    expect(solo.accepted(B, 'x', 2)).toEqual(['changed to a at 2.1']);
  });

  test('do not count as refusals of a later ballot, nor of none', () => {
    const solo = second();
    refuse(solo, 'x', 1);
    expect(solo.due()).toContain('>11 prepare 2.1 after #1');
    refuse(solo, 'x', 2);
    const { deadline } = solo.proposer;
    refuse(solo, 'x', 2);
    expect(solo.proposer.deadline).toBe(deadline);
    expect(solo.due()).toContain('>11 prepare 3.1 after #1');
  });
});

test('one that refuses twice counts once', () => {
  const solo = new SoloProposer(plain);
  solo.change('x', append('a'));
  for (const from of [A, A]) solo.reject(from, 'x', 1, b(4, 2));
  expect(solo.proposer.image.changes.map(({ refusedBy }) => refusedBy)).toEqual([[A]]);
});

test('a ballot that one has refused, while the rest are silent, gives way to a higher one', () => {
  const solo = new SoloProposer(plain);
  solo.change('x', append('a'));
  solo.reject(A, 'x', 1, b(4, 2));
  expect(solo.due()).toEqual([]);
  expect(solo.due()).toContain('>11 prepare 5.1 after #1');
});

test.each([
  [10, [20, 35, 57.5]],
  [0, [0, 0, 0]],
])(
  'a change waits for a while that grows from the one before with decorrelated jitter, from %d ms on',
  (baseMs, waits) => {
    const solo = new SoloProposer({ ...plain, backoff: { baseMs, jitter: { kind: 'decorrelated' } } });
    for (const key of ['x', 'y']) {
      solo.change(key, append('a'));
      const first = solo.proposer.image.rounds.last;
      const found = waits.map((_, at) => {
        refuse(solo, key, first + at);
        const before = solo.now;
        solo.due();
        return solo.now - before;
      });
      expect(found).toEqual(waits);
      carry(solo, key, first + waits.length);
    }
  },
);

describe('with all for phase 1 and any one for phase 2', () => {
  const configuration: RegisterConfiguration = {
    version: 1,
    prepare: { acceptors: ACCEPTORS, quorum: 3 },
    accept: { acceptors: ACCEPTORS, quorum: 1 },
  };

  test('one refusal ends phase 1', () => {
    const solo = new SoloProposer({ ...plain, configuration });
    solo.change('x', append('a'));
    solo.reject(A, 'x', 1, b(4, 2));
    expect(solo.due()).toContain('>11 prepare 5.1 after #1');
  });

  test('two refusals do not end phase 2', () => {
    const solo = new SoloProposer({ ...plain, configuration });
    solo.change('x', append('a'));
    for (const from of ACCEPTORS) solo.promise(from, 'x', 1);
    refuse(solo, 'x', 1);
    expect(solo.accepted(C, 'x', 1)).toEqual(['changed to a at 1.1']);
  });
});

describe('what is to reach everywhere', () => {
  const growing: RegisterConfiguration = {
    version: 1,
    prepare: { acceptors: [A, B], quorum: 2 },
    accept: { acceptors: [A, B, C], quorum: 2 },
  };

  test('asks all acceptors of both phases, in both', () => {
    const solo = new SoloProposer({ ...plain, configuration: growing });
    expect(solo.identity('x', 'everywhere').slice(1)).toEqual([
      '>11 prepare 1.1 after #1',
      '>12 prepare 1.1 after #1',
      '>13 prepare 1.1 after #1',
    ]);
    solo.promise(A, 'x', 1);
    expect(solo.promise(B, 'x', 1)).toEqual([
      '>11 accept 1.1 nothing after #1',
      '>12 accept 1.1 nothing after #1',
      '>13 accept 1.1 nothing after #1',
    ]);
  });

  test('ends with the last acceptance, and with the first refusal', () => {
    const solo = new SoloProposer(plain);
    solo.identity('x', 'everywhere');
    for (const from of [A, B]) solo.promise(from, 'x', 1);
    for (const from of [A, B]) expect(solo.accepted(from, 'x', 1)).toEqual([]);
    solo.reject(C, 'x', 1, b(4, 2));
    expect(solo.due()).toContain('>11 prepare 5.1 after #1');
    for (const from of [A, B]) solo.promise(from, 'x', 5);
    for (const from of [A, B]) solo.accepted(from, 'x', 5);
    expect(solo.accepted(C, 'x', 5)).toEqual(['changed to undefined at 5.1']);
  });

  test('uses no ballot that was promised in advance by fewer', () => {
    const solo = new SoloProposer({ roundsPerWrite: 100 });
    solo.change('x', append('a'));
    carry(solo, 'x', 1);
    expect(solo.identity('x', 'everywhere')).toContain('>13 prepare 3.1 after #1');
  });
});

test('a first ballot is not settled, however many marks it finds', () => {
  const solo = new SoloProposer(plain);
  solo.change('x', append('b'));
  const marks = Array.from({ length: MARKS_MAX }, (_, at) => b(4, 2 + at));
  solo.promise(A, 'x', 1, [b(0, 9), 'a', marks]);
  expect(solo.promise(B, 'x', 1)).toContain('>11 accept 1.1 "ab" after #1');
});

describe('another configuration', () => {
  const operator = NodeId.of(60);
  const configure = { kind: 'configure', configuration: majorityConfiguration(2, [A, B]) } as const;

  test('voids what was promised in advance in the one before', () => {
    const solo = new SoloProposer({ roundsPerWrite: 100 });
    solo.change('x', append('a'));
    carry(solo, 'x', 1);
    solo.hear(operator, configure);
    expect(solo.change('x', append('b'))).toContain('>11 prepare 3.1 after #2');
  });

  test('does not cut short the wait of a change that was outbid', () => {
    const solo = new SoloProposer(plain);
    solo.change('x', append('a'));
    refuse(solo, 'x', 1);
    expect(solo.hear(operator, configure)).toEqual([expect.stringMatching(/^persist/), '>60 configured 2 after #2']);
    expect(solo.due()).toEqual(['>11 prepare 2.1 after #2', '>12 prepare 2.1 after #2']);
  });
});
