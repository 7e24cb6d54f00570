import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LruMap } from './lru-map.ts';

/** The keys in order of use, with their values: as slow as it is plain. */
class Oracle {
  entries: [string, number][] = [];
  get(key: string): number | undefined {
    const found = this.entries.find(([each]) => each === key);
    if (found === undefined) return undefined;
    this.entries = [...this.entries.filter((each) => each !== found), found];
    return found[1];
  }
  set(key: string, value: number, max: number): void {
    this.delete(key);
    this.entries = [...this.entries, [key, value] as [string, number]].slice(-max);
  }
  delete(key: string): void {
    this.entries = this.entries.filter(([each]) => each !== key);
  }
}

test('holds what was used last, whatever is asked, put and taken out', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.record({ kind: fc.constantFrom('get', 'set', 'set', 'peek', 'delete'), key });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, max) => {
      const map = new LruMap<number>(max);
      const oracle = new Oracle();
      for (const [i, { kind, key }] of steps.entries()) {
        if (kind === 'get') expect(map.get(key)).toBe(oracle.get(key));
        else if (kind === 'set') {
          map.set(key, i);
          oracle.set(key, i, max);
        } else if (kind === 'delete') {
          map.delete(key);
          oracle.delete(key);
        }
        const held = ['a', 'b', 'c', 'd', 'e'].flatMap((each) => {
          const value = map.peek(each);
          return value === undefined ? [] : [[each, value]];
        });
        expect(held).toEqual(oracle.entries.slice().sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(map.size).toBe(oracle.entries.length);
      }
    }),
  );
});
