import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../../base/index.ts';
import { NodeId } from '../ballot.ts';
import { majorityConfiguration } from './configuration.ts';
import { heldAfter, MARKS_MAX } from './held.ts';
import type { Operation } from './history.fixture.ts';
import { ACCEPTORS, ballotOf as b, SoloProposer } from './solo.fixture.ts';

const [A, B, C] = ACCEPTORS as [NodeId, NodeId, NodeId];
const append = (token: string): Operation => ({ kind: 'append', token });
const remove: Operation = { kind: 'delete' };
const plain = { oneRoundTrip: false, roundsPerWrite: 100 };

/** Lets a change through that has just begun a ballot of `round`. */
function carry(
  solo: SoloProposer,
  key: string,
  round: number,
  held?: Parameters<SoloProposer['promise']>[3],
): string[] {
  solo.promise(A, key, round, held);
  solo.promise(B, key, round, held);
  solo.accepted(A, key, round);
  return solo.accepted(B, key, round);
}

describe('a change', () => {
  test('reads what a quorum promised, applies its function, and has a quorum accept what came of it (section 2.2)', () => {
    const solo = new SoloProposer(plain);
    expect(solo.change('x', append('b'))).toEqual([
      'persist #1 round 100 age 0 configuration 1',
      '>11 prepare 1.1 after #1',
      '>12 prepare 1.1 after #1',
      '>13 prepare 1.1 after #1',
    ]);
    expect(solo.promise(A, 'x', 1)).toEqual([]);
    expect(solo.promise(A, 'x', 1)).toEqual([]);
    expect(solo.promise(C, 'x', 1, [b(0, 9), 'a'])).toEqual([
      '>11 accept 1.1 "ab" after #1',
      '>12 accept 1.1 "ab" after #1',
      '>13 accept 1.1 "ab" after #1',
    ]);
    expect(solo.accepted(B, 'x', 1)).toEqual([]);
    expect(solo.accepted(B, 'x', 1)).toEqual([]);
    expect(solo.accepted(A, 'x', 1)).toEqual(['changed to ab at 1.1']);
    expect(solo.proposer.deadline).toBeUndefined();
  });

  test('deletes by writing nothing, which is a value like others', () => {
    const solo = new SoloProposer(plain);
    solo.change('x', remove);
    expect(carry(solo, 'x', 1, [b(0, 9), 'a'])).toEqual(['changed to undefined at 1.1']);
  });

  test('of one register waits for the one before; of another does not (section 3)', () => {
    const solo = new SoloProposer(plain);
    solo.change('x', append('a'));
    expect(solo.change('x', append('b'))).toEqual([]);
    expect(solo.change('y', append('c'))).toContain('>11 prepare 2.1 after #1');
    expect(carry(solo, 'x', 1)).toEqual([
      'changed to a at 1.1',
      ...[11, 12, 13].map((to) => `>${to} prepare 3.1 after #1`),
    ]);
  });

  test('takes one round trip when the next ballot was promised with the last (section 2.2.1)', () => {
    const solo = new SoloProposer();
    solo.change('x', append('a'));
    solo.promise(A, 'x', 1);
    expect(solo.promise(B, 'x', 1)).toContain('>11 accept 1.1 "a" next 2.1 after #1');
    solo.accepted(A, 'x', 1);
    solo.accepted(B, 'x', 1);
    expect(solo.change('x', append('b'))).toContain('>11 accept 2.1 "ab" next 3.1 after #1');
  });

  test('goes back to two round trips when the promised ballot is outbid, and looks for itself', () => {
    const solo = new SoloProposer();
    solo.change('x', append('a'));
    carry(solo, 'x', 1);
    solo.change('x', append('b'));
    solo.reject(A, 'x', 2, b(9, 2));
    solo.reject(B, 'x', 2, b(9, 2));
    expect(solo.due()).toContain('>11 prepare 10.1 after #1');
    solo.promise(A, 'x', 10, [b(1), 'a']);
    expect(solo.promise(B, 'x', 10, [b(1), 'a'])).toContain('>11 accept 10.1 "ab" next 11.1 after #1');
  });

  describe('whose phase 2 failed', () => {
    const outbid = (): SoloProposer => {
      const solo = new SoloProposer(plain);
      solo.change('x', append('b'));
      solo.promise(A, 'x', 1, [b(0, 9), 'a']);
      solo.promise(B, 'x', 1, [b(0, 9), 'a']);
      solo.reject(A, 'x', 1, b(4, 2));
      solo.reject(B, 'x', 1, b(4, 2));
      solo.due();
      return solo;
    };

    test('is not applied twice when it is what is found', () => {
      const solo = outbid();
      solo.promise(A, 'x', 5, [b(0, 9), 'a']);
      expect(solo.promise(C, 'x', 5, [b(1), 'ab', [b(1)]])).toContain('>11 accept 5.1 "ab" after #1');
      solo.accepted(A, 'x', 5);
      expect(solo.accepted(B, 'x', 5)).toEqual(['changed to ab at 1.1']);
    });

    test('has happened when others went on from it, once what they made of it is chosen', () => {
      const solo = outbid();
      solo.promise(A, 'x', 5, [b(4, 2), 'abcd', [b(1), b(3, 3), b(4, 2)]]);
      expect(solo.promise(B, 'x', 5)).toContain('>11 accept 5.1 "abcd" after #1');
      solo.accepted(A, 'x', 5);
      expect(solo.accepted(B, 'x', 5)).toEqual(['changed to ab at 1.1']);
    });

    test('is applied anew when it did not lead to what is found', () => {
      const solo = outbid();
      solo.promise(A, 'x', 5, [b(4, 2), 'z', [b(0, 1), b(4, 2)]]);
      expect(solo.promise(B, 'x', 5, [b(0, 9), 'a'])).toContain('>11 accept 5.1 "zb" after #1');
    });

    test('is unknown when its mark may have been forgotten, after changes by very many proposers', () => {
      const marks = Array.from({ length: MARKS_MAX }, (_, at) => b(at === 0 ? 2 : 4, 2 + at));
      const crowded = outbid();
      crowded.promise(A, 'x', 5, [b(4, 2), 'z', marks]);
      expect(crowded.promise(B, 'x', 5)).toEqual(['failed: contended, unknown']);
      const older = outbid();
      older.promise(A, 'x', 5, [b(4, 2), 'z', [b(0, 20), ...marks.slice(1)]]);
      expect(older.promise(B, 'x', 5)).toContain('>11 accept 5.1 "zb" after #1');
    });
  });

  test('fails as not applied when time is over before anything was proposed, and as unknown afterwards', () => {
    const solo = new SoloProposer({ ...plain, changeMs: 150, resendMs: 100 });
    solo.change('x', append('a'));
    solo.change('y', append('a'));
    solo.promise(A, 'y', 2);
    solo.promise(B, 'y', 2);
    solo.due();
    expect(solo.due()).toEqual(['failed: timed-out, not-applied', 'failed: timed-out, unknown']);
  });

  test('fails after so many ballots', () => {
    const solo = new SoloProposer({ ...plain, attemptsMax: 2 });
    solo.change('x', append('a'));
    for (const from of [A, B]) solo.reject(from, 'x', 1, b(1, 2));
    solo.due();
    solo.reject(A, 'x', 2, b(2, 2));
    expect(solo.reject(B, 'x', 2, b(2, 2))).toEqual(['failed: contended, not-applied']);
  });

  test('fails at once when there are too many here, or no room at acceptors', () => {
    const solo = new SoloProposer({ ...plain, changesMax: 1 });
    solo.change('x', append('a'));
    expect(solo.change('y', append('a'))).toEqual(['failed: busy, not-applied']);
    expect(solo.read('x')).toEqual(['failed: busy, not-applied']);
    const reading = new SoloProposer({ ...plain, changesMax: 1 });
    reading.read('x');
    expect(reading.change('y', append('a'))).toEqual(['failed: busy, not-applied']);
    const full = { kind: 'rejected', key: 'x', ballot: b(1), why: 'full', promised: b(0, 0) } as const;
    solo.hear(A, full);
    expect(solo.hear(B, full)).toEqual(['failed: full, not-applied']);
  });

  test('repeats its question to those who are silent', () => {
    const solo = new SoloProposer(plain);
    solo.change('x', append('a'));
    solo.promise(A, 'x', 1);
    expect(solo.due()).toEqual(['>12 prepare 1.1 after #1', '>13 prepare 1.1 after #1']);
    solo.promise(B, 'x', 1);
    solo.accepted(B, 'x', 1);
    expect(solo.due()).toEqual(['>11 accept 1.1 "a" after #1', '>13 accept 1.1 "a" after #1']);
  });

  test('takes what the driver applied to an earlier reading for what it is', () => {
    const solo = new SoloProposer(plain);
    solo.step({ kind: 'change', id: 70, key: 'x' });
    solo.promise(A, 'x', 1);
    expect(solo.promise(B, 'x', 1)).toEqual(['apply to undefined']);
    solo.hear(NodeId.of(60), { kind: 'configure', configuration: majorityConfiguration(2, ACCEPTORS) });
    expect(solo.step({ kind: 'applied', id: 70, key: 'x', round: 1, next: 'late' })).toEqual([]);
    solo.promise(A, 'x', 2);
    expect(solo.promise(B, 'x', 2)).toEqual(['apply to undefined']);
    expect(solo.step({ kind: 'applied', id: 70, key: 'x', round: 1, next: 'late' })).toEqual([]);
    expect(solo.step({ kind: 'applied', id: 70, key: 'x', round: 2, next: 'now' })).toContain(
      '>11 accept 2.1 "now" after #2',
    );
    expect(solo.step({ kind: 'applied', id: 70, key: 'x', round: 2, next: 'once more' })).toEqual([]);
    solo.accepted(A, 'x', 2);
    expect(solo.accepted(B, 'x', 2)).toEqual(['changed to now at 2.1']);
    expect(solo.step({ kind: 'applied', id: 70, key: 'x', round: 2, next: 'much later' })).toEqual([]);
  });
});

