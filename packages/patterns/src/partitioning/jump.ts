/**
 * Jump consistent hash: a key's bucket among `buckets`, with no table at all. When buckets are added, keys move only to the new ones, and only
 * as many as must. Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014, figure 1: the same linear congruential
 * generator, hence the same buckets as every other implementation, in 32-bit arithmetic.
 *
 * Buckets are numbered and only the last can go away: right for shards that are appended, wrong for nodes that fail.
 */
import { multiplyHigh } from '../integrity/hash64.ts';
import { hashKey } from './key-hash.ts';

// 2862933555777941757, as halves.
const FACTOR_HIGH = 0x27bb2ee6;
const FACTOR_LOW = 0x87b0b0fd;
const SECOND_SEED = 0x9e3779b9;

/**
 * The bucket, from 0 to `buckets` − 1, of a 64-bit key given as two 32-bit halves. `buckets` is an integer from 1 to 2^31 − 1, else
 * `RangeError`. Expected O(log buckets); allocates nothing.
 */
export function jump(keyHigh: number, keyLow: number, buckets: number): number {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > 0x7fff_ffff)
    throw new RangeError(`buckets must be a whole number from 1 to 2^31 - 1, got ${buckets}`);
  let high = keyHigh | 0;
  let low = keyLow | 0;
  let bucket = 0;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    // key = key · FACTOR + 1 modulo 2^64
    const carried = (multiplyHigh(low, FACTOR_LOW) + Math.imul(high, FACTOR_LOW) + Math.imul(low, FACTOR_HIGH)) | 0;
    low = (Math.imul(low, FACTOR_LOW) + 1) | 0;
    high = low === 0 ? (carried + 1) | 0 : carried;
    next = Math.floor((bucket + 1) * (0x8000_0000 / ((high >>> 1) + 1)));
  }
  return bucket;
}

/** The bucket of a string, by two hashes of it. `RangeError` as `jump`. */
export function jumpKey(key: string, buckets: number): number {
  return jump(hashKey(key), hashKey(key, SECOND_SEED), buckets);
}
