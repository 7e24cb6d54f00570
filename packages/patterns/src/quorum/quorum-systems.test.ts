import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  availability,
  checkIntersection,
  describeReadWrite,
  FlexibleQuorum,
  failuresTolerated,
  GridQuorum,
  gridAvailability,
  monotonicReads,
  ReadWriteQuorum,
  readWriteFacts,
  sloppyQuorum,
  WeightedQuorum,
} from './index.ts';

const numbered = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const among =
  (...members: readonly number[]) =>
  (member: number): boolean =>
    members.includes(member);

describe('weighted voting', () => {
  test('reproduces Gifford’s three examples of suites', () => {
    // SOSP 1979, section 3.2: votes of the representatives, read and write quorum.
    const suite = (votes: readonly number[], read: number, write: number): WeightedQuorum<number> =>
      new WeightedQuorum({ votes: new Map(votes.map((own, i) => [i, own])), read, write });
    const first = suite([1, 0, 0], 1, 1);
    expect([first.isQuorum('read', among(0)), first.isQuorum('read', among(1, 2))]).toEqual([true, false]);
    const second = suite([2, 1, 1], 2, 3);
    expect([
      second.isQuorum('read', among(0)),
      second.isQuorum('write', among(0)),
      second.isQuorum('write', among(0, 2)),
    ]).toEqual([true, false, true]);
    const third = suite([1, 1, 1], 1, 3);
    expect([failuresTolerated(third, 'read'), failuresTolerated(third, 'write')]).toEqual([2, 0]);
    // With representatives that are down one time in a hundred, as in the paper's table: the blocking probabilities.
    const blocked = (of: WeightedQuorum<number>): string[] =>
      (['read', 'write'] as const).map((kind) => (1 - availability(of, kind, 0.99)).toPrecision(2));
    expect(blocked(first)).toEqual(['0.010', '0.010']);
    expect(blocked(second)).toEqual(['0.00020', '0.010']);
    expect(blocked(third)).toEqual(['0.0000010', '0.030']);
  });

  test('accepts exactly the thresholds with which reads see writes and writes see each other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (votes, read, write) => {
          const options = { votes: new Map(votes.map((own, i) => [i, own])), read, write };
          const total = votes.reduce((sum, own) => sum + own, 0);
          if (read > total || write > total || read + write <= total || 2 * write <= total) {
            expect(() => new WeightedQuorum(options)).toThrow(RangeError);
            return;
          }
          expect(checkIntersection(new WeightedQuorum(options))).toEqual({
            readsSeeWrites: true,
            writesSeeWrites: true,
          });
        },
      ),
      { numRuns: 300, seed: 42 },
    );
    expect(() => new WeightedQuorum({ votes: new Map([['a', 0.5]]), read: 1, write: 1 })).toThrow(/votes of a/);
    const owing = new Map([
      ['a', 3],
      ['b', -1],
    ]);
    expect(() => new WeightedQuorum({ votes: owing, read: 1, write: 2 })).toThrow(/votes of b/);
    const votes = new Map(['a', 'b', 'c'].map((name) => [name, 1]));
    for (const [read, write] of [
      [0, 3],
      [1.5, 2],
    ] as const)
      expect(() => new WeightedQuorum({ votes, read, write })).toThrow(/from 1 to 3 votes/);
  });
});

describe('flexible quorums', () => {
  test('need q1 + q2 > n, and no majority in either', () => {
    for (let count = 1; count <= 6; count++)
      for (let prepare = 1; prepare <= count; prepare++)
        for (let accept = 1; accept <= count; accept++) {
          const options = { members: numbered(count), prepare, accept };
          if (prepare + accept <= count)
            expect(() => new FlexibleQuorum(options)).toThrow(/could miss what was decided/);
          else expect(checkIntersection(new FlexibleQuorum(options)).readsSeeWrites).toBe(true);
        }
  });

  test('let four of ten replicas fail while deciding with six, or seven with three', () => {
    const cheap = new FlexibleQuorum({ members: numbered(10), prepare: 8, accept: 3 });
    expect([failuresTolerated(cheap, 'write'), failuresTolerated(cheap, 'read')]).toEqual([7, 2]);
    expect(checkIntersection(cheap).writesSeeWrites).toBe(false);
    for (const prepare of [4, 0, 1.5])
      expect(() => new FlexibleQuorum({ members: numbered(3), prepare, accept: 3 })).toThrow(/prepare must be a whole/);
  });
});

