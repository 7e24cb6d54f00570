/** The writer against a list of bytes, the reader against the definition of the format. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, BytesError, ByteWriter, InvariantError } from './index.ts';

/** LEB128 by its definition, on integers without a bound. */
function groups(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  return rest === 0n ? [low] : [low | 0x80, ...groups(rest)];
}

type Act =
  | { readonly kind: 'u8' | 'u32' | 'uint' | 'int'; readonly value: number }
  | { readonly kind: 'raw'; readonly value: Uint8Array }
  | { readonly kind: 'text' | 'binary'; readonly value: string }
  | { readonly kind: 'patch'; readonly at: number; readonly value: number }
  | { readonly kind: 'truncate'; readonly to: number }
  | { readonly kind: 'take' | 'lend' | 'copy' | 'reset' };

const u32 = fc.nat(2 ** 32 - 1);
const integer = fc.oneof(
  fc.integer({ min: -130, max: 130 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, 2 ** 53 - 1),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('u32' as const), value: u32 }),
  fc.record({ kind: fc.constant('uint' as const), value: integer }),
  fc.record({ kind: fc.constant('int' as const), value: integer }),
  fc.record({ kind: fc.constant('raw' as const), value: fc.uint8Array({ maxLength: 70, size: 'max' }) }),
  fc.record({
    kind: fc.constantFrom('text' as const, 'binary' as const),
    value: fc.string({ unit: fc.constantFrom('a', '~', '\x7f', '\x80', 'é', 'ÿ'), maxLength: 30, size: 'max' }),
  }),
  fc.record({ kind: fc.constant('patch' as const), at: fc.integer({ min: -1, max: 20 }), value: u32 }),
  fc.record({ kind: fc.constant('truncate' as const), to: fc.integer({ min: -1, max: 20 }) }),
  fc.record({ kind: fc.constantFrom('take' as const, 'lend' as const, 'copy' as const, 'reset' as const) }),
);

const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((bits) => (value >>> bits) & 0xff);

/** What `record` becomes; undefined when the act is refused and changes nothing. */
function expected(record: readonly number[], what: Act): number[] | undefined {
  switch (what.kind) {
    case 'u8':
      return [...record, what.value];
    case 'u32':
      return [...record, ...littleEndian(what.value)];
    case 'uint':
      return what.value < 0 ? undefined : [...record, ...groups(BigInt(what.value))];
    case 'int': {
      const magnitude = what.value < 0 ? -1n - BigInt(what.value) : BigInt(what.value);
      const rest = magnitude >> 6n;
      const first = Number(magnitude & 0x3fn) | (what.value < 0 ? 0x40 : 0) | (rest > 0n ? 0x80 : 0);
      return [...record, first, ...(rest > 0n ? groups(rest) : [])];
    }
    case 'raw':
      return [...record, ...what.value];
    case 'text': {
      const bytes = new TextEncoder().encode(what.value);
      return [...record, ...groups(BigInt(bytes.length)), ...bytes];
    }
    case 'binary':
      return [...record, ...groups(BigInt(what.value.length)), ...[...what.value].map((unit) => unit.charCodeAt(0))];
    case 'patch':
      if (what.at < 0 || what.at + 4 > record.length) return undefined;
      return [...record.slice(0, what.at), ...littleEndian(what.value), ...record.slice(what.at + 4)];
    case 'truncate':
      return what.to < 0 || what.to > record.length ? undefined : record.slice(0, what.to);
    default:
      return [];
  }
}

function perform(writer: ByteWriter, what: Act): Uint8Array | undefined {
  switch (what.kind) {
    case 'patch':
      writer.patchU32(what.at, what.value);
      return undefined;
    case 'truncate':
      writer.truncate(what.to);
      return undefined;
    case 'text':
    case 'binary':
      writer[what.kind](what.value);
      return undefined;
    case 'raw':
      writer.raw(what.value);
      return undefined;
    case 'take':
    case 'lend':
    case 'copy':
      return writer[what.kind]();
    case 'reset':
      writer.reset();
      return undefined;
    default:
      writer[what.kind](what.value);
      return undefined;
  }
}

test('a writer is a list of bytes: what it is told is what it hands over, and nobody can change that later', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), fc.nat(40), (acts, initial) => {
      const writer = new ByteWriter(initial);
      const kept: [handed: Uint8Array, bytes: readonly number[]][] = [];
      let record: number[] = [];
      for (const what of acts) {
        const next = expected(record, what);
        if (next === undefined) {
          expect(() => perform(writer, what)).toThrow(InvariantError);
          continue;
        }
        const handed = perform(writer, what);
        if (handed !== undefined) {
          expect([...handed]).toEqual(record);
          if (what.kind !== 'lend') kept.push([handed, record]);
        }
        record = next;
        expect(writer.length).toBe(record.length);
      }
      expect([...writer.take()]).toEqual(record);
      for (const [handed, bytes] of kept) expect([...handed]).toEqual(bytes);
    }),
    { numRuns: 400 },
  );
});

