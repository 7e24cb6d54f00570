/**
 * When to split and merge key ranges: by size, as Bigtable does, and by load, as DynamoDB's "split for heat" does. A pair is merged only while both
 * together stay well below what would be split, else ranges would split and merge for ever.
 */
import type { KeyRange, KeyRanges } from './key-ranges.ts';

export interface RangeLoad {
  readonly sizeBytes: number;
  readonly operationsPerSecond: number;
  /** Some of its keys, ascending, taken in proportion to size or, better, to load: the cut is their median. */
  readonly sampleKeys: readonly string[];
}

export interface RangeLimits {
  readonly sizeMaxBytes: number;
  readonly operationsPerSecondMax: number;
  /** Two neighbours are merged when together they are below this part of both limits: 0.5 when absent, less than 1. */
  readonly mergeBelow?: number;
}

export type RangeAdvice =
  | { readonly kind: 'split'; readonly range: KeyRange; readonly at: string; readonly because: 'size' | 'load' }
  /** Too large or too hot, but its samples are of one key: a cut would not help. See `salt` and `cache` in `hot-partitions.ts`. */
  | { readonly kind: 'one-hot-key'; readonly range: KeyRange; readonly key: string }
  /** Join `range` with the one behind it. `moveFirst` when they are not held by the same nodes. */
  | { readonly kind: 'merge'; readonly range: KeyRange; readonly with: KeyRange; readonly moveFirst: boolean };

/** What to do now, in the order of the keys, at most one thing per range. A range without a load is left alone. O(ranges + samples). */
export function adviseRanges(
  ranges: KeyRanges,
  loadOf: (range: KeyRange) => RangeLoad | undefined,
  limits: RangeLimits,
): RangeAdvice[] {
  const { sizeMaxBytes, operationsPerSecondMax, mergeBelow = 0.5 } = limits;
  if (!(mergeBelow >= 0 && mergeBelow < 1))
    throw new RangeError(`mergeBelow must be from 0 to below 1, got ${mergeBelow}`);
  const advice: RangeAdvice[] = [];
  for (let i = 0; i < ranges.ranges.length; i++) {
    const range = ranges.ranges[i]!;
    const load = loadOf(range);
    if (load === undefined) continue;
    const tooHot = load.operationsPerSecond > operationsPerSecondMax;
    if (tooHot || load.sizeBytes > sizeMaxBytes) {
      const cut = adviseCut(range, load, tooHot ? 'load' : 'size');
      if (cut !== undefined) advice.push(cut);
      continue;
    }
    const next = ranges.ranges[i + 1];
    const nextLoad = next === undefined ? undefined : loadOf(next);
    if (next === undefined || nextLoad === undefined) continue;
    const small = load.sizeBytes + nextLoad.sizeBytes < mergeBelow * sizeMaxBytes;
    const cool = load.operationsPerSecond + nextLoad.operationsPerSecond < mergeBelow * operationsPerSecondMax;
    if (!small || !cool) continue;
    const moveFirst =
      range.replicas.length !== next.replicas.length || !range.replicas.every((node) => next.replicas.includes(node));
    advice.push({ kind: 'merge', range, with: next, moveFirst });
    i += 1;
  }
  return advice;
}

function adviseCut(range: KeyRange, { sampleKeys }: RangeLoad, because: 'size' | 'load'): RangeAdvice | undefined {
  const at = splitPoint(sampleKeys, range.start);
  if (at !== undefined) return { kind: 'split', range, at, because };
  const [key] = sampleKeys;
  return key === undefined ? undefined : { kind: 'one-hot-key', range, key };
}

/**
 * The key at which ascending samples fall into two halves as equal as they can be: the key nearest to the middle that differs from the one before it
 * and is behind `start`. Nothing when there is no such key. O(samples).
 */
export function splitPoint(sampleKeys: readonly string[], start: string): string | undefined {
  const middle = sampleKeys.length / 2;
  let best: string | undefined;
  let distance = Number.POSITIVE_INFINITY;
  // A cut at the first sample would leave nothing in front of it.
  for (let i = 1; i < sampleKeys.length; i++) {
    const key = sampleKeys[i]!;
    if (key <= start || key === sampleKeys[i - 1]) continue;
    if (Math.abs(i - middle) < distance) {
      distance = Math.abs(i - middle);
      best = key;
    }
  }
  return best;
}
