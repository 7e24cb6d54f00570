import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../base/index.ts';
import { RatelessDecoder, RatelessEncoder, SHA256, sipKey } from './index.ts';
import { RatelessCells } from './rateless-cells.ts';

const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i * 7));
const item = (n: number, itemBytes = 8) => SHA256.of(Uint8Array.of(n, n >> 8, n >> 16, n >> 24)).subarray(0, itemBytes);
const sorted = (items: readonly Uint8Array[]) => items.map((bytes) => Buffer.from(bytes).toString('hex')).sort();

function reconcile(theirs: readonly Uint8Array[], mine: readonly Uint8Array[], itemBytes: number, batch: number) {
  const encoder = new RatelessEncoder({ itemBytes, key });
  const decoder = new RatelessDecoder({ itemBytes, key });
  for (const each of theirs) encoder.add(each);
  for (const each of mine) decoder.add(each);
  let bytes = 0;
  for (let state = 'more'; state === 'more'; ) {
    const symbols = encoder.produce(batch);
    bytes += symbols.length;
    state = decoder.receive(symbols);
  }
  return { missing: decoder.missing, surplus: decoder.surplus, symbols: decoder.received, bytes };
}

test('the receiver learns exactly what each side lacks', () => {
  const set = fc.uniqueArray(fc.nat(60), { maxLength: 40 });
  fc.assert(
    fc.property(
      set,
      set,
      fc.constantFrom(1, 3, 8, 33),
      fc.integer({ min: 1, max: 9 }),
      (theirs, mine, itemBytes, batch) => {
        // Distinct at any length: the number itself comes first.
        const of = (n: number) => Uint8Array.of(n, ...item(n, 32), 0).subarray(0, itemBytes);
        const found = reconcile(theirs.map(of), mine.map(of), itemBytes, batch);
        expect(sorted(found.missing)).toEqual(sorted(theirs.filter((n) => !mine.includes(n)).map(of)));
        expect(sorted(found.surplus)).toEqual(sorted(mine.filter((n) => !theirs.includes(n)).map(of)));
      },
    ),
  );
});

test('section 4.2: an item is in cell i with probability 1 / (1 + i/2)', () => {
  const cells = new RatelessCells(8, key);
  for (let n = 0; n < 4000; n++) cells.add(item(n), 1);
  cells.extend(400);
  expect(cells.count(0)).toBe(4000);
  /** Cells from `first` on, as a share of what is expected of them. */
  const share = (first: number, length: number) => {
    let [held, expected] = [0, 0];
    for (let i = first; i < first + length; i++) {
      held += cells.count(i);
      expected += 4000 / (1 + i / 2);
    }
    return held / expected;
  };
  for (const [first, length] of [
    [1, 1],
    [2, 1],
    [3, 3],
    [10, 10],
    [100, 200],
  ] as const)
    expect(Math.abs(share(first, length) - 1), `cells from ${first}`).toBeLessThan(0.05);
});

describe('section 5.2: the symbols needed per difference', () => {
  const mean = (difference: number, trials: number) => {
    let symbols = 0;
    for (let trial = 0; trial < trials; trial++) {
      const base = trial * 100_003;
      const theirs = Array.from({ length: difference }, (_, i) => item(base + i));
      symbols += reconcile(theirs.slice(difference >> 1), theirs.slice(0, difference >> 1), 8, 1).symbols;
    }
    return symbols / trials / difference;
  };
  test('one difference: one symbol', () => {
    expect(mean(1, 20)).toBe(1);
  });
  test('a few differences: at most 1.72 or so on average, the worst of all sizes', () => {
    for (const difference of [4, 8, 16]) expect(mean(difference, 150)).toBeLessThan(1.9);
  });
  test('many differences: 1.35 to 1.4', () => {
    const overhead = mean(2000, 3);
    expect(overhead).toBeGreaterThan(1.3);
    expect(overhead).toBeLessThan(1.42);
  });
});

test('what both sides have costs nothing: the same stream whatever is common', () => {
  const common = Array.from({ length: 5000 }, (_, i) => item(1_000_000 + i));
  const [a, b] = [Array.from({ length: 20 }, (_, i) => item(i)), Array.from({ length: 20 }, (_, i) => item(100 + i))];
  expect(reconcile([...common, ...a], [...common, ...b], 8, 1).symbols).toBe(reconcile(a, b, 8, 1).symbols);
});

describe('refuses', () => {
  const encoder = () => {
    const one = new RatelessEncoder({ itemBytes: 8, key });
    for (let n = 0; n < 100; n++) one.add(item(n));
    return one;
  };
  test('symbols out of order, cut short or too many', () => {
    const source = encoder();
    const [first, second] = [source.produce(4), source.produce(4)];
    const decoder = new RatelessDecoder({ itemBytes: 8, key, symbolsMax: 6 });
    expect(() => decoder.receive(second)).toThrow('symbol 0 was expected, not 4');
    expect(() => decoder.receive(first.subarray(0, 20))).toThrow('items claimed');
    expect(decoder.receive(first)).toBe('more');
    expect(new RatelessDecoder({ itemBytes: 8, key, symbolsMax: 4 }).receive(first)).toBe('more');
    expect(() => decoder.receive(second)).toThrow('more than 6 symbols: the sets differ too much');
  });
  test('a stream that would give the same item again and again', () => {
    // A single item's sum, hash and count in every cell: also in those that are not its own.
    const honest = new RatelessEncoder({ itemBytes: 8, key });
    honest.add(item(1));
    const symbol = honest.produce(1).subarray(3);
    const writer = new ByteWriter();
    for (const n of [0, 40, 0]) writer.uint(n);
    for (let i = 0; i < 40; i++) {
      writer.raw(symbol.subarray(0, 16));
      writer.int(1);
    }
    expect(() => new RatelessDecoder({ itemBytes: 8, key }).receive(writer.take())).toThrow('not of a set');
  });
  test('another key: nothing is found, rather than something wrong', () => {
    const decoder = new RatelessDecoder({ itemBytes: 8, key: sipKey(new Uint8Array(16)) });
    expect(decoder.receive(encoder().produce(300))).toBe('more');
    expect(decoder.missing).toEqual([]);
  });
  test('items of another length, and items that come too late', () => {
    const source = encoder();
    expect(() => source.add(item(1, 4))).toThrow('an item must have 8 bytes, not 4');
    const decoder = new RatelessDecoder({ itemBytes: 8, key });
    decoder.receive(source.produce(1));
    expect(() => source.add(item(200))).toThrow('the set is fixed');
    expect(() => decoder.add(item(200))).toThrow('the set is fixed');
    expect(() => new RatelessEncoder({ itemBytes: 0, key })).toThrow('from 1 to 4,096, not 0');
  });
});