describe('a grid', () => {
  test('intersects, also with a last row that is not full', () => {
    for (let count = 1; count <= 11; count++)
      for (let columns = 1; columns <= count; columns++)
        expect(checkIntersection(new GridQuorum(numbered(count), columns))).toEqual({
          readsSeeWrites: true,
          writesSeeWrites: true,
        });
  });

  test('reads with √n members and writes with 2√n − 1', () => {
    const grid = new GridQuorum(numbered(9));
    expect(grid.pick('read', () => true)).toHaveLength(3);
    expect(grid.pick('write', () => true)).toHaveLength(5);
    expect(grid.isQuorum('read', among(0, 4, 8))).toBe(true);
    expect(grid.isQuorum('write', among(0, 4, 8))).toBe(false);
    expect(grid.isQuorum('write', among(0, 3, 6, 4, 8))).toBe(true);
    expect(grid.isQuorum('write', among(0, 3, 6))).toBe(false);
  });

  test('is available as often as its closed form says', () => {
    for (const [rows, columns] of [
      [2, 2],
      [3, 3],
      [2, 4],
      [4, 2],
      [1, 3],
    ] as const) {
      const grid = new GridQuorum(numbered(rows * columns), columns);
      for (const up of [0, 0.5, 0.9, 1]) {
        const closed = gridAvailability(rows, columns, up);
        expect(availability(grid, 'read', up)).toBeCloseTo(closed.read, 12);
        expect(availability(grid, 'write', up)).toBeCloseTo(closed.write, 12);
      }
    }
  });

  test('picks a quorum whenever one is up, and only of those that are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(511),
        fc.constantFrom('read' as const, 'write' as const),
        (count, columns, set, kind) => {
          if (columns > count) return;
          const grid = new GridQuorum(numbered(count), columns);
          const isUp = (member: number): boolean => ((set >> member) & 1) === 1;
          const picked = grid.pick(kind, isUp);
          expect(picked !== undefined).toBe(grid.isQuorum(kind, isUp));
          if (picked === undefined) return;
          expect(picked.every(isUp)).toBe(true);
          expect(grid.isQuorum(kind, among(...picked))).toBe(true);
          expect(new Set(picked).size).toBe(picked.length);
        },
      ),
      { numRuns: 500, seed: 42 },
    );
    for (const columns of [4, 0, 1.5])
      expect(() => new GridQuorum(numbered(3), columns)).toThrow(/a grid has from 1 to as many columns/);
  });

  test('picks the shortest full column for a write, and goes through the columns in their order', () => {
    const grid = new GridQuorum(numbered(5), 3);
    expect(grid.pick('read', () => true)).toEqual([0, 1, 2]);
    expect(grid.pick('read', (member) => member > 0)).toEqual([3, 1, 2]);
    expect(grid.pick('write', () => true)).toEqual([0, 1, 2]);
    expect(grid.pick('write', (member) => member < 4)).toEqual([0, 1, 2]);
    expect(new GridQuorum(numbered(8)).columns).toEqual([
      [0, 2, 4, 6],
      [1, 3, 5, 7],
    ]);
  });
});

describe('trying all sets', () => {
  const always = { members: numbered(3), isQuorum: () => true };
  test('counts the empty one once, and all members as failed', () => {
    expect([availability(always, 'read', 0), availability(always, 'read', 1)]).toEqual([1, 1]);
    expect(failuresTolerated(always, 'write')).toBe(3);
  });

  test('is done for up to twenty members', () => {
    expect(availability({ members: numbered(20), isQuorum: () => false }, 'read', 0.5)).toBe(0);
  });

  test('shows no counterexample where there is none', () => {
    const sound = checkIntersection(new ReadWriteQuorum(numbered(3), 2, 2));
    expect(Object.keys(sound)).toEqual(['readsSeeWrites', 'writesSeeWrites']);
  });
});

