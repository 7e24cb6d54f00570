/**
 * A random order in which the first place, and each after it among those that are left, goes to an item with a probability proportional to its weight:
 * sort by −ln(u) / weight (Efraimidis and Spirakis, "Weighted Random Sampling with a Reservoir", IPL 2006).
 */
import type { RandomNumber } from '../base/index.ts';

/** Weights are greater than 0. Leaves `items` as it is. O(n log n). */
export function weightedOrder<T>(random: RandomNumber, items: readonly T[], weightOf: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, key: -Math.log(1 - random()) / weightOf(item) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
