/** FNV-1a, 64 bits (Fowler, Noll, Vo), folded to the 53 that a safe integer holds. */
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK_64 = (1n << 64n) - 1n;
const BITS = 53n;
const MASK_53 = (1n << BITS) - 1n;

/** A number from 1 to 2^53 − 1 that depends on all parts, and on where each ends. Not secure: against mistakes, not against attackers. */
export function idOf(...parts: readonly string[]): number {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(JSON.stringify(parts))) {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK_64;
  }
  return Number((hash ^ (hash >> BITS)) & MASK_53) || 1;
}
