import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measure } from './measure.js';
import { readTable, tableOf, wrongWith } from './table.js';

const size = (minified: number) => ({ minified, gzip: minified / 2, brotli: minified / 4 });
const measured = (exports: Record<string, number>, specifier = '@quorate/patterns/a') => [
  {
    specifier,
    whole: size(9000),
    exports: new Map(Object.entries(exports).map(([name, bytes]) => [name, size(bytes)])),
  },
];

describe('the table of sizes', () => {
  test('lists what adds a kilobyte or more, the heaviest first, and can be read again', () => {
    const table = tableOf(measured({ Small: 998, Large: 4000, Larger: 12_000 }));
    expect(table).toContain(`## @quorate/patterns/a

| import | minified | gzip | brotli |
|---|--:|--:|--:|
| all of it | 9,000 | 4,500 | 2,250 |
| \`Larger\` | 12,000 | 6,000 | 3,000 |
| \`Large\` | 4,000 | 2,000 | 1,000 |
`);
    expect(table).not.toContain('Small');
    const lines = new Map(Object.entries({ '*': 9000, Larger: 12_000, Large: 4000 }));
    expect(readTable(table)).toEqual(new Map([['@quorate/patterns/a', lines]]));
  });
  test('holds for what was measured, and for a tenth more', () => {
    const table = tableOf(measured({ Small: 998, Large: 4000, A: 1000 }));
    expect(wrongWith(table, measured({ Small: 1000, Large: 4400, A: 1150 }))).toEqual([]);
    expect(wrongWith(table, measured({ Small: 1, Large: 1, A: 1 }))).toEqual([]);
  });
  test('fails on what has grown, has no line or is gone', () => {
    const table = tableOf(measured({ Small: 998, Large: 4000, Gone: 2000 }));
    expect(wrongWith(table, measured({ Small: 1001, Large: 4401, New: 5000 }))).toEqual([
      'Small of @quorate/patterns/a adds 1001 bytes, and is not in the table',
      'Large of @quorate/patterns/a adds 4401 bytes, where the table has 4000, and at most 4400 are allowed',
      'New of @quorate/patterns/a adds 5000 bytes, and is not in the table',
      'Gone is in the table, but @quorate/patterns/a does not export it',
    ]);
    expect(wrongWith(table, measured({ Small: 1 }, '@quorate/patterns/b'))).toEqual([
      '@quorate/patterns/b is not in the table',
      '@quorate/patterns/a is in the table, but cannot be imported',
    ]);
  });
  test('is measured on real bundles: one export costs less than all of them', async () => {
    const { whole, exports: all } = await measure('@quorate/patterns/gossip');
    const sizes = all.get('AntiEntropy')!;
    expect(sizes.minified).toBeGreaterThan(500);
    expect(sizes.minified).toBeLessThan(whole.minified / 2);
    expect(sizes.gzip).toBeLessThan(sizes.minified);
  });
  test('names a few kilobytes for the ones that people import alone', () => {
    const table = readTable(readFileSync(new URL('../../docs/tables/sizes.md', import.meta.url), 'utf8'));
    for (const [family, name] of [
      ['sketches', 'BloomFilter'],
      ['resilience', 'CircuitBreaker'],
      ['partitioning', 'HashRing'],
      ['detection', 'PhiAccrualDetector'],
      ['ids', 'Snowflake'],
      ['time', 'HybridClock'],
    ] as const)
      expect(table.get(`@quorate/patterns/${family}`)?.get(name)).toBeLessThan(9000);
  });
});
