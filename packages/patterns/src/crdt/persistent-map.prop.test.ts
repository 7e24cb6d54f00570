import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PersistentMap } from './index.ts';

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

test('keys of equal hash are kept apart', () => {
  const keys = colliding();
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
