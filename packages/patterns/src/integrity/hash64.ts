/** A 64-bit value as two unsigned 32-bit halves: what a hash function fills in, so that nothing is allocated and no bigint is needed. */
export interface Hash64 {
  high: number;
  low: number;
}

/** Sixteen hexadecimal digits. */
export function hex64(hash: Readonly<Hash64>): string {
  return hash.high.toString(16).padStart(8, '0') + hash.low.toString(16).padStart(8, '0');
}

/** The high 32 bits of the product of two 32-bit integers, as a signed integer. In int32 arithmetic throughout. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Neither sum exceeds 2^32 − 1, so that it is right as an unsigned integer although it is computed as a signed one.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}
