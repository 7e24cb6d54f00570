/**
 * UUID version 7: RFC 9562 section 5.7. 48 bits of milliseconds, then in this generator a counter of 42 bits and 32 random bits.
 *
 *   tttttttt-tttt-7ccc-Vccc-ccccrrrrrrrr      V: variant 10 and two bits of the counter
 *
 * Monotonic within a generator by method 1 of section 6.2: the counter starts each millisecond at a random value whose first bit is 0, so that at least 2^41
 * fit, and grows by 1; on overflow the time goes ahead of the clock. The last 32 bits are drawn anew each time, so that an id does not tell the next.
 */
import type { WallTime } from '../base/index.ts';
import { HeldTime, type HeldTimeOptions } from './held-time.ts';
import { type RandomFill, RandomPool } from './random-pool.ts';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const BYTES = 16;
const LENGTH = 36;
const HYPHEN = 45;
/** What a hexadecimal digit stands for, by its character's code; −1 for all others. */
const DIGITS: Int8Array = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
);
const COUNTER_HIGH_END = 2 ** 26;
const COUNTER_LOW_END = 2 ** 16;

export interface UuidV7Options extends HeldTimeOptions {
  readonly random: RandomFill;
}

export class UuidV7Generator {
  readonly #time: HeldTime;
  readonly #random: RandomPool;
  /** The first 26 bits of the counter, and the last 16. */
  #high = 0;
  #low = 0;
  /** The 24 characters up to the last 16 bits of the counter, which seldom change. */
  #head = '';

  constructor(options: UuidV7Options) {
    this.#time = new HeldTime(options);
    this.#random = new RandomPool(options.random);
  }

  /** The next UUID, greater than all before. Throws `ClockRegressionError`. */
  next(now: WallTime): string {
    if (this.#time.advance(now)) this.#draw();
    else if (this.#low + 1 < COUNTER_LOW_END) this.#low += 1;
    else this.#carry();
    const first = this.#random.uint16();
    const second = this.#random.uint16();
    return (
      this.#head +
      HEX[this.#low >>> 8]! +
      HEX[this.#low & 255]! +
      HEX[first >>> 8]! +
      HEX[first & 255]! +
      HEX[second >>> 8]! +
      HEX[second & 255]!
    );
  }

  #draw(): void {
    // The first bit is 0.
    this.#high = this.#random.uint32() >>> 7;
    this.#low = this.#random.uint16();
    this.#rewriteHead();
  }

  #carry(): void {
    this.#low = 0;
    this.#high += 1;
    if (this.#high === COUNTER_HIGH_END) {
      this.#time.borrow();
      return this.#draw();
    }
    this.#rewriteHead();
  }

  #rewriteHead(): void {
    const time = this.#time.last.toString(16).padStart(12, '0');
    const first = (0x7000 | (this.#high >>> 14)).toString(16);
    const second = (0x8000 | (this.#high & 0x3fff)).toString(16);
    this.#head = `${time.slice(0, 8)}-${time.slice(8)}-${first}-${second}-`;
  }
}

/**
 * The UUID of a time and ten bytes of anything, of which version and variant overwrite six bits. Not monotonic.
 * Throws `RangeError` unless the time fits 48 bits and there are ten bytes.
 */
export function uuidV7Of(timestampMs: number, tail: Uint8Array): string {
  if (!(Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs < 2 ** 48))
    throw new RangeError(`a time must be an integer from 0 to 2^48 − 1 ms, not ${timestampMs}`);
  if (tail.length !== 10) throw new RangeError(`ten bytes were expected, not ${tail.length}`);
  const bytes = new Uint8Array(BYTES);
  let rest = timestampMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(tail, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return uuidFromBytes(bytes);
}

/** Any UUID's text as sixteen bytes; undefined when it is not one. */
export function uuidToBytes(text: string): Uint8Array | undefined {
  if (text.length !== LENGTH) return undefined;
  const bytes = new Uint8Array(BYTES);
  let at = 0;
  for (let i = 0; i < BYTES; i++) {
    if ((i === 4 || i === 6 || i === 8 || i === 10) && text.charCodeAt(at++) !== HYPHEN) return undefined;
    const high = DIGITS[text.charCodeAt(at++)] ?? -1;
    const low = DIGITS[text.charCodeAt(at++)] ?? -1;
    if ((high | low) < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** In lower case. Throws `RangeError` unless there are sixteen bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== BYTES) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`);
  let text = '';
  for (let i = 0; i < BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[i]!]!;
  }
  return text;
}

/** Milliseconds since 1970; undefined when the text is not a UUID of version 7. */
export function uuidV7Time(text: string): number | undefined {
  const bytes = uuidToBytes(text);
  if (bytes === undefined || bytes[6]! >> 4 !== 7 || bytes[8]! >> 6 !== 2) return undefined;
  return bytes.subarray(0, 6).reduce((ms, byte) => ms * 256 + byte, 0);
}
