/**
 * Bytes that carry their own digest at the end: Saltzer, Reed and Clark, "End-to-End Arguments in System Design", 1984: what checks is who uses the
 * data, not each link it came over.
 */
import { type Digest, sameBytes } from './digest.ts';

/** `bytes`, and behind them their digest. O(bytes), copies. */
export function seal(digest: Digest, bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(bytes.length + digest.sizeBytes);
  sealed.set(bytes);
  sealed.set(digest.of(bytes), bytes.length);
  return sealed;
}

/** The bytes that were sealed, as a view; undefined when they, their digest or their length have changed. O(bytes). */
export function unseal(digest: Digest, sealed: Uint8Array): Uint8Array | undefined {
  const length = sealed.length - digest.sizeBytes;
  if (length < 0) return undefined;
  const bytes = sealed.subarray(0, length);
  return sameBytes(digest.of(bytes), sealed.subarray(length)) ? bytes : undefined;
}
