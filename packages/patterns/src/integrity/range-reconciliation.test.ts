import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, binaryFromBytes } from '../base/index.ts';
import { CRC32C, RangeReconciliation, type RangeReconciliationOptions, RangeSet, SHA256 } from './index.ts';

const hex = (items: readonly Uint8Array[]) => items.map((bytes) => Buffer.from(bytes).toString('hex')).sort();
const item = (n: number, itemBytes = 3) => SHA256.of(Uint8Array.of(n, n >> 8, n >> 16)).slice(0, itemBytes);
const setOf = (items: Iterable<Uint8Array>, itemBytes = 3) => {
  const set = new RangeSet(itemBytes, SHA256);
  for (const each of items) set.add(each);
  return set;
};

function exchange(a: RangeSet, b: RangeSet, options: Partial<RangeReconciliationOptions> = {}) {
  const asker = new RangeReconciliation(a, { digest: SHA256, ...options });
  const other = new RangeReconciliation(b, { digest: SHA256, ...options });
  let messages = 0;
  let bytes = 0;
  let longest = 0;
  let [to, from] = [other, asker];
  for (let message: Uint8Array | undefined = asker.start(); message !== undefined; [to, from] = [from, to]) {
    messages += 1;
    bytes += message.length;
    longest = Math.max(longest, message.length);
    message = to.receive(message);
  }
  return { asker, other, messages, bytes, longest };
}

describe('a range set', () => {
  /** Few short items, so that they meet again. */
  const steps = fc.array(
    fc.record({ add: fc.boolean(), item: fc.uint8Array({ minLength: 2, maxLength: 2, max: 3 }) }),
    { maxLength: 60 },
  );
  test('behaves as a sorted list does, and its sums as the list’s', () => {
    const bound = fc.option(fc.uint8Array({ maxLength: 3, max: 3 }), { nil: undefined });
    fc.assert(
      fc.property(steps, bound, fc.nat(16), fc.nat(16), (changes, upper, x, y) => {
        const set = new RangeSet(2, SHA256);
        const list = new Map<string, Uint8Array>();
        for (const { add, item } of changes) {
          const name = binaryFromBytes(item);
          expect(add ? set.add(item) : set.remove(item)).toBe(list.has(name) !== add);
          if (add) list.set(name, item);
          else list.delete(name);
          expect(set.has(item)).toBe(add);
        }
        const names = [...list.keys()].sort();
        expect(set.size).toBe(names.length);
        expect(names.map((_, rank) => binaryFromBytes(set.at(rank)))).toEqual(names);
        expect(set.rank(upper)).toBe(
          upper === undefined ? names.length : names.filter((n) => n < binaryFromBytes(upper)).length,
        );
        const [from, to] = [Math.min(x, y, names.length), Math.min(Math.max(x, y), names.length)];
        const into = new Uint8Array(32);
        set.sum(from, to, into);
        const number = (bytes: Uint8Array) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);
        const expected = names.slice(from, to).reduce((sum, n) => sum + number(SHA256.of(list.get(n)!)), 0n);
        expect(number(into)).toBe(BigInt.asUintN(256, expected));
      }),
      { numRuns: 300 },
    );
  });
  test('refuses items of another length, ranks that are not there and digests that are too short', () => {
    const set = setOf([item(1)]);
    expect(() => set.add(new Uint8Array(2))).toThrow('an item must have 3 bytes, not 2');
    expect(() => set.remove(new Uint8Array(4))).toThrow('an item must have 3 bytes, not 4');
    expect(() => set.at(1)).toThrow('rank must be from 0 to 0, not 1');
    expect(() => new RangeSet(2, CRC32C as never)).toThrow('must have 32 bytes, but crc32c has 4');
  });
});

test('both sides learn exactly what each lacks, also when messages are short', () => {
  const subset = fc.uniqueArray(fc.nat(200), { maxLength: 120 });
  const options = fc.record({
    parts: fc.constantFrom(2, 4),
    listedMax: fc.constantFrom(4, 9),
    messageBytesMax: fc.constantFrom(0, 40, 5000),
  });
  fc.assert(
    fc.property(subset, subset, options, (a, b, o) => {
      const { asker, other } = exchange(setOf(a.map((n) => item(n))), setOf(b.map((n) => item(n))), o);
      const onlyA = hex(a.filter((n) => !b.includes(n)).map((n) => item(n)));
      const onlyB = hex(b.filter((n) => !a.includes(n)).map((n) => item(n)));
      expect({ missing: hex(asker.missing), surplus: hex(asker.surplus) }).toEqual({ missing: onlyB, surplus: onlyA });
      expect({ missing: hex(other.missing), surplus: hex(other.surplus) }).toEqual({ missing: onlyA, surplus: onlyB });
    }),
    { numRuns: 200 },
  );
});

