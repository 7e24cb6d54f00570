/** A watcher and what it hears: see `state-watch.ts`. */
/** The key `low` alone, or the keys from `low` to before `high` (undefined: to the end). */
export interface WatchRange {
  readonly low: string;
  readonly high: string | undefined;
  readonly single: boolean;
}

export type CancelReason = 'compacted' | 'too-many-watchers' | 'empty-range';

/** What a watcher hears: `created` first, `canceled` last. */
export type WatchNotice<E> =
  | { readonly kind: 'created'; readonly revision: number }
  /** All changes of the range up to and including `revision` that were not told before. Shared by all watchers of a group. */
  | { readonly kind: 'events'; readonly revision: number; readonly events: readonly E[] }
  | { readonly kind: 'progress'; readonly revision: number }
  | { readonly kind: 'canceled'; readonly revision: number; readonly why: CancelReason };

/** The synced watchers of one key or range. */
export interface WatchGroup<E> extends WatchRange {
  readonly watchers: Watcher<E>[];
  /** Changes of the stretch of the log that is being told. */
  batch: E[];
}

export class Watcher<E> {
  readonly range: WatchRange;
  readonly #hub: WatcherHost<E>;
  readonly #deliver: (notice: WatchNotice<E>) => void;
  /** For the hub alone, as all that follows: the first revision not yet told; of a synced watcher, a lower bound. */
  next: number;
  state: 'waiting' | 'behind' | 'resting' | 'synced' | 'canceled' = 'waiting';
  paused = false;
  progressWanted = false;
  group: WatchGroup<E> | undefined = undefined;
  /** Place in the list that belongs to `state`. */
  place = -1;

  constructor(hub: WatcherHost<E>, range: WatchRange, next: number, deliver: (notice: WatchNotice<E>) => void) {
    this.#hub = hub;
    this.range = range;
    this.next = next;
    this.#deliver = deliver;
  }

  /** Everything up to and including this revision has been told. */
  get revision(): number {
    return (this.state === 'synced' ? Math.max(this.next, this.#hub.told + 1) : this.next) - 1;
  }

  /** Asks for a `progress` notice, which comes once everything up to then has been told. */
  requestProgress(): void {
    if (this.state !== 'canceled') this.#hub.wantsProgress(this);
  }

  /** Nothing is delivered until `resume`. */
  pause(): void {
    if (this.paused || this.state === 'canceled') return;
    this.paused = true;
    this.#hub.fallBehind(this);
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#hub.wake(this);
  }

  /** Nothing more is delivered, not even `canceled`. */
  cancel(): void {
    this.#hub.remove(this);
  }

  /** For the hub alone. */
  tell(notice: WatchNotice<E>): void {
    this.#deliver(notice);
  }
}

/** What a watcher needs of its hub. */
export interface WatcherHost<E> {
  readonly told: number;
  wantsProgress(watcher: Watcher<E>): void;
  fallBehind(watcher: Watcher<E>): void;
  wake(watcher: Watcher<E>): void;
  remove(watcher: Watcher<E>): void;
}

export function covers(range: WatchRange, key: string): boolean {
  if (range.single) return key === range.low;
  return key >= range.low && (range.high === undefined || key < range.high);
}

/** Moves the last one into the gap. */
export function removeAt<T extends { place: number }>(list: T[], place: number): void {
  const last = list.pop()!;
  if (place >= list.length) return;
  list[place] = last;
  last.place = place;
}
