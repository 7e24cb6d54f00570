/**
 * ULID: 48 bits of milliseconds and 80 random bits, as 26 characters that sort by time. github.com/ulid/spec.
 *
 * Monotonic within a generator: in the same millisecond, the random part is that of the last one plus 1 (specification, "Monotonicity"). So a ULID tells the
 * next ones: where ids must not be guessed, use a new generator for each, or KSUID.
 */
import type { WallTime } from '../base/index.ts';
import { HeldTime, type HeldTimeOptions } from './held-time.ts';
import { type RandomFill, RandomPool } from './random-pool.ts';

/** Crockford's base 32. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Two characters for ten bits. */
const PAIRS: readonly string[] = Array.from({ length: 1024 }, (_, i) => ALPHABET[i >> 5]! + ALPHABET[i & 31]!);
const VALUES: Int8Array = new Int8Array(128).fill(-1);
for (let i = 0; i < 32; i++) {
  VALUES[ALPHABET.charCodeAt(i)] = i;
  VALUES[ALPHABET.toLowerCase().charCodeAt(i)] = i;
}
const LENGTH = 26;
/** Characters for the time. */
const TIME_LENGTH = 10;
const BYTES = 16;
/** The random part is kept as four integers of 20 bits: four characters each. */
const PART = 2 ** 20;

export interface UlidOptions extends HeldTimeOptions {
  readonly random: RandomFill;
  /**
   * When 2^80 have been reached within a millisecond: throw `UlidOverflowError`, as the specification says, or go on with the next millisecond.
   * Default `fail`.
   */
  readonly onOverflow?: 'fail' | 'borrow';
}

/** The random part is at its greatest and the millisecond has not passed. Try again in the next one. */
export class UlidOverflowError extends Error {
  override readonly name = 'UlidOverflowError';
  constructor() {
    super('the random part of a ULID has reached its end within one millisecond; try again in the next one');
  }
}

export class UlidGenerator {
  readonly #time: HeldTime;
  readonly #random: RandomPool;
  readonly #onOverflow: 'fail' | 'borrow';
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  /** The characters for the time and the first three parts, which seldom change. */
  #head = '';

  constructor(options: UlidOptions) {
    this.#time = new HeldTime(options);
    this.#random = new RandomPool(options.random);
    this.#onOverflow = options.onOverflow ?? 'fail';
  }

  /** The next ULID, greater than all before. Throws `UlidOverflowError` or `ClockRegressionError`. */
  next(now: WallTime): string {
    if (this.#time.advance(now)) this.#draw();
    else if (this.#d + 1 < PART) this.#d += 1;
    else this.#carry();
    return this.#head + PAIRS[this.#d >>> 10]! + PAIRS[this.#d & 1023]!;
  }

  #draw(): void {
    const random = this.#random;
    // 80 bits: four times 16, and four bits for each from a fifth.
    const rest = random.uint16();
    this.#a = (random.uint16() << 4) | (rest >>> 12);
    this.#b = (random.uint16() << 4) | ((rest >>> 8) & 15);
    this.#c = (random.uint16() << 4) | ((rest >>> 4) & 15);
    this.#d = (random.uint16() << 4) | (rest & 15);
    this.#rewriteHead();
  }

  #carry(): void {
    if (this.#a + 1 === PART && this.#b + 1 === PART && this.#c + 1 === PART) {
      if (this.#onOverflow === 'fail') throw new UlidOverflowError();
      this.#time.borrow();
      return this.#draw();
    }
    this.#d = 0;
    this.#c = (this.#c + 1) % PART;
    if (this.#c === 0) this.#b = (this.#b + 1) % PART;
    if (this.#c === 0 && this.#b === 0) this.#a += 1;
    this.#rewriteHead();
  }

  #rewriteHead(): void {
    let head = timeText(this.#time.last);
    for (const part of [this.#a, this.#b, this.#c]) head += PAIRS[part >>> 10]! + PAIRS[part & 1023]!;
    this.#head = head;
  }
}

/** Ten characters: 48 bits behind two zeros. */
function timeText(ms: number): string {
  const high = Math.floor(ms / PART);
  const low = ms % PART;
  return (
    PAIRS[Math.floor(high / PART)]! +
    PAIRS[(high >>> 10) & 1023]! +
    PAIRS[high & 1023]! +
    PAIRS[low >>> 10]! +
    PAIRS[low & 1023]!
  );
}

/** The ULID as sixteen bytes, in network order; undefined when the text is not one, or greater than 7ZZZZZZZZZZZZZZZZZZZZZZZZZ. */
export function ulidToBytes(text: string): Uint8Array | undefined {
  if (text.length !== LENGTH) return undefined;
  const bytes = new Uint8Array(BYTES);
  let held = 0;
  // 26 · 5 = 130 bits: the first two must be 0, and are passed over.
  let bits = -2;
  let at = 0;
  for (let i = 0; i < LENGTH; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0 || (i === 0 && value > 7)) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >>> bits;
    }
  }
  return bytes;
}

/** Throws `RangeError` unless there are sixteen bytes. */
export function ulidFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== BYTES) throw new RangeError(`a ULID has 16 bytes, not ${bytes.length}`);
  let text = '';
  let held = 0;
  let bits = 2;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31]!;
  }
  return text;
}

/** Milliseconds since 1970; undefined when the text is not a ULID. */
export function ulidTime(text: string): number | undefined {
  if (text.length !== LENGTH) return undefined;
  let ms = 0;
  for (let i = 0; i < LENGTH; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? -1;
    if (value < 0 || (i === 0 && value > 7)) return undefined;
    if (i < TIME_LENGTH) ms = ms * 32 + value;
  }
  return ms;
}
