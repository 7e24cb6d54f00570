/**
 * xxHash64 (XXH64): 64 bits, fast, well mixed, the hash of Parquet's Bloom filters. Yann Collet, "xxHash fast digest algorithm",
 * specification 0.1.1, section "XXH64 algorithm description".
 *
 * Against errors and for hash tables only: it has no key, and whoever chooses the input also chooses the hash.
 * In 32-bit arithmetic: a 64-bit number is two halves, so that nothing is allocated.
 */
import { type Hash64, multiplyHigh } from './hash64.ts';
import type { Stripes } from './xxhash64-kernel.ts';

// The five primes, as halves.
const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9;
const P4_HIGH = 0x85ebca77;
const P4_LOW = 0xc2b2ae63;
const P5_HIGH = 0x27d4eb2f;
const P5_LOW = 0x165667c5;

/** Four accumulators of (low, high), and at 8 and 9 the result. */
export const lanes: Int32Array = new Int32Array(10);
const RESULT = 8;
/** `xxHash64` without a kernel for long inputs: half the bytes to load, for those who hash keys. */
export function xxHash64Plain(
  bytes: Uint8Array,
  out: Hash64,
  seed: number = 0,
  from: number = 0,
  to: number = bytes.length,
): void {
  xxHash64By(plainStripes, bytes, out, seed, from, to);
}

/** Takes the stripes, if there are any, by `stripes`. Not re-entrant, which cannot matter as that calls nobody. */
export function xxHash64By(
  stripes: Stripes,
  bytes: Uint8Array,
  out: Hash64,
  seed: number,
  from: number,
  to: number,
): void {
  const seedLow = seed | 0;
  const seedHigh = (seed / 0x1_0000_0000) | 0;
  let at = from;
  if (to - from >= 32) {
    start(seedLow, seedHigh);
    at = to - ((to - from) & 31);
    stripes(bytes, from, at);
  } else {
    add(RESULT, seedLow, seedHigh, P5_LOW, P5_HIGH);
  }
  add(RESULT, lanes[RESULT]!, lanes[RESULT + 1]!, (to - from) | 0, ((to - from) / 0x1_0000_0000) | 0);
  finish(bytes, at, to);
  out.low = lanes[RESULT]! >>> 0;
  out.high = lanes[RESULT + 1]! >>> 0;
}

/** In 32-bit arithmetic, one lane after the other. */
export const plainStripes: Stripes = (bytes, from, end) => {
  for (let lane = 0; lane < 4; lane++) consume(bytes, lane, from, end);
  converge();
};

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** lanes[at] = a + b. */
function add(at: number, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const low = (aLow + bLow) | 0;
  lanes[at] = low;
  lanes[at + 1] = aHigh + bHigh + (low >>> 0 < aLow >>> 0 ? 1 : 0);
}

/** The high half of a · b modulo 2^64; the low one is `Math.imul(aLow, bLow)`. */
function productHigh(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  return (multiplyHigh(aLow, bLow) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
}

function start(seedLow: number, seedHigh: number): void {
  add(2, seedLow, seedHigh, P2_LOW, P2_HIGH);
  add(0, lanes[2]!, lanes[3]!, P1_LOW, P1_HIGH);
  lanes[4] = seedLow;
  lanes[5] = seedHigh;
  // seed − P1 = seed + (not P1) + 1
  add(6, seedLow, seedHigh, ~P1_LOW, ~P1_HIGH);
  add(6, lanes[6]!, lanes[7]!, 1, 0);
}

/**
 * One accumulator over its eight bytes of every 32: acc = rotate(acc + input · P2, 31) · P1. The hot loop: its state is in local variables, which
 * is worth more than reading the input in one go.
 */
function consume(bytes: Uint8Array, lane: number, from: number, end: number): void {
  let accLow = lanes[2 * lane]!;
  let accHigh = lanes[2 * lane + 1]!;
  for (let at = from + 8 * lane; at < end; at += 32) {
    const inLow = word(bytes, at);
    const inHigh = word(bytes, at + 4);
    const productLow = Math.imul(inLow, P2_LOW);
    const inputHigh = (multiplyHigh(inLow, P2_LOW) + Math.imul(inHigh, P2_LOW) + Math.imul(inLow, P2_HIGH)) | 0;
    const low = (accLow + productLow) | 0;
    const high = (accHigh + inputHigh + (low >>> 0 < productLow >>> 0 ? 1 : 0)) | 0;
    const turnedLow = (low << 31) | (high >>> 1);
    const turnedHigh = (high << 31) | (low >>> 1);
    accLow = Math.imul(turnedLow, P1_LOW);
    accHigh = (multiplyHigh(turnedLow, P1_LOW) + Math.imul(turnedHigh, P1_LOW) + Math.imul(turnedLow, P1_HIGH)) | 0;
  }
  lanes[2 * lane] = accLow;
  lanes[2 * lane + 1] = accHigh;
}

/** lanes[at] = rotate(a, by), for by < 32. */
function rotate(at: number, low: number, high: number, by: number): void {
  lanes[at] = (low << by) | (high >>> (32 - by));
  lanes[at + 1] = (high << by) | (low >>> (32 - by));
}

/** The accumulators become one: their rotated sum, into which each is then folded once more. */
function converge(): void {
  const [aLow, aHigh, bLow, bHigh] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!];
  const [cLow, cHigh, dLow, dHigh] = [lanes[4]!, lanes[5]!, lanes[6]!, lanes[7]!];
  rotate(0, aLow, aHigh, 1);
  rotate(2, bLow, bHigh, 7);
  rotate(4, cLow, cHigh, 12);
  rotate(6, dLow, dHigh, 18);
  add(RESULT, lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!);
  add(RESULT, lanes[RESULT]!, lanes[RESULT + 1]!, lanes[4]!, lanes[5]!);
  add(RESULT, lanes[RESULT]!, lanes[RESULT + 1]!, lanes[6]!, lanes[7]!);
  fold(aLow, aHigh);
  fold(bLow, bHigh);
  fold(cLow, cHigh);
  fold(dLow, dHigh);
}