describe('a read', () => {
  const queried = (solo: SoloProposer, from: NodeId, held?: readonly [ReturnType<typeof b>, string]): string[] => {
    const accepted = held === undefined ? undefined : { ballot: held[0], value: { value: held[1], marks: [] } };
    return solo.hear(from, { kind: 'queried', key: 'x', id: 1, accepted });
  };

  test('takes one round trip and no ballot when a quorum holds the same', () => {
    const solo = new SoloProposer(plain);
    expect(solo.read('x')).toEqual(['>11 query', '>12 query', '>13 query']);
    expect(queried(solo, A, [b(3, 2), 'a'])).toEqual([]);
    expect(queried(solo, A, [b(3, 2), 'a'])).toEqual([]);
    expect(queried(solo, B, [b(3, 2), 'a'])).toEqual(['value a']);
    expect(queried(solo, C, [b(3, 2), 'a'])).toEqual([]);
  });

  test('waits for those who may yet hold the highest, then writes it itself', () => {
    const solo = new SoloProposer(plain);
    solo.read('x');
    queried(solo, A, [b(3, 2), 'a']);
    expect(queried(solo, B, [b(2, 2), 'old'])).toEqual([]);
    expect(queried(solo, C)).toContain('>11 prepare 1.1 after #1');
    solo.promise(A, 'x', 1, [b(3, 2), 'a']);
    expect(solo.promise(B, 'x', 1)).toContain('>11 accept 1.1 "a" after #1');
    solo.accepted(A, 'x', 1);
    expect(solo.accepted(B, 'x', 1)).toEqual(['value a']);
  });

  test('of a register that nobody has written finds nothing, and writes nothing', () => {
    const solo = new SoloProposer(plain);
    solo.read('x');
    queried(solo, C);
    expect(queried(solo, B)).toEqual(['value undefined']);
  });

  test('does not wait longer than for one repetition when a quorum has answered', () => {
    const solo = new SoloProposer(plain);
    solo.read('x');
    queried(solo, A, [b(3, 2), 'a']);
    queried(solo, B);
    expect(solo.due()).toContain('>11 prepare 1.1 after #1');
  });

  test('asks again, and fails when time is over', () => {
    const solo = new SoloProposer({ ...plain, changeMs: 150 });
    solo.read('x');
    queried(solo, A);
    expect(solo.due()).toEqual(['>12 query', '>13 query']);
    expect(solo.due()).toEqual(['failed: timed-out, not-applied']);
    expect(queried(solo, B)).toEqual([]);
  });

  test('is begun anew as a change when the configuration changes, or the register is erased, and not when another one is', () => {
    const outdate = (key: string): string[] =>
      solo.hear(NodeId.of(50), { kind: 'outdate', run: key, keys: [key], round: 0 });
    const solo = new SoloProposer(plain);
    solo.read('x');
    expect(outdate('y')).not.toContain('>11 prepare 1.1 age 1 after #2');
    expect(outdate('x')).toContain('>11 prepare 1.1 age 2 after #3');
    const other = new SoloProposer(plain);
    other.read('x');
    const configuration = majorityConfiguration(2, ACCEPTORS);
    expect(other.hear(NodeId.of(60), { kind: 'configure', configuration })).toContain('>11 prepare 1.1 after #2');
  });
});

