/**
 * How a sketch sees a key: as the 64-bit xxHash of its bytes (text: of its UTF-8), seed 0, as Parquet's Bloom filters do. So that whoever has other
 * keys, or keys that strangers choose, may hash them in another way (`sipHash`) and use the sketches' methods that take a hash.
 */
import type { Hash64 } from '../integrity/index.ts';
import { xxHash64Plain } from '../integrity/xxhash64-plain.ts';

export type SketchKey = Uint8Array | string;

const encoder: TextEncoder = new TextEncoder();
const scratch: Uint8Array = new Uint8Array(1024);

/** Puts the hash of `key` into `out`. O(key). */
export function hashKey(key: SketchKey, out: Hash64): void {
  if (typeof key !== 'string') return xxHash64Plain(key, out);
  const { length } = key;
  if (length * 3 > scratch.length) return xxHash64Plain(encoder.encode(key), out);
  let at = 0;
  for (; at < length; at++) {
    const code = key.charCodeAt(at);
    if (code >= 0x80) return xxHash64Plain(scratch, out, 0, 0, encoder.encodeInto(key, scratch).written);
    scratch[at] = code;
  }
  xxHash64Plain(scratch, out, 0, 0, length);
}
