import { binaryFromBytes } from '@quorate/patterns/base';

/** Keys as the machine names them: binary strings. */
export interface KeyRange {
  readonly low: string;
  /** Exclusive; undefined: to the end. Not used when `single`. */
  readonly high: string | undefined;
  /** Just the one key `low`. */
  readonly single: boolean;
}

/** No end, or an empty one: the one key. `[0]`: all keys from `key` on. Otherwise up to before `rangeEnd`. */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array | undefined): KeyRange {
  const low = binaryFromBytes(key);
  if (rangeEnd === undefined || rangeEnd.length === 0) return { low, high: undefined, single: true };
  const toEnd = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return { low, high: toEnd ? undefined : binaryFromBytes(rangeEnd), single: false };
}

export function rangeHas(range: KeyRange, key: string): boolean {
  if (range.single) return key === range.low;
  return key >= range.low && (range.high === undefined || key < range.high);
}
