/**
 * The k positions of a key in a Bloom filter out of one 64-bit hash: double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006)
 * in its enhanced form (Dillinger and Manolios, "Bloom Filters in Probabilistic Verification", 2004, section 5.2), whose steps grow, so that no choice of
 * the second hash makes positions coincide.
 *
 *   for (let i = 0, x = low, y = high; i < k; i++) { position(x, scale); x = (x + y) | 0; y = (y + i + 1) | 0; }
 */

/** A 32-bit integer, spread evenly over [0, size): `scale` is size / 2^32. Exact enough for any size up to 2^32. */
export function position(x: number, scale: number): number {
  return Math.floor((x >>> 0) * scale);
}

/** Throws unless a filter can have so many bits or counters, and hashes. */
export function expectShape(size: number, hashes: number): void {
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 32)
    throw new RangeError(`size must be an integer from 1 to 2^32, not ${size}`);
  if (!Number.isInteger(hashes) || hashes < 1 || hashes > 64)
    throw new RangeError(`hashes must be an integer from 1 to 64, not ${hashes}`);
}
