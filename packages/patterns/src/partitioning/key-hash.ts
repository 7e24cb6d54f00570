/**
 * A key as 32 well-mixed bits: MurmurHash3 (x86, 32 bits) over the key's UTF-16 code units, low byte first. Austin Appleby, "MurmurHash3",
 * 2011, public domain. Read from the string without encoding it, so that nothing is allocated.
 *
 * For placement only: it has no key, and whoever chooses the keys also chooses where they go. Where clients cannot be trusted, hash with
 * `sipHash` from `integrity` and use the `…OfHash` methods.
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** The final mixer of MurmurHash3: a bijection of 32-bit integers in which each bit of the input changes each of the result half of the time. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The hash of a string, an unsigned 32-bit integer. Other seeds give independent hashes. O(length), allocates nothing. */
export function hashKey(key: string, seed: number = 0): number {
  const length = key.length;
  const pairs = length & ~1;
  let h = seed;
  for (let i = 0; i < pairs; i += 2) {
    let k = Math.imul(key.charCodeAt(i) | (key.charCodeAt(i + 1) << 16), C1);
    k = Math.imul((k << 15) | (k >>> 17), C2);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (pairs < length) {
    const k = Math.imul(key.charCodeAt(pairs), C1);
    h ^= Math.imul((k << 15) | (k >>> 17), C2);
  }
  return mix32(h ^ (length * 2));
}
