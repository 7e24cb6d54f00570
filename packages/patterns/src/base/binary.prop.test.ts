import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, binaryFromBytes, bytesFromBinary } from './index.ts';

// Long ones, too: without its size a generator that shrinks well hardly makes any.
const bytes = fc.uint8Array({ maxLength: 600, size: 'max' });

test('bytes to a binary string and back gives the same bytes', () => {
  fc.assert(
    fc.property(bytes, (b) => {
      expect([...bytesFromBinary(binaryFromBytes(b))]).toEqual([...b]);
    }),
  );
});

test('a part of the bytes gives the same part of the string', () => {
  fc.assert(
    fc.property(bytes, fc.nat(600), fc.nat(600), (b, i, j) => {
      const start = Math.min(i, j, b.length);
      const end = Math.min(Math.max(i, j), b.length);
      expect(binaryFromBytes(b, start, end)).toBe(binaryFromBytes(b).slice(start, end));
    }),
  );
});

test('binary strings order as the bytes do', () => {
  const order = (a: Uint8Array, b: Uint8Array): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return Math.sign(a[i]! - b[i]!);
    return Math.sign(a.length - b.length);
  };
  const near = fc.uint8Array({ maxLength: 4 });
  fc.assert(
    fc.property(near, near, (a, b) => {
      const [x, y] = [binaryFromBytes(a), binaryFromBytes(b)];
      expect(x < y ? -1 : x > y ? 1 : 0).toBe(order(a, b));
    }),
    { numRuns: 1000 },
  );
});

test('a binary string goes through a writer and a reader as its bytes do', () => {
  fc.assert(
    fc.property(bytes, (b) => {
      const writer = new ByteWriter(16);
      writer.binary(binaryFromBytes(b));
      const written = writer.take();
      expect([...new ByteReader(written).bytes()]).toEqual([...b]);
      expect(new ByteReader(written).binary()).toBe(binaryFromBytes(b));
    }),
  );
});
