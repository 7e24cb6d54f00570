/**
 * KSUID: 32 bits of seconds since 13 May 2014 and 128 random bits, as 27 characters that sort by time. github.com/segmentio/ksuid.
 *
 * Nothing is kept from one to the next: no order within a second, no guessing, and a clock that goes back does no harm but to the order.
 */
import type { WallTime } from '../base/index.ts';
import { type RandomFill, RandomPool } from './random-pool.ts';

const EPOCH_SECONDS = 1_400_000_000;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PAIRS: readonly string[] = Array.from(
  { length: 3844 },
  (_, i) => ALPHABET[Math.floor(i / 62)]! + ALPHABET[i % 62]!,
);
const VALUES: Int8Array = new Int8Array(128).fill(-1);
for (let i = 0; i < 62; i++) VALUES[ALPHABET.charCodeAt(i)] = i;
const LENGTH = 27;
const WORDS = 5;
const BYTES = WORDS * 4;
/** Three characters at a time: a remainder and a word behind it fit into 2^53. */
const THREE = 62 ** 3;
const words: Float64Array = new Float64Array(WORDS);

export class KsuidGenerator {
  readonly #random: RandomPool;

  constructor(options: { readonly random: RandomFill }) {
    this.#random = new RandomPool(options.random);
  }

  /** Throws `RangeError` before 2014 and from 2150 on. */
  next(now: WallTime): string {
    words[0] = secondsOf(now);
    for (let i = 1; i < WORDS; i++) words[i] = this.#random.uint32();
    return wordsToText();
  }
}

function secondsOf(ms: number): number {
  const seconds = Math.floor(ms / 1000) - EPOCH_SECONDS;
  if (!(seconds >= 0 && seconds < 2 ** 32))
    throw new RangeError(`a KSUID's time must be from 2014 to 2150, not ${ms} ms`);
  return seconds;
}

/** Divides the five words by 62³ again and again. Leaves zeros. */
function wordsToText(): string {
  let text = '';
  let first = 0;
  for (let at = 0; at < LENGTH; at += 3) {
    let rest = 0;
    for (let i = first; i < WORDS; i++) {
      const value = rest * 0x1_0000_0000 + words[i]!;
      const quotient = Math.floor(value / THREE);
      words[i] = quotient;
      rest = value - quotient * THREE;
    }
    while (first < WORDS && words[first] === 0) first += 1;
    text = ALPHABET[Math.floor(rest / 3844)]! + PAIRS[rest % 3844]! + text;
  }
  return text;
}

/** Throws `RangeError` unless there are twenty bytes. */
export function ksuidFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== BYTES) throw new RangeError(`a KSUID has 20 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
  for (let i = 0; i < WORDS; i++) words[i] = view.getUint32(4 * i);
  return wordsToText();
}

/** The KSUID as twenty bytes; undefined when the text is not one, or greater than aWgEPTl1tmebfsQzFP4bxwgy80V. */
export function ksuidToBytes(text: string): Uint8Array | undefined {
  if (text.length !== LENGTH) return undefined;
  const value = new Float64Array(WORDS);
  for (let at = 0; at < LENGTH; at++) {
    const digit = VALUES[text.charCodeAt(at)] ?? -1;
    if (digit < 0) return undefined;
    let carry = digit;
    for (let i = WORDS - 1; i >= 0; i--) {
      const sum = value[i]! * 62 + carry;
      value[i] = sum % 0x1_0000_0000;
      carry = Math.floor(sum / 0x1_0000_0000);
    }
    if (carry !== 0) return undefined;
  }
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < WORDS; i++) view.setUint32(4 * i, value[i]!);
  return bytes;
}

/** Milliseconds since 1970, in whole seconds; undefined when the text is not a KSUID. */
export function ksuidTime(text: string): number | undefined {
  const bytes = ksuidToBytes(text);
  if (bytes === undefined) return undefined;
  return (new DataView(bytes.buffer).getUint32(0) + EPOCH_SECONDS) * 1000;
}