describe('R, W and N', () => {
  test('guarantee what trying all sets shows, and tolerate as much', () => {
    for (let copies = 1; copies <= 6; copies++)
      for (let read = 1; read <= copies; read++)
        for (let write = 1; write <= copies; write++) {
          const quorum = new ReadWriteQuorum(numbered(copies), read, write);
          const { readsSeeWrites, writesSeeWrites } = checkIntersection(quorum);
          expect([quorum.facts.readsSeeWrites, quorum.facts.writesSeeWrites]).toEqual([
            readsSeeWrites,
            writesSeeWrites,
          ]);
          expect([failuresTolerated(quorum, 'read'), failuresTolerated(quorum, 'write')]).toEqual([
            quorum.facts.readsTolerate,
            quorum.facts.writesTolerate,
          ]);
        }
  });

  test('a check that fails shows a read and a write that miss each other', () => {
    const { counterexample } = checkIntersection(new ReadWriteQuorum(['a', 'b', 'c'], 1, 1));
    expect(counterexample![0].some((member) => counterexample![1].includes(member))).toBe(false);
    expect(() => checkIntersection(new ReadWriteQuorum(numbered(21), 11, 11))).toThrow(/at most 20/);
  });

  test('are put into words', () => {
    expect(describeReadWrite(readWriteFacts(3, 2, 2))).toEqual([
      'A read sees the latest acknowledged write: R + W = 4 is more than N = 3. It may also see one that was never acknowledged, and a later read may not see that again unless reads write back what they found.',
      'Two concurrent writes always meet at some copy, which can tell that they conflict.',
      'Reads go on with 1 copy down, writes with 1 copy down.',
      'An acknowledged write survives the loss of any 1 copy.',
      'A read waits for the 2nd fastest of 3 copies, a write for the 2nd fastest; each value is stored 3 times.',
    ]);
    const weak = describeReadWrite(readWriteFacts(12, 11, 1)).join(' ');
    expect(weak).toContain('R + W = 12 is not more than N = 12');
    expect(weak).toContain('2 W = 2 is not more than N = 12');
    expect(describeReadWrite(readWriteFacts(6, 4, 3)).join(' ')).toContain('2 W = 6 is not more than N = 6');
    expect(weak).toContain('can be lost with a single copy');
    expect(weak).toContain('the 11th fastest of 12 copies, a write for the 1st fastest');
    expect(describeReadWrite(readWriteFacts(3, 1, 3)).join(' ')).toContain('writes with no copy down');
    expect(describeReadWrite(readWriteFacts(23, 22, 23)).join(' ')).toContain(
      '22nd fastest of 23 copies, a write for the 23rd',
    );
    const places = [4, 10, 11, 12, 13, 14, 111, 113].map(
      (place) => describeReadWrite(readWriteFacts(120, place, place))[4]!,
    );
    expect(places.map((words) => / the (\w+) fastest/.exec(words)![1])).toEqual(
      '4th 10th 11th 12th 13th 14th 111th 113th'.split(' '),
    );
    expect(describeReadWrite(readWriteFacts(5, 3, 4))[2]).toBe(
      'Reads go on with 2 copies down, writes with 1 copy down.',
    );
  });

  test('refuses numbers that are none', () => {
    for (const [copies, read, write] of [
      [0, 1, 1],
      [3, 0, 2],
      [3, 4, 1],
      [3, 2, 1.5],
    ] as const)
      expect(() => readWriteFacts(copies, read, write)).toThrow(RangeError);
    for (const copies of [0, 1.5]) expect(() => readWriteFacts(copies, 1, 1)).toThrow(/copies must be a whole number/);
  });
});

describe('a sloppy quorum', () => {
  const preference = ['a', 'b', 'c', 'd', 'e', 'f'];

  test('is the home nodes while they are up', () => {
    expect(sloppyQuorum(preference, 3, () => true)).toEqual({
      targets: [{ node: 'a' }, { node: 'b' }, { node: 'c' }],
      homeNodes: 3,
      missing: [],
    });
  });

  test('lets the next nodes that are up stand in, each for one, with a hint for whom', () => {
    expect(sloppyQuorum(preference, 3, (node) => !'abd'.includes(node))).toEqual({
      targets: [{ node: 'c' }, { node: 'e', standsInFor: 'a' }, { node: 'f', standsInFor: 'b' }],
      homeNodes: 1,
      missing: [],
    });
  });

  test('says for whom nobody could be found', () => {
    expect(sloppyQuorum(preference, 3, (node) => node === 'b' || node === 'f')).toEqual({
      targets: [{ node: 'b' }, { node: 'f', standsInFor: 'a' }],
      homeNodes: 1,
      missing: ['c'],
    });
    const asked = new Set<string>();
    const nobody = sloppyQuorum(preference, 3, (node) => asked.add(node) && false);
    expect([nobody, [...asked].sort()]).toEqual([{ targets: [], homeNodes: 0, missing: ['a', 'b', 'c'] }, preference]);
  });
});

test('no quorum takes a member twice, since it would be counted twice', () => {
  expect(() => new FlexibleQuorum({ members: ['a', 'a', 'b'], prepare: 2, accept: 2 })).toThrow(
    /distinct, got a twice/,
  );
  expect(() => new ReadWriteQuorum(['a', 'b', 'b'], 2, 2)).toThrow(/distinct, got b twice/);
  expect(() => new GridQuorum([1, 2, 1, 3], 2)).toThrow(/distinct, got 1 twice/);
  // The one that comes again first is named.
  expect(() => new ReadWriteQuorum(['a', 'b', 'b', 'a'], 2, 3)).toThrow(/distinct, got b twice/);
});

test('the least numbers that mean something are taken', () => {
  expect(sloppyQuorum(['a', 'b'], 1, () => true).targets).toEqual([{ node: 'a' }]);
  // Nothing is written between two reads: only the copies that are asked count.
  expect(monotonicReads(3, 1, 1, 0, 0.5)).toBeCloseTo(1 / 3, 12);
  expect(monotonicReads(3, 1, 1, 0.5, 0.5)).toBeCloseTo(1 - (2 / 3) ** 2, 12);
});

test('numbers that mean nothing are refused by name', () => {
  for (const copies of [0, -1, 1.5, Number.NaN])
    expect(() => sloppyQuorum(['a', 'b'], copies, () => true)).toThrow(/copies must be a whole number from 1 on/);
  for (const up of [-0.1, 1.1, Number.NaN])
    expect(() => availability(new ReadWriteQuorum(['a'], 1, 1), 'read', up)).toThrow(/up must be a probability/);
  expect(() => monotonicReads(3, 1, 1, 0, 0)).toThrow(/there must be reads/);
  expect(() => monotonicReads(3, 1, 1, -0.5, 1)).toThrow(/no negative writes, got 1 and -0.5/);
});
