/**
 * Names kept sorted in an array (as strings, UTF-16 units), with what belongs to each at the same place of another array. Two clocks of this
 * form are merged and compared in one pass, without a hash table.
 */

/** The place of `name`, or the complement of where it would go. O(log n). */
export function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = names[middle]!;
    if (found === name) return middle;
    if (found < name) low = middle + 1;
    else high = middle - 1;
  }
  return ~low;
}

export function withInserted<T>(items: readonly T[], place: number, item: T): T[] {
  const longer = items.slice();
  longer.splice(place, 0, item);
  return longer;
}

export function withReplaced<T>(items: readonly T[], place: number, item: T): T[] {
  const other = items.slice();
  other[place] = item;
  return other;
}
