/**
 * SipHash-2-4: a 64-bit keyed hash of short inputs. Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012, section 2.
 *
 * Who does not know the key can neither predict nor collide it, even when choosing the inputs: for hash tables and sketches of what strangers send.
 * In 32-bit arithmetic; allocates nothing.
 */
import type { Hash64 } from './hash64.ts';

/** v0 to v3 as (low, high). */
const state: Int32Array = new Int32Array(8);

/** 128 bits of secret, as four 32-bit integers: words of the key in little-endian order. */
export type SipKey = Readonly<[number, number, number, number]>;

/** Throws `RangeError` unless `bytes` are 16. */
export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new RangeError(`a SipHash key must have 16 bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)];
}

/** The hash of `bytes[from, to)` into `out`. O(to − from). */
export function sipHash(
  key: SipKey,
  bytes: Uint8Array,
  out: Hash64,
  from: number = 0,
  to: number = bytes.length,
): void {
  // "somepseudorandomlygeneratedbytes"
  state[0] = key[0] ^ 0x70736575;
  state[1] = key[1] ^ 0x736f6d65;
  state[2] = key[2] ^ 0x6e646f6d;
  state[3] = key[3] ^ 0x646f7261;
  state[4] = key[0] ^ 0x6e657261;
  state[5] = key[1] ^ 0x6c796765;
  state[6] = key[2] ^ 0x79746573;
  state[7] = key[3] ^ 0x74656462;
  let at = from;
  for (const end = to - 7; at < end; at += 8) {
    absorb(
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24),
      bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24),
    );
  }
  let low = 0;
  let high = (to - from) << 24;
  for (let i = 0; at < to; at++, i++) {
    if (i < 4) low |= bytes[at]! << (8 * i);
    else high |= bytes[at]! << (8 * (i - 4));
  }
  absorb(low, high);
  state[4]! ^= 0xff;
  rounds(4);
  out.low = (state[0]! ^ state[2]! ^ state[4]! ^ state[6]!) >>> 0;
  out.high = (state[1]! ^ state[3]! ^ state[5]! ^ state[7]!) >>> 0;
}

function absorb(low: number, high: number): void {
  state[6]! ^= low;
  state[7]! ^= high;
  rounds(2);
  state[0]! ^= low;
  state[1]! ^= high;
}

/** Letters are v0 to v3; L and H their halves. */
function rounds(count: number): void {
  let aL = state[0]!;
  let aH = state[1]!;
  let bL = state[2]!;
  let bH = state[3]!;
  let cL = state[4]!;
  let cH = state[5]!;
  let dL = state[6]!;
  let dH = state[7]!;
  for (let i = 0; i < count; i++) {
    // a += b; b = b <<< 13; b ^= a; a = a <<< 32
    const sum0 = (aL + bL) | 0;
    const sum0H = (aH + bH + (sum0 >>> 0 < bL >>> 0 ? 1 : 0)) | 0;
    const b0 = ((bL << 13) | (bH >>> 19)) ^ sum0;
    const b0H = ((bH << 13) | (bL >>> 19)) ^ sum0H;
    // c += d; d = d <<< 16; d ^= c
    const sum1 = (cL + dL) | 0;
    const sum1H = (cH + dH + (sum1 >>> 0 < dL >>> 0 ? 1 : 0)) | 0;
    const d0 = ((dL << 16) | (dH >>> 16)) ^ sum1;
    const d0H = ((dH << 16) | (dL >>> 16)) ^ sum1H;
    // a += d; d = d <<< 21; d ^= a
    const sum2 = (sum0H + d0) | 0;
    const sum2H = (sum0 + d0H + (sum2 >>> 0 < d0 >>> 0 ? 1 : 0)) | 0;
    dL = ((d0 << 21) | (d0H >>> 11)) ^ sum2;
    dH = ((d0H << 21) | (d0 >>> 11)) ^ sum2H;
    // c += b; b = b <<< 17; b ^= c; c = c <<< 32
    const sum3 = (sum1 + b0) | 0;
    const sum3H = (sum1H + b0H + (sum3 >>> 0 < b0 >>> 0 ? 1 : 0)) | 0;
    bL = ((b0 << 17) | (b0H >>> 15)) ^ sum3;
    bH = ((b0H << 17) | (b0 >>> 15)) ^ sum3H;
    aL = sum2;
    aH = sum2H;
    cL = sum3H;
    cH = sum3;
  }
  state[0] = aL;
  state[1] = aH;
  state[2] = bL;
  state[3] = bH;
  state[4] = cL;
  state[5] = cH;
  state[6] = dL;
  state[7] = dH;
}
