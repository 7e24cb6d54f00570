import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MergeRule, PersistentMap, PersistentMapBuilder } from './index.ts';

const changes = fc.array(
  fc.record({ key: fc.nat(60).map((n) => `k${n}`), value: fc.option(fc.nat(3), { nil: undefined }) }),
  { maxLength: 120 },
);

test('a map is what a Map is after the same changes, and the maps before it stay as they were', () => {
  fc.assert(
    fc.property(changes, (all) => {
      let map = PersistentMap.empty<number>();
      const model = new Map<string, number>();
      const before: [PersistentMap<number>, [string, number][]][] = [];
      for (const { key, value } of all) {
        if (before.length < 5) before.push([map, [...model].sort()]);
        const had = model.get(key);
        const next = value === undefined ? map.delete(key) : map.set(key, value);
        if (had === value) expect(next).toBe(map);
        map = next;
        if (value === undefined) model.delete(key);
        else model.set(key, value);
        expect(map.get(key)).toBe(value);
        expect(map.size).toBe(model.size);
      }
      before.push([map, [...model].sort()]);
      for (const [old, entries] of before) {
        expect([...old.entries()].sort()).toEqual(entries);
        expect(old.keys().sort()).toEqual(entries.map(([key]) => key));
      }
      const rebuilt = [...model]
        .reverse()
        .reduce((m, [key, value]) => m.set(key, value), PersistentMap.empty<number>());
      expect(rebuilt.equals(map, (a, b) => a === b)).toBe(true);
      expect(rebuilt.keys()).toEqual(map.keys());
      const built = PersistentMap.of(model);
      expect(built.keys()).toEqual(map.keys());
      expect(built.size).toBe(map.size);
      for (const key of model.keys()) expect(built.delete(key).keys()).toEqual(map.delete(key).keys());
      expect(map.set('other', 1).equals(map, () => true)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

/** Pairs whose hashes are equal, so every combination of these halves collides. Found by trying. */
function colliding(): string[] {
  const seen = new Map<number, string>();
  const hash = (key: string): number => {
    let h = 0x811c_9dc5;
    for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x0100_0193);
    return h;
  };
  for (let n = 0; ; n++) {
    const key = n.toString(36);
    const other = seen.get(hash(key));
    if (other !== undefined) return [`${key}`, `${other}`].flatMap((first) => [`${first}x`, `${first}y`]);
    seen.set(hash(key), key);
  }
}
const COLLIDING: readonly string[] = colliding();

/** Values are 1 to 3. 1 and 3 cancel each other out, else the larger stays; of others' alone 3 is not wanted. */
const rule: MergeRule<number> = {
  both: (mine, theirs) => (mine + theirs === 4 ? undefined : Math.max(mine, theirs)),
  theirs: (theirs) => (theirs === 3 ? undefined : theirs),
};
/** And of one's own alone 2 is not wanted, and 3 becomes 1. */
const bothWays: MergeRule<number> = { ...rule, mine: (mine) => [1, undefined, 1][mine - 1] };

function model(a: PersistentMap<number>, b: PersistentMap<number>, by: MergeRule<number>): Map<string, number> {
  const merged = new Map<string, number>();
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(key), b.get(key)];
    const value =
      x === undefined ? by.theirs(y!) : y === undefined ? (by.mine ? by.mine(x) : x) : x === y ? x : by.both(x, y);
    if (value !== undefined) merged.set(key, value);
  }
  return merged;
}

test('two maps merge key by key, whatever they share, and into the shape of a map that was built at once', () => {
  const keys = fc.oneof(
    fc.nat(40).map((n) => `k${n}`),
    fc.constantFrom(...COLLIDING),
  );
  const some = fc.array(
    fc.record({ key: keys, value: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 3 }) }),
    { maxLength: 50 },
  );
  const same = (x: number, y: number): boolean => x === y;
  fc.assert(
    fc.property(some, some, some, (common, here, there) => {
      const changed = (map: PersistentMap<number>, all: typeof common): PersistentMap<number> =>
        all.reduce((m, { key, value }) => (value === undefined ? m.delete(key) : m.set(key, value)), map);
      const base = changed(PersistentMap.empty(), common);
      const a = changed(base, here);
      const b = changed(base, there);
      for (const by of [rule, bothWays]) {
        const merged = a.merge(b, by);
        const built = PersistentMap.of(model(a, b, by));
        expect([...merged.entries()]).toEqual([...built.entries()]);
        expect(merged.size).toBe(built.size);
        expect(merged.equals(built, same)).toBe(true);
        if (built.equals(a, same)) expect(merged).toBe(a);
        for (const key of built.keys()) expect(merged.delete(key).keys()).toEqual(built.delete(key).keys());
      }
      expect(a.equals(b, same)).toBe(`${[...a.entries()]}` === `${[...b.entries()]}`);
    }),
    { numRuns: 300 },
  );
});

test('merging with a map that shares all, or into nothing, gives a map that there was', () => {
  const map = PersistentMap.of(Array.from({ length: 100 }, (_, n) => [`k${n}`, n + 1] as const));
  const looked: number[] = [];
  const looking: MergeRule<number> = {
    both: (mine) => mine,
    theirs: (theirs) => {
      looked.push(theirs);
      return theirs;
    },
    mine: (mine) => {
      looked.push(mine);
      return mine;
    },
  };
  expect(map.merge(map, looking)).toBe(map);
  expect(map.merge(map.set('new', 500), looking).get('new')).toBe(500);
  // Of what differs only the path is looked at, not the hundred.
  expect(looked.length).toBeLessThan(5);
  expect(PersistentMap.empty<number>().merge(map, looking)).toBe(map);
  const one = PersistentMap.ofOne('k', 1);
  const again = one.set('other', 2).delete('other');
  expect(one.merge(again, looking) === one && again.merge(one, looking) === again).toBe(true);
  expect(map.merge(PersistentMap.empty(), looking)).toBe(map);
});

test('keys of equal hash are kept apart', () => {
  const keys = COLLIDING;
  let map = PersistentMap.empty<number>();
  for (const [n, key] of keys.entries()) map = map.set(key, n + 1);
  expect(keys.map((key) => map.get(key))).toEqual([1, 2, 3, 4]);
  expect([map.size, map.keys().sort()]).toEqual([4, [...keys].sort()]);
  expect(map.set(keys[2]!, 3)).toBe(map);
  expect(map.set(keys[2]!, 9).get(keys[2]!)).toBe(9);
  expect(map.set(keys[2]!, 9).size).toBe(4);
  expect([...map.entries()].length).toBe(4);
  expect(PersistentMap.of([...map.entries()].reverse()).keys()).toEqual(map.keys());
  expect(PersistentMap.of([...map.entries()].reverse()).get(keys[3]!)).toBe(4);
  expect(() => PersistentMap.of([...map.entries(), ['a', 1], ['a', 2]])).toThrow(/key a must come once/);
  const without = keys.reduce((m, key) => m.delete(key), map);
  expect(without).toBe(PersistentMap.empty());
  expect(map.delete(keys[0]!).get(keys[2]!)).toBe(3);
  expect(map.delete('absent')).toBe(map);
});

test('integers are keys as well, and are kept apart where their last 32 bits are the same', () => {
  const keys = [1, 2, 2 ** 32 + 1, 2 ** 33 + 1, Number.MAX_SAFE_INTEGER, 31, 32, 33];
  const builder = new PersistentMapBuilder<string, number>();
  for (const key of keys) builder.add(key, `${key}`);
  const built = builder.build();
  const set = keys.reduce((map, key) => map.set(key, `${key}`), PersistentMap.empty<string, number>());
  for (const map of [built, set]) {
    for (const key of keys) expect(map.get(key)).toBe(`${key}`);
    expect([map.size, map.get(0), map.get(2 ** 34 + 1)]).toEqual([8, undefined, undefined]);
    expect(map.delete(2 ** 32 + 1).get(1)).toBe('1');
  }
  expect(set.keys()).toEqual(built.keys());
});

test('the order of iteration never changes, or states that are equal would be other bytes in the next release', () => {
  const words = [
    '',
    'a',
    'b',
    'x',
    'milk',
    'node-1',
    'node-2',
    'é',
    '漢字',
    '🙂',
    'a longer key of some words',
    'milk ',
  ];
  const map = PersistentMap.of(words.map((word, at) => [word, at] as const));
  const inOrder = [
    'milk ',
    'node-1',
    '🙂',
    'x',
    'a',
    'é',
    '',
    'node-2',
    '漢字',
    'b',
    'milk',
    'a longer key of some words',
  ];
  expect(map.keys()).toEqual(inOrder);
  const numbers = [-1, 31, 33, 1 + 3 * 2 ** 30, 1 + 2 ** 31, 1 + 2 ** 30, 1 + 2 ** 32, 1, 32, 0];
  const set = numbers.reduce((all, key) => all.set(key, `${key}`), PersistentMap.empty<string, number>());
  expect(set.keys()).toEqual([0, 32, 1, 1 + 2 ** 32, 1 + 2 ** 30, 1 + 2 ** 31, 1 + 3 * 2 ** 30, 33, 31, -1]);
});
