/**
 * Compact binary records: a writer that grows and a reader that is bounded and total. Integers are LEB128 varints
 * (up to 2^53 − 1, shortest form only), fixed-width ones are little-endian, byte strings and text carry their length.
 *
 * The reader copies nothing: `bytes` and `rest` are views of its input. Whatever the input, it either returns a value or
 * throws `BytesError`; it never reads outside its bounds, and never allocates more than the input is long.
 */
import { assert } from './assert.ts';
import { asciiFromBytes, binaryFromBytes } from './binary.ts';

/** The bytes are not what the reader was asked for: truncated, out of range, or not in the shortest form. */
export class BytesError extends Error {
  override readonly name = 'BytesError';
  /** Offset into the reader's input at which it gave up. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Below this many characters a loop over ASCII beats a call of `TextEncoder`. */
const SHORT_TEXT = 24;
/** The same for `TextDecoder`. */
const SHORT_READ = 20;
/** 2^53 takes eight groups of seven bits. */
const VARINT_BYTES_MAX = 8;

/** How many bytes `ByteWriter.uint` takes for `value`. */
export function uintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Appends to a buffer that doubles as needed. `take` hands the bytes over without a copy. */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  /** Where the record being written starts; bytes before it have been taken. */
  #start = 0;
  #end = 0;

