/**
 * Finds a short list of faults that still makes a run fail: Zeller and Hildebrandt's ddmin ("Simplifying and Isolating
 * Failure-Inducing Input", IEEE TSE 28(2), 2002). The result is 1-minimal: without any single one of its faults the run
 * passes, unless `budget` ran out before.
 */
export interface MinimiseOptions {
  /** Runs that may be spent. Default 500. */
  readonly budget?: number;
}

export async function minimise<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
  options: MinimiseOptions = {},
): Promise<readonly T[]> {
  let left = options.budget ?? 500;
  const stillFails = async (candidate: readonly T[]): Promise<boolean> => {
    if (left <= 0) return false;
    left -= 1;
    return fails(candidate);
  };
  if (await stillFails([])) return [];
  let current = items;
  let parts = 2;
  while (current.length >= 2 && left > 0) {
    const smaller = await reduce(current, parts, stillFails);
    if (smaller !== undefined) {
      parts = Math.max(2, smaller.parts);
      current = smaller.items;
    } else if (parts >= current.length) break;
    else parts = Math.min(current.length, parts * 2);
  }
  return current;
}

async function reduce<T>(
  items: readonly T[],
  parts: number,
  stillFails: (items: readonly T[]) => Promise<boolean>,
): Promise<{ items: readonly T[]; parts: number } | undefined> {
  const size = Math.ceil(items.length / parts);
  for (let from = 0; from < items.length; from += size) {
    const part = items.slice(from, from + size);
    if (part.length < items.length && (await stillFails(part))) return { items: part, parts: 2 };
  }
  for (let from = 0; from < items.length; from += size) {
    const rest = [...items.slice(0, from), ...items.slice(from + size)];
    if (rest.length < items.length && rest.length > 0 && (await stillFails(rest)))
      return { items: rest, parts: parts - 1 };
  }
  return undefined;
}