test.each([Number.NaN, 0.5, -1, 2 ** 53])('%d is no uint, and nothing is written', (value) => {
  const writer = new ByteWriter();
  expect(() => writer.uint(value)).toThrow(InvariantError);
  expect(writer.length).toBe(0);
  if (value === -1) return;
  expect(() => writer.int(value)).toThrow(InvariantError);
  expect(writer.length).toBe(0);
});

test('what there is room for is written without another buffer', () => {
  const writer = new ByteWriter(16);
  writer.reserve(5000);
  writer.u8(1);
  const first = writer.take();
  for (let i = 0; i < 4999; i++) writer.u8(i);
  expect(writer.take().buffer).toBe(first.buffer);
});

/** The value and how many bytes it took; undefined for what is no integer of the format. */
function read(input: readonly number[]): readonly [value: bigint, bytes: number] | undefined {
  let value = 0n;
  for (const [i, byte] of input.entries()) {
    value += BigInt(byte & 0x7f) << BigInt(7 * i);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    if (byte < 0x80) return byte === 0 && i > 0 ? undefined : [value, i + 1];
  }
  return undefined;
}

test('an integer is read as the format defines it, or refused', () => {
  const byte = fc.oneof(fc.constantFrom(0, 1, 0x0f, 0x10, 0x7f, 0x80, 0x81, 0xff), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 12, size: 'max' }), (input) => {
      const defined = read(input);
      const reader = new ByteReader(Uint8Array.from(input));
      if (defined === undefined) expect(() => reader.uint()).toThrow(BytesError);
      else expect([BigInt(reader.uint()), reader.offset]).toEqual(defined);
    }),
    { numRuns: 2000 },
  );
});

describe('a reader of a part of its input', () => {
  const input = Uint8Array.of(9, 1, 2, 3, 9);
  const part = (): ByteReader => new ByteReader(input, 1, 4);

  test('sees that part, by whatever way it is read', () => {
    expect([...part().rest()]).toEqual([1, 2, 3]);
    expect([...part().raw(3)]).toEqual([1, 2, 3]);
    const reader = part();
    reader.skip(2);
    expect([reader.offset, reader.remaining, reader.u8(), reader.remaining]).toEqual([3, 1, 3, 0]);
    reader.expectEnd();
    reader.skip(0);
    expect([...reader.rest()]).toEqual([]);
  });

  test('refuses a byte more, and says where', () => {
    expect(() => part().raw(4)).toThrow('truncated: 4 bytes expected, 3 left at byte 1');
    expect(() => part().skip(4)).toThrow(BytesError);
    expect(() => part().binary()).not.toThrow();
    expect(() => new ByteReader(input, 3, 4).binary()).toThrow('truncated: 3 bytes expected, 0 left at byte 4');
    const why = { name: 'BytesError', offset: 1, message: '3 bytes too many at byte 1' };
    expect(() => part().expectEnd()).toThrow(expect.objectContaining(why));
  });

  test.each([
    [-1, 2],
    [3, 2],
    [0, 6],
  ])('is not made from %i to %i', (from, to) => {
    expect(() => new ByteReader(input, from, to)).toThrow(InvariantError);
  });
});

test('as many items can follow as there is room for, and not one more', () => {
  const holding = (count: number, bytes: number): ByteReader =>
    new ByteReader(Uint8Array.of(count, ...new Array(bytes)));
  expect(holding(4, 4).count()).toBe(4);
  expect(holding(2, 4).count(2)).toBe(2);
  expect(() => holding(5, 4).count()).toThrow('5 items claimed, 4 bytes left');
  expect(() => holding(3, 5).count(2)).toThrow(BytesError);
});

test('a boolean is 0 or 1', () => {
  const reader = new ByteReader(Uint8Array.of(0, 1, 2));
  expect([reader.boolean(), reader.boolean()]).toEqual([false, true]);
  expect(() => reader.boolean()).toThrow('must be 0 or 1, not 2');
});

test.each([127, 128, 129, 200])('text of %i letters is read as it was written', (length) => {
  const writer = new ByteWriter();
  writer.text('a'.repeat(length));
  expect(new ByteReader(writer.take()).text()).toBe('a'.repeat(length));
});

describe.each([2, 19, 20, 21, 60])('text of %i bytes', (length) => {
  const holding = (...bytes: readonly number[]): ByteReader => new ByteReader(Uint8Array.of(length, ...bytes));
  const a = new Array<number>(length).fill(97);

  test('that is no UTF-8 is refused at its beginning', () => {
    expect(() => holding(...a.slice(1), 0x80).text()).toThrow('text is not valid UTF-8 at byte 0');
    expect(() => holding(...a.slice(1), 0xc3).text()).toThrow(BytesError);
  });

  test('keeps a byte order mark', () => {
    const writer = new ByteWriter();
    writer.text(`\uFEFF${'a'.repeat(length)}`);
    expect(new ByteReader(writer.take()).text()).toBe(`\uFEFF${'a'.repeat(length)}`);
  });

  test('has at most the bytes that it may have', () => {
    expect(holding(...a).text(length)).toBe('a'.repeat(length));
    expect(() => holding(...a).text(length - 1)).toThrow(`${length} exceeds the bound of ${length - 1}`);
    expect(() => holding(...a.slice(1)).text()).toThrow('truncated');
  });
});
