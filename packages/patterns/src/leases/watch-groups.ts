import { RangeIndex } from './range-index.ts';
import { removeAt, type Watcher, type WatchGroup, type WatchRange } from './watcher.ts';

/** Watchers by what they watch: all of one key, and all of one range, are a group. */
export class WatchGroups<E> {
  readonly #keys = new Map<string, WatchGroup<E>>();
  readonly #rangesByName = new Map<string, WatchGroup<E>>();
  readonly #ranges = new RangeIndex<WatchGroup<E>>();

  *all(): Generator<WatchGroup<E>, void> {
    yield* this.#keys.values();
    yield* this.#rangesByName.values();
  }

  /** Calls `visit` for every group whose key or range `key` is in. */
  find(key: string, visit: (group: WatchGroup<E>) => void): void {
    const group = this.#keys.get(key);
    if (group !== undefined) visit(group);
    if (this.#ranges.size > 0) this.#ranges.find(key, visit);
  }

  join(watcher: Watcher<E>): void {
    const group = this.#groupOf(watcher.range);
    watcher.group = group;
    watcher.place = group.watchers.length;
    group.watchers.push(watcher);
  }

  leave(watcher: Watcher<E>): void {
    const group = watcher.group!;
    removeAt(group.watchers, watcher.place);
    watcher.group = undefined;
    if (group.watchers.length > 0) return;
    if (group.single) this.#keys.delete(group.low);
    else {
      this.#rangesByName.delete(rangeName(group));
      this.#ranges.remove(group);
    }
  }

  #groupOf(range: WatchRange): WatchGroup<E> {
    const groups = range.single ? this.#keys : this.#rangesByName;
    const name = range.single ? range.low : rangeName(range);
    let group = groups.get(name);
    if (group === undefined) {
      group = { low: range.low, high: range.high, single: range.single, watchers: [], batch: [] };
      groups.set(name, group);
      if (!range.single) this.#ranges.add(group);
    }
    return group;
  }
}

/** With its length in front, `low` cannot run over into `high`, whatever characters keys are made of. */
function rangeName({ low, high }: WatchRange): string {
  return high === undefined ? `${low.length}:${low}` : `${low.length}:${low}-${high}`;
}