describe('growing older (section 3.1, step 2 b)', () => {
  const collector = NodeId.of(50);
  const outdate = { kind: 'outdate', run: 'r', keys: ['x'], round: 150 } as const;

  test('goes beyond the tombstone durably, before it answers, and once per collection', () => {
    const solo = new SoloProposer(plain);
    expect(solo.hear(collector, outdate)).toEqual([
      'persist #1 round 150 age 1 configuration 1',
      '>50 outdated after #1',
    ]);
    expect(solo.hear(collector, outdate)).toEqual(['>50 outdated after #1']);
    const { record } = solo.proposer.image;
    expect(new SoloProposer({ ...plain, record }).change('x', append('a'))).toContain(
      '>11 prepare 151.1 age 1 after #1',
    );
  });

  test('begins changes of the register anew, and gives up those that were proposed', () => {
    const solo = new SoloProposer(plain);
    solo.change('x', append('a'));
    expect(solo.hear(collector, outdate)).toContain('>11 prepare 151.1 age 1 after #3');
    solo.promise(A, 'x', 151);
    solo.promise(B, 'x', 151);
    expect(solo.hear(collector, { ...outdate, run: 's' })).toContain('failed: deleted, unknown');
  });

  test('uses no promise of its younger days', () => {
    const solo = new SoloProposer({ roundsPerWrite: 1_000 });
    solo.change('y', append('a'));
    carry(solo, 'y', 1);
    solo.hear(collector, outdate);
    expect(solo.change('y', append('b'))).toContain('>11 prepare 151.1 age 1 after #2');
  });
});

