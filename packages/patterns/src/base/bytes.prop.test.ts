import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, BytesError, ByteWriter, uintSize } from './index.ts';

type Field =
  | { readonly kind: 'u8' | 'u32' | 'uint' | 'int' | 'f64'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'text'; readonly value: string };

const edges = fc.constantFrom(
  0,
  1,
  63,
  64,
  127,
  128,
  16_383,
  16_384,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 49,
  2 ** 53 - 1,
);
const unsigned = fc.oneof(edges, fc.maxSafeNat());
const signed = fc.oneof(
  edges.chain((n) => fc.constantFrom(n, -n - (n === 2 ** 53 - 1 ? 0 : 1))),
  fc.maxSafeInteger(),
);
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(2 ** 32 - 1) }),
  fc.record({ kind: fc.constant('uint' as const), value: unsigned }),
  fc.record({ kind: fc.constant('int' as const), value: signed.map((n) => (n === 0 ? 0 : n)) }),
  fc.record({ kind: fc.constant('f64' as const), value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300, size: 'max' }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme', maxLength: 40 }) }),
);

function write(writer: ByteWriter, f: Field): void {
  if (f.kind === 'boolean') writer.boolean(f.value);
  else if (f.kind === 'bytes') writer.bytes(f.value);
  else if (f.kind === 'text') writer.text(f.value);
  else writer[f.kind](f.value);
}

test('what is written is read back, and nothing is left', () => {
  fc.assert(
    fc.property(fc.array(field), fc.nat(40), (fields, initial) => {
      const writer = new ByteWriter(initial);
      for (const f of fields) write(writer, f);
      const reader = new ByteReader(writer.take());
      for (const f of fields) {
        const read = reader[f.kind]();
        if (read instanceof Uint8Array) expect([...read]).toEqual([...(f.value as Uint8Array)]);
        else expect(read).toBe(f.value);
      }
      reader.expectEnd();
    }),
  );
});

test('uintSize is the number of bytes that uint takes', () => {
  fc.assert(
    fc.property(unsigned, (value) => {
      const writer = new ByteWriter();
      writer.uint(value);
      expect(writer.length).toBe(uintSize(value));
    }),
  );
});

test('a cut or arbitrary input gives a value or a BytesError, never another error', () => {
  const kinds = fc.array(
    fc.constantFrom('u8', 'u32', 'uint', 'int', 'f64', 'boolean', 'bytes', 'text', 'count') as fc.Arbitrary<
      Field['kind'] | 'count'
    >,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), kinds, (input, reads) => {
      const reader = new ByteReader(input);
      try {
        for (const kind of reads) reader[kind]();
      } catch (error) {
        expect(error).toBeInstanceOf(BytesError);
      }
      expect(reader.remaining).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});

test('an integer has one encoding only: what was read, when written again, gives the same bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 10 }),
      fc.constantFrom('uint' as const, 'int' as const),
      (input, kind) => {
        const reader = new ByteReader(input);
        let value: number;
        try {
          value = reader[kind]();
        } catch {
          return;
        }
        const writer = new ByteWriter();
        writer[kind](value);
        expect([...writer.take()]).toEqual([...input.subarray(0, reader.offset)]);
      },
    ),
    { numRuns: 2000 },
  );
});

test('bytes taken from a writer do not change when it writes on', () => {
  const writer = new ByteWriter(16);
  writer.text('first');
  const first = writer.take();
  for (let i = 0; i < 100; i++) writer.u32(i);
  expect(new ByteReader(first).text()).toBe('first');
  expect(new ByteReader(writer.take()).remaining).toBe(400);
});

test('a copy is exactly what was written, does not change when the writer writes on, and leaves the writer empty', () => {
  const writer = new ByteWriter(16);
  writer.text('taken');
  const taken = writer.take();
  writer.text('copied');
  const copied = writer.copy();
  expect(copied.buffer.byteLength).toBe(copied.length);
  expect(writer.length).toBe(0);
  for (let i = 0; i < 100; i++) writer.u32(i);
  expect(new ByteReader(taken).text()).toBe('taken');
  expect(new ByteReader(copied).text()).toBe('copied');
});

test('what a writer lends is what was written, and makes room for what comes next in the same buffer', () => {
  const writer = new ByteWriter(16);
  writer.text('taken');
  const taken = writer.take();
  writer.text('first');
  const first = writer.lend();
  expect(new ByteReader(first).text()).toBe('first');
  expect(writer.length).toBe(0);
  writer.text('other');
  expect(new ByteReader(first).text()).toBe('other');
  expect(new ByteReader(taken).text()).toBe('taken');
});

test('text of any length around the short ones is read as it was written, ASCII or not', () => {
  for (let length = 0; length < 40; length++)
    for (const letter of ['a', 'é', '漢', '🙂']) {
      const text = letter.repeat(length);
      const writer = new ByteWriter();
      writer.text(text);
      writer.u8(7);
      const reader = new ByteReader(writer.take());
      expect(reader.text()).toBe(text);
      expect(reader.u8()).toBe(7);
    }
});

test('a claimed count or length beyond the input or its bound is refused before anything is allocated', () => {
  const writer = new ByteWriter();
  writer.uint(2 ** 40);
  const input = writer.take();
  expect(() => new ByteReader(input).count()).toThrow(/items claimed/);
  expect(() => new ByteReader(input).bytes()).toThrow(/truncated/);
  expect(() => new ByteReader(input).bytes(1024)).toThrow(/exceeds the bound of 1024 at byte 6/);
});