describe('cost', () => {
  const many = Array.from({ length: 4000 }, (_, n) => item(n, 16));
  test('equal sets: one message of one fingerprint', () => {
    expect(exchange(setOf(many, 16), setOf(many, 16))).toMatchObject({ messages: 1, bytes: 18 });
  });
  test('one difference: a message per level of splitting, and one for the items', () => {
    const { messages, bytes, asker } = exchange(setOf(many, 16), setOf(many.slice(1), 16));
    expect(hex(asker.surplus)).toEqual(hex([many[0]!]));
    expect(messages).toBe(5);
    expect(bytes).toBeLessThan(18 + 2 * 16 * 21 + 33 * 16 + 64);
  });
  test('differences that lie together cost a fraction of those that are scattered', () => {
    const inOrder = [...many].sort(Buffer.compare);
    const together = exchange(setOf(many, 16), setOf([...inOrder.slice(0, 2000), ...inOrder.slice(2100)], 16));
    const scattered = exchange(setOf(many, 16), setOf(many.slice(100), 16));
    expect(together.asker.surplus.length).toBe(100);
    expect(together.bytes * 5).toBeLessThan(scattered.bytes);
  });
  test('messages keep to their bound, but for one range', () => {
    const half = many.filter((_, n) => n % 2 === 0);
    const { longest, asker } = exchange(setOf(many, 16), setOf(half, 16), { messageBytesMax: 4000 });
    expect(asker.surplus.length).toBe(2000);
    expect(longest).toBeLessThan(4000 + 16 * 33 * 16);
  });
  test('a side that has nothing gets the other’s items in parts', () => {
    const { longest, asker } = exchange(setOf([], 16), setOf(many, 16), { messageBytesMax: 4000 });
    expect(hex(asker.missing)).toEqual(hex(many));
    expect(longest).toBeLessThan(4000 + 16 * 33 * 16);
  });
});

test('items that come while the exchange runs do no harm: the next exchange finds them', () => {
  const [a, b] = [
    setOf(Array.from({ length: 300 }, (_, n) => item(n))),
    setOf(Array.from({ length: 299 }, (_, n) => item(n))),
  ];
  const [asker, other] = [
    new RangeReconciliation(a, { digest: SHA256 }),
    new RangeReconciliation(b, { digest: SHA256 }),
  ];
  let message: Uint8Array | undefined = asker.start();
  for (let turn = 0; message !== undefined; turn++) {
    message = (turn % 2 === 0 ? other : asker).receive(message);
    if (turn < 2) (turn % 2 === 0 ? a : b).add(item(1000 + turn));
  }
  for (const each of other.missing) b.add(each);
  for (const each of asker.missing) a.add(each);
  const next = exchange(a, b);
  for (const each of next.other.missing) b.add(each);
  for (const each of next.asker.missing) a.add(each);
  expect(exchange(a, b).messages).toBe(1);
  expect(a.size).toBe(302);
});

test('what is not a message is refused', () => {
  const side = () => new RangeReconciliation(setOf([item(1)]), { digest: SHA256 });
  const bytes = (...values: number[]) => {
    const writer = new ByteWriter();
    for (const value of values) writer.u8(value);
    return writer.take();
  };
  expect(() => side().receive(bytes(0, 9))).toThrow('9 exceeds the bound of 3');
  expect(() => side().receive(bytes(0, 1, 5))).toThrow('truncated');
  expect(() => side().receive(bytes(2, 7, 0, 2, 7, 0))).toThrow('must ascend');
  expect(() => side().receive(bytes(5))).toThrow('5 exceeds the bound of 4');
  expect(() => side().receive(bytes(0, 2, 200))).toThrow('truncated');
  expect(() => side().receive(bytes(0, 0, 1))).toThrow('too many');
  expect(() => new RangeReconciliation(setOf([]), { digest: SHA256, parts: 1 })).toThrow('at least 2');
  expect(() => new RangeReconciliation(setOf([]), { digest: SHA256, listedMax: 3 })).toThrow(
    'at least parts (16), not 3',
  );
});