describe('a configuration', () => {
  test('is durable before it is acknowledged, and is not replaced by an older one', () => {
    const solo = new SoloProposer(plain);
    const operator = NodeId.of(60);
    const configure = (version: number): string[] =>
      solo.hear(operator, { kind: 'configure', configuration: majorityConfiguration(version, ACCEPTORS.slice(0, 1)) });
    expect(configure(3)).toEqual(['persist #1 round 0 age 0 configuration 3', '>60 configured 3 after #1']);
    expect(configure(2)).toEqual(['>60 configured 3 after #1']);
    expect(solo.change('x', append('a')).slice(1)).toEqual(['>11 prepare 1.1 after #2']);
  });

  test('must have quorums that meet', () => {
    const phase = { acceptors: ACCEPTORS, quorum: 1 };
    expect(() => new SoloProposer({ configuration: { version: 1, prepare: phase, accept: phase } })).toThrow(
      /need not share/,
    );
    const none = { acceptors: ACCEPTORS, quorum: 4 };
    expect(() => new SoloProposer({ configuration: { version: 1, prepare: none, accept: phase } })).toThrow(
      /from 1 to 3/,
    );
  });
});

test('remembers so many promised ballots, and forgets the oldest', () => {
  const solo = new SoloProposer({ readyMax: 1 });
  solo.change('x', append('a'));
  carry(solo, 'x', 1);
  solo.change('y', append('a'));
  carry(solo, 'y', 3);
  expect(solo.change('x', append('b'))).toContain('>11 prepare 5.1 after #1');
  expect(solo.change('y', append('b'))).toContain('>11 accept 4.1 "ab" next 6.1 after #1');
});

describe('the deadline', () => {
  test('is that of whatever is due first, a change or a read', () => {
    const changing = new SoloProposer();
    changing.change('x', append('a'));
    changing.now = 50;
    changing.read('y');
    expect(changing.proposer.deadline).toBe(100);
    const reading = new SoloProposer();
    reading.read('y');
    reading.now = 50;
    reading.change('x', append('a'));
    expect(reading.proposer.deadline).toBe(100);
  });

  test('is counted from the latest time seen, though a clock may go back', () => {
    const solo = new SoloProposer();
    solo.now = 100;
    solo.read('x');
    solo.now = 50;
    solo.read('y');
    expect(solo.proposer.deadline).toBe(200);
  });
});

test('options that make no sense are refused', () => {
  expect(() => new SoloProposer({ changeMs: 0 })).toThrow(InvariantError);
});

test('of sixteen proposers none is forgotten', () => {
  const nodes = Array.from({ length: 16 }, (_, at) => at + 1);
  const held = nodes.reduce<Parameters<typeof heldAfter<string>>[0]>(
    (before, node) => heldAfter(before, 'v', b(node, node)),
    undefined,
  );
  expect(held!.marks.map(({ node }) => node)).toEqual(nodes);
  expect(heldAfter(held, 'w', b(40, 40)).marks.length).toBe(16);
});

test('of very many proposers the one that changed a register longest ago is forgotten', () => {
  let held = heldAfter<string>(undefined, 'v', b(1, 1));
  for (let node = 2; node <= MARKS_MAX + 1; node++) held = heldAfter(held, 'v', b(node, node));
  expect(held.marks.length).toBe(MARKS_MAX);
  expect(held.marks).not.toContainEqual(b(1, 1));
  expect(heldAfter(held, 'w', b(40, 5)).marks.filter(({ node }) => node === 5)).toEqual([b(40, 5)]);
});
