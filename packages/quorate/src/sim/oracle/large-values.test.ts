import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LARGE_VALUE_BYTES_MIN, largeValueName, nameOf, valueOf } from './large-values.ts';
import { markedValue, markOf } from './marks.ts';

const content = (mark: number, sizeBytes: number): Uint8Array =>
  (valueOf(largeValueName(mark, sizeBytes)) as Uint8Array).slice();
const mark = fc.integer({ min: 1, max: 5000 });
const sizeBytes = fc.integer({ min: LARGE_VALUE_BYTES_MIN, max: 3000 });

test('a large value is known by its name, and has the size that the name says', () => {
  fc.assert(
    fc.property(mark, sizeBytes, (of, size) => {
      expect(content(of, size)).toHaveLength(size);
      expect(nameOf(content(of, size))).toBe(`v${of}*${size}`);
    }),
  );
});

test('a small value stands for itself', () => {
  expect(valueOf(markedValue(7))).toBe('v7');
  expect(nameOf(new TextEncoder().encode('v7'))).toBe('v7');
});

describe('a large value is not known any more', () => {
  const changes: readonly (readonly [what: string, change: (value: Uint8Array, place: number) => Uint8Array])[] = [
    [
      'with one byte changed',
      (value, place) => value.map((byte, i) => (i === place % value.length ? byte ^ 0x10 : byte)),
    ],
    ['cut short', (value, place) => value.subarray(0, Math.max(LARGE_VALUE_BYTES_MIN, place % value.length))],
    ['with a byte more', (value) => Uint8Array.of(...value, 0)],
    [
      'with a piece of another value',
      (value, place) => {
        const changed = value.slice();
        const from = 40 + (place % (value.length - 50));
        changed.set(content(5001, value.length).subarray(from, from + 8), from);
        return changed;
      },
    ],
    [
      'with a piece from elsewhere in it',
      (value, place) => {
        const from = 40 + (place % (value.length - 60));
        return value.slice().copyWithin(from, from + 8, from + 16);
      },
    ],
    ['written over with zeros', (value) => value.fill(0)],
  ];

  test.each(changes)('%s', (_, change) => {
    fc.assert(
      fc.property(mark, sizeBytes, fc.nat(5000), (of, size, place) => {
        fc.pre(size > LARGE_VALUE_BYTES_MIN);
        const name = nameOf(change(content(of, size), place));
        expect(name).not.toBe(largeValueName(of, size));
        // Nor for anybody else's: nothing in the log is found by it.
        const put = { kind: 'put', key: Uint8Array.of(107), value: change(content(of, size), place) } as const;
        expect(markOf(put)).toBeUndefined();
      }),
    );
  });

  test('and it is said from where on', () => {
    const value = content(3, 200);
    value[150]! ^= 1;
    expect(nameOf(value)).toBe('v3*200 of 200 bytes, wrong from 150 on');
    expect(nameOf(content(3, 200).subarray(0, 170))).toBe('v3*200 of 170 bytes, wrong from 170 on');
  });
});

test('a write of a large value is found in the log by its mark', () => {
  const put = { kind: 'put', key: Uint8Array.of(107), value: content(12, 8192) } as const;
  expect(markOf(put)).toBe(12);
  expect(markOf({ kind: 'txn', compare: [], success: [put], failure: [] })).toBe(12);
});
