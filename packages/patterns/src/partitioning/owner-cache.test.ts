import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ketama } from './ketama.ts';
import { OwnerCache } from './owner-cache.ts';

/** A placement that notes what it is asked. */
const asked = (keysMax: number) => {
  const keys: string[] = [];
  const cache = new OwnerCache(
    (key) => {
      keys.push(key);
      return `owner of ${key}`;
    },
    { keysMax },
  );
  return { cache, keys };
};

describe('a cache of owners', () => {
  test('asks its placement once for a key that comes again and again, whatever else comes between', () => {
    const { cache, keys } = asked(10);
    for (let i = 0; i < 100; i++) {
      expect(cache.ownerOf('hot')).toBe('owner of hot');
      cache.ownerOf(`cold ${i}`);
    }
    expect(keys.filter((key) => key === 'hot')).toHaveLength(1);
    expect(keys).toHaveLength(101);
  });

  test('answers as its placement does, keeps no more than it may, and asks for none of the last half again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 100 }),
        (keysMax, numbers) => {
          const { cache, keys } = asked(keysMax);
          let latest: string[] = [];
          for (const key of numbers.map(String)) {
            const before = keys.length;
            expect(cache.ownerOf(key)).toBe(`owner of ${key}`);
            expect(cache.size).toBeLessThanOrEqual(keysMax);
            if (latest.includes(key)) expect(keys.length).toBe(before);
            latest = [key, ...latest.filter((one) => one !== key)].slice(0, Math.floor(keysMax / 2));
          }
        },
      ),
    );
  });

  test('gives the servers of a ketama ring themselves, and forgets with the ring', () => {
    const ketama = Ketama.of([{ host: 'a' }, { host: 'b' }]);
    const cache = new OwnerCache((key) => ketama.serverOf(key));
    for (let i = 0; i < 200; i++) expect(cache.ownerOf(`key ${i % 100}`)).toBe(ketama.serverOf(`key ${i % 100}`));
    expect(cache.size).toBe(100);
  });

  test.each([1, 2.5, Number.NaN, -4])('refuses to keep %s keys', (keysMax) => {
    expect(() => asked(keysMax)).toThrow('keysMax must be a whole number from 2 on');
  });
});
