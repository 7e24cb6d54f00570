/** Keys and values are bytes; where text is given, it stands for its UTF-8. */
export type Bytes = string | Uint8Array;

/** One key, all keys that start with `prefix`, or all keys from `from` up to but not including `to` (absent: to the end). */
export type Keys = Bytes | { readonly prefix: Bytes } | { readonly from: Bytes; readonly to?: Bytes };

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder();
const EMPTY: Uint8Array = new Uint8Array(0);
/** As `rangeEnd`: to the end of the key space. As `key`: from its beginning. */
const ZERO: Uint8Array = Uint8Array.of(0);

export function toBytes(bytes: Bytes): Uint8Array {
  return typeof bytes === 'string' ? encoder.encode(bytes) : bytes;
}

/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The first key that does not start with `prefix`; `[0]`, the end of the key space, when there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let i = prefix.length - 1; i >= 0; i--) {
    if (prefix[i] === 0xff) continue;
    const end = prefix.slice(0, i + 1);
    end[i] = prefix[i]! + 1;
    return end;
  }
  return ZERO;
}

/** `key` and `rangeEnd` as requests have them: an empty `rangeEnd` means the one key. */
export function toRange(keys: Keys): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  if (typeof keys === 'string' || keys instanceof Uint8Array) return { key: toBytes(keys), rangeEnd: EMPTY };
  if ('prefix' in keys) {
    const prefix = toBytes(keys.prefix);
    return prefix.length === 0 ? { key: ZERO, rangeEnd: ZERO } : { key: prefix, rangeEnd: prefixEnd(prefix) };
  }
  const from = toBytes(keys.from);
  return { key: from.length === 0 ? ZERO : from, rangeEnd: keys.to === undefined ? ZERO : toBytes(keys.to) };
}

/** `a` before `b`: negative; the same: 0; after: positive. Bytes compare as unsigned, a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