/** result = (result xor (rotate(input · P2, 31) · P1)) · P1 + P4. */
function fold(inLow: number, inHigh: number): void {
  const secondLow = Math.imul(inLow, P2_LOW);
  const secondHigh = productHigh(inLow, inHigh, P2_LOW, P2_HIGH);
  const turnedLow = (secondLow << 31) | (secondHigh >>> 1);
  const turnedHigh = (secondHigh << 31) | (secondLow >>> 1);
  const low = lanes[RESULT]! ^ Math.imul(turnedLow, P1_LOW);
  const high = lanes[RESULT + 1]! ^ productHigh(turnedLow, turnedHigh, P1_LOW, P1_HIGH);
  add(RESULT, Math.imul(low, P1_LOW), productHigh(low, high, P1_LOW, P1_HIGH), P4_LOW, P4_HIGH);
}

/**
 * The last 0 to 31 bytes, then the avalanche: all that there is of a short key. Each step has its state in local variables while it runs; they are
 * functions of their own because the compiler puts only so much of what they call in one place.
 */
function finish(bytes: Uint8Array, from: number, to: number): void {
  const fours = to - ((to - from) & 7);
  if (from < fours) takeEights(bytes, from, fours);
  const singles = to - ((to - from) & 3);
  if (fours < singles) takeFour(bytes, fours);
  if (singles < to) takeSingles(bytes, singles, to);
  avalanche();
}

/** result = rotate(result xor (rotate(input · P2, 31) · P1), 27) · P1 + P4, for every eight bytes. */
function takeEights(bytes: Uint8Array, from: number, to: number): void {
  let low = lanes[RESULT]!;
  let high = lanes[RESULT + 1]!;
  for (let at = from; at < to; at += 8) {
    const inLow = word(bytes, at);
    const inHigh = word(bytes, at + 4);
    const secondLow = Math.imul(inLow, P2_LOW);
    const secondHigh = productHigh(inLow, inHigh, P2_LOW, P2_HIGH);
    const turnedLow = (secondLow << 31) | (secondHigh >>> 1);
    const turnedHigh = (secondHigh << 31) | (secondLow >>> 1);
    const mixedLow = low ^ Math.imul(turnedLow, P1_LOW);
    const mixedHigh = high ^ productHigh(turnedLow, turnedHigh, P1_LOW, P1_HIGH);
    low = (mixedLow << 27) | (mixedHigh >>> 5);
    high = (mixedHigh << 27) | (mixedLow >>> 5);
    const productLow = Math.imul(low, P1_LOW);
    high = productHigh(low, high, P1_LOW, P1_HIGH);
    low = (productLow + P4_LOW) | 0;
    high = (high + P4_HIGH + (low >>> 0 < productLow >>> 0 ? 1 : 0)) | 0;
  }
  lanes[RESULT] = low;
  lanes[RESULT + 1] = high;
}

/** result = rotate(result xor (input · P1), 23) · P2 + P3. */
function takeFour(bytes: Uint8Array, at: number): void {
  const input = word(bytes, at);
  const mixedLow = lanes[RESULT]! ^ Math.imul(input, P1_LOW);
  const mixedHigh = lanes[RESULT + 1]! ^ productHigh(input, 0, P1_LOW, P1_HIGH);
  const low = (mixedLow << 23) | (mixedHigh >>> 9);
  const high = (mixedHigh << 23) | (mixedLow >>> 9);
  add(RESULT, Math.imul(low, P2_LOW), productHigh(low, high, P2_LOW, P2_HIGH), P3_LOW, P3_HIGH);
}

/** result = rotate(result xor (input · P5), 11) · P1, for every byte. */
function takeSingles(bytes: Uint8Array, from: number, to: number): void {
  let low = lanes[RESULT]!;
  let high = lanes[RESULT + 1]!;
  for (let at = from; at < to; at++) {
    const input = bytes[at]!;
    const mixedLow = low ^ Math.imul(input, P5_LOW);
    const mixedHigh = high ^ productHigh(input, 0, P5_LOW, P5_HIGH);
    low = (mixedLow << 11) | (mixedHigh >>> 21);
    high = productHigh(low, (mixedHigh << 11) | (mixedLow >>> 21), P1_LOW, P1_HIGH);
    low = Math.imul(low, P1_LOW);
  }
  lanes[RESULT] = low;
  lanes[RESULT + 1] = high;
}

/** x ^= x >>> 33; x *= P2; x ^= x >>> 29; x *= P3; x ^= x >>> 32 */
function avalanche(): void {
  const mixedLow = lanes[RESULT]! ^ (lanes[RESULT + 1]! >>> 1);
  let low = Math.imul(mixedLow, P2_LOW);
  let high = productHigh(mixedLow, lanes[RESULT + 1]!, P2_LOW, P2_HIGH);
  low ^= (low >>> 29) | (high << 3);
  high ^= high >>> 29;
  high = productHigh(low, high, P3_LOW, P3_HIGH);
  lanes[RESULT] = Math.imul(low, P3_LOW) ^ high;
  lanes[RESULT + 1] = high;
}
