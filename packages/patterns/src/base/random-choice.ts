import { assert } from './assert.ts';

/** A uniform number in [0, 1). `float` of a stream of `@quorate/env` fits. */
export type RandomNumber = () => number;

/** A uniform integer in [0, bound). `bound` is a positive integer below 2^32. */
export function randomBelow(random: RandomNumber, bound: number): number {
  assert(bound >= 1, 'there must be something to choose from');
  return Math.floor(random() * bound);
}

/** Up to `count` distinct items, uniformly chosen, in random order. Leaves `items` as it is. O(items.length). */
export function randomSample<T>(random: RandomNumber, items: readonly T[], count: number): T[] {
  const pool = items.slice();
  const taken = Math.min(count, pool.length);
  for (let at = 0; at < taken; at++) {
    const other = at + randomBelow(random, pool.length - at);
    const item = pool[other]!;
    pool[other] = pool[at]!;
    pool[at] = item;
  }
  pool.length = taken;
  return pool;
}