  constructor(initialBytes: number = 256) {
    this.#buffer = new Uint8Array(Math.max(16, initialBytes));
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Bytes written since the last `take` or `reset`. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Ensures room for `bytes` more, so that a run of small writes grows at most once. */
  reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const length = this.#end - this.#start;
    const grown = new Uint8Array(Math.max(length + bytes, Math.min(this.#buffer.length * 2, length * 2 + 65_536), 64));
    grown.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
    this.#start = 0;
    this.#end = length;
  }

  u8(value: number): void {
    if (this.#end === this.#buffer.length) this.reserve(1);
    this.#buffer[this.#end++] = value;
  }

  boolean(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  /** Overwrites four bytes written earlier, `offset` counted from the start of the record: for lengths known last. */
  patchU32(offset: number, value: number): void {
    assert(offset >= 0 && offset + 4 <= this.length, 'patchU32 must stay within the record');
    this.#view.setUint32(this.#start + offset, value, true);
  }

  /** IEEE 754, 8 bytes: for quantities that are not integers. */
  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  /** A safe integer ≥ 0: 1 byte below 128, at most 8. */
  uint(value: number): void {
    if ((value & 0x7f) === value) {
      this.u8(value);
      return;
    }
    assert(Number.isSafeInteger(value) && value >= 0, 'uint needs a safe integer ≥ 0');
    this.reserve(VARINT_BYTES_MAX);
    this.#varint(value);
  }

  /** Any safe integer; the first byte carries the sign and six bits, so −64 to 63 take one. */
  int(value: number): void {
    assert(Number.isSafeInteger(value), 'int needs a safe integer');
    this.reserve(VARINT_BYTES_MAX + 1);
    const sign = value < 0 ? 0x40 : 0;
    // −1 − value, so that zero has one form and the smallest integer fits.
    const magnitude = value < 0 ? -1 - value : value;
    const rest = Math.floor(magnitude / 0x40);
    this.#buffer[this.#end++] = sign | (magnitude % 0x40) | (rest > 0 ? 0x80 : 0);
    if (rest > 0) this.#varint(rest);
  }

  /** The bytes as they are, without a length. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.uint(bytes.length);
    this.raw(bytes);
  }

  /** A binary string (see `binaryFromBytes`), read back by `binary` or by `bytes`. */
  binary(binary: string): void {
    const { length } = binary;
    this.uint(length);
    this.reserve(length);
    for (let i = 0; i < length; i++) this.#buffer[this.#end + i] = binary.charCodeAt(i);
    this.#end += length;
  }

  /** A length in bytes, then UTF-8. A lone surrogate is written as U+FFFD. */
  text(text: string): void {
    if (text.length <= SHORT_TEXT && this.#ascii(text)) return;
    this.bytes(encoder.encode(text));
  }

  /** What was written, as a view; the writer goes on behind it and never touches it again. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }

  /** What was written, as a view that is good until the next write: the writer begins anew in the same buffer. For what is used at once. */
  lend(): Uint8Array {
    const lent = this.#buffer.subarray(this.#start, this.#end);
    this.#end = this.#start;
    return lent;
  }

  /** What was written, in bytes of its own; the writer begins anew in the same buffer. For many small records that are kept. */
  copy(): Uint8Array {
    return this.lend().slice();
  }

  /** Takes back what was written beyond the record's first `length` bytes. */
  truncate(length: number): void {
    assert(length >= 0 && length <= this.length, 'truncate must stay within the record');
    this.#end = this.#start + length;
  }

  /** Forgets what was written since the last `take`. */
  reset(): void {
    this.#end = this.#start;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.#buffer[this.#end++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.#buffer[this.#end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#end++] = rest;
  }

  #ascii(text: string): boolean {
    this.reserve(text.length + 1);
    const start = this.#end;
    this.#buffer[this.#end++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        this.#end = start;
        return false;
      }
      this.#buffer[this.#end++] = code;
    }
    return true;
  }
}

/** Reads what `ByteWriter` wrote, from `offset` to the end of `input` (or to `end`). */
export class ByteReader {
  readonly #input: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(input: Uint8Array, offset: number = 0, end: number = input.length) {
    assert(offset >= 0 && offset <= end && end <= input.length, 'a reader must stay within its input');
    this.#input = input;
    this.#at = offset;
    this.#end = end;
  }

  /** Offset into the input of the next byte. */
  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    if (this.#at >= this.#end) this.#fail('truncated: one more byte expected');
    return this.#input[this.#at++]!;
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) this.#fail(`a boolean must be 0 or 1, not ${value}`);
    return value === 1;
  }

  u32(): number {
    this.#need(4);
    const b = this.#input;
    const at = this.#at;
    this.#at = at + 4;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  f64(): number {
    this.#need(8);
    const value = new DataView(this.#input.buffer, this.#input.byteOffset + this.#at, 8).getFloat64(0, true);
    this.#at += 8;
    return value;
  }

  /** A safe integer from 0 to `max`. */
  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const first = this.u8();
    const value = first < 0x80 ? first : this.#varint(first & 0x7f, 0x80);
    if (value > max) this.#fail(`${value} exceeds the bound of ${max}`);
    return value;
  }

  int(): number {
    const first = this.u8();
    const low = first & 0x3f;
    const magnitude = first < 0x80 ? low : this.#varint(low, 0x40);
    return (first & 0x40) === 0 ? magnitude : -1 - magnitude;
  }

  /** How many items follow, when each takes at least `itemBytesMin`: so a claim is never larger than the input can hold. */
  count(itemBytesMin: number = 1): number {
    return this.atLeast(this.uint(), itemBytesMin);
  }

  /** The count itself, when so many items can follow. */
  atLeast(count: number, itemBytesMin: number): number {
    if (count * itemBytesMin > this.remaining)
      this.#fail(`truncated: ${count} items claimed, ${this.remaining} bytes left`);
    return count;
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Uint8Array {
    this.#need(length);
    const start = this.#at;
    this.#at = start + length;
    return length === 0 ? EMPTY : this.#input.subarray(start, this.#at);
  }

  /** A length of at most `max`, then that many bytes, as a view. */
  bytes(max: number = Number.MAX_SAFE_INTEGER): Uint8Array {
    return this.raw(this.uint(max));
  }

  /** A length of at most `max`, then that many bytes, as a binary string. */
  binary(max: number = Number.MAX_SAFE_INTEGER): string {
    const length = this.uint(max);
    this.#need(length);
    const start = this.#at;
    this.#at = start + length;
    return binaryFromBytes(this.#input, start, this.#at);
  }

  /** A length of at most `maxBytes`, then UTF-8, which must be valid. */
  text(maxBytes: number = Number.MAX_SAFE_INTEGER): string {
    const start = this.#at;
    const length = this.uint(maxBytes);
    this.#need(length);
    if (length <= SHORT_READ) {
      const text = asciiFromBytes(this.#input, this.#at, length);
      if (text !== undefined) {
        this.#at += length;
        return text;
      }
    }
    try {
      return decoder.decode(this.raw(length));
    } catch {
      this.#at = start;
      return this.#fail('text is not valid UTF-8');
    }
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.#need(length);
    this.#at += length;
  }

  /** Everything up to the end, as a view. */
  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  /** Nothing may be left. */
  expectEnd(): void {
    if (this.#at !== this.#end) this.#fail(`${this.remaining} bytes too many`);
  }

  #varint(low: number, scaleStart: number): number {
    let value = low;
    let scale = scaleStart;
    for (let i = 1; i <= VARINT_BYTES_MAX; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) return this.#fail('an integer exceeds 2^53 − 1');
      if (byte < 0x80) return byte === 0 ? this.#fail('an integer is not in its shortest form') : value;
      scale *= 0x80;
    }
    return this.#fail('an integer is longer than 8 bytes');
  }

  #need(bytes: number): void {
    if (bytes > this.#end - this.#at) this.#fail(`truncated: ${bytes} bytes expected, ${this.remaining} left`);
  }

  #fail(message: string): never {
    throw new BytesError(message, this.#at);
  }
}
