/**
 * Tells watchers what changed, in order and without gaps, from any revision that is still remembered (Joshi, "Patterns of Distributed Systems",
 * State Watch). Nothing is delivered inside `watch`, `pause`, `resume` or `cancel`, only inside `flush`.
 *
 *               flush               caught up
 *      waiting --------> behind ------------------> synced
 *                        |    ^                        |
 *          paused, or    v    | resumed, or            | paused
 *          from later  resting  its revision came      |
 *                        ^-----------------------------+
 *
 * Synced watchers of the same key or range form a group: what happened is gathered once for all of them. A watcher that is paused leaves its
 * group and remembers only the next revision it has to see; when it is resumed it reads from the log, in slices, until it has caught up. So a slow
 * watcher costs nothing and loses nothing, unless the log is compacted beyond the point where it stands: then it is told so.
 *
 * Cost of a change: O(log ranges + groups hit + watchers hit). Cost of a watcher: one record.
 */
import { RangeIndex } from './range-index.ts';
import type { RevisionLog } from './revision-log.ts';

/** The key `low` alone, or the keys from `low` to before `high` (undefined: to the end). */
export interface WatchRange {
  readonly low: string;
  readonly high: string | undefined;
  readonly single: boolean;
}

/** What is watched. Of a revision, either all changes are in the log or none. */
export interface WatchSource<E extends { readonly revision: number }> {
  readonly revision: number;
  /** Changes below this revision may be gone from the log. */
  readonly compactRevision: number;
  readonly log: RevisionLog<E>;
}

export type CancelReason = 'compacted' | 'too-many-watchers' | 'empty-range';

/** What a watcher hears: `created` first, `canceled` last. */
export type WatchNotice<E> =
  | { readonly kind: 'created'; readonly revision: number }
  /** All changes of the range up to and including `revision` that were not told before. Shared by all watchers of a group. */
  | { readonly kind: 'events'; readonly revision: number; readonly events: readonly E[] }
  | { readonly kind: 'progress'; readonly revision: number }
  | { readonly kind: 'canceled'; readonly revision: number; readonly why: CancelReason };

export interface StateWatchOptions<E> {
  readonly keyOf: (event: E) => string;
  /** Default 100,000. */
  readonly watchersMax?: number;
  /** Changes in one notice, rounded up to a whole revision. Default 1,024. */
  readonly noticeEventsMax?: number;
}

interface Group<E> extends WatchRange {
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
  group: Group<E> | undefined = undefined;
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

export class StateWatch<E extends { readonly revision: number }> implements WatcherHost<E> {
  readonly #keyOf: (event: E) => string;
  readonly #watchersMax: number;
  readonly #noticeEventsMax: number;
  #source: WatchSource<E>;
  readonly #keys = new Map<string, Group<E>>();
  readonly #rangesByName = new Map<string, Group<E>>();
  readonly #ranges = new RangeIndex<Group<E>>();
  #created: Watcher<E>[] = [];
  /** Have something to read in the log, or to be told about it. */
  readonly #behind: Watcher<E>[] = [];
  /** Paused, or waiting for a revision to come. */
  readonly #resting: Watcher<E>[] = [];
  /** No watcher that rests unpaused waits for an earlier revision than this. */
  #nextDue = Number.POSITIVE_INFINITY;
  #progress: Watcher<E>[] = [];
  #size = 0;
  /** Log place up to which synced watchers have been told, and its revision. */
  #place: number;
  #told: number;
  /** Where the next slice of catching up begins, so that all get their turn. */
  #turn = 0;

  constructor(source: WatchSource<E>, options: StateWatchOptions<E>) {
    this.#source = source;
    this.#keyOf = options.keyOf;
    this.#watchersMax = options.watchersMax ?? 100_000;
    this.#noticeEventsMax = options.noticeEventsMax ?? 1024;
    this.#place = source.log.end;
    this.#told = source.revision;
  }

  get size(): number {
    return this.#size;
  }

  /** The revision up to which synced watchers have been told. */
  get told(): number {
    return this.#told;
  }

  /** Watches from revision `from` on; 0: from the one after the present. */
  watch(range: WatchRange, from: number, deliver: (notice: WatchNotice<E>) => void): Watcher<E> {
    const next = from <= 0 ? this.#source.revision + 1 : from;
    const watcher = new Watcher<E>(this, range, next, deliver);
    this.#created.push(watcher);
    this.#size += 1;
    return watcher;
  }

  /** Continues with another source that holds the same history, as after taking over a snapshot. */
  rebase(source: WatchSource<E>): void {
    for (const groups of [this.#keys, this.#rangesByName]) {
      for (const group of groups.values()) {
        while (group.watchers.length > 0) this.fallBehind(group.watchers[group.watchers.length - 1]!);
      }
    }
    this.#source = source;
    this.#place = source.log.end;
    this.#told = source.revision;
  }

  /**
   * Delivers what is due; looks at about `budget` changes for those that are behind. Returns whether it should be called again without
   * waiting for anything.
   */
  flush(budget: number = 8192): boolean {
    this.#tellSynced();
    const created = this.#created;
    this.#created = [];
    for (const watcher of created) this.#announce(watcher);
    const more = this.#catchUp(budget);
    this.#answerProgress();
    return more || this.#created.length > 0;
  }

  /** For watchers. */
  wantsProgress(watcher: Watcher<E>): void {
    if (!watcher.progressWanted) this.#progress.push(watcher);
    watcher.progressWanted = true;
  }

  /** For watchers. */
  fallBehind(watcher: Watcher<E>): void {
    if (watcher.state !== 'synced') return;
    watcher.next = Math.max(watcher.next, this.#told + 1);
    this.#leaveGroup(watcher);
    this.#enlist(watcher, 'behind');
  }

  /** For watchers. */
  wake(watcher: Watcher<E>): void {
    if (watcher.state !== 'resting') return;
    this.#delist(watcher);
    this.#enlist(watcher, 'behind');
  }

  /** For watchers. */
  remove(watcher: Watcher<E>): void {
    if (watcher.state === 'canceled') return;
    if (watcher.state === 'synced') this.#leaveGroup(watcher);
    else if (watcher.state !== 'waiting') this.#delist(watcher);
    watcher.state = 'canceled';
    this.#size -= 1;
  }

  /** Tells what is new to all groups, a stretch of the log at a time. */
  #tellSynced(): void {
    const { log } = this.#source;
    while (this.#place < log.end) {
      const until = this.#stretchEnd(this.#place, this.#noticeEventsMax);
      const hit: Group<E>[] = [];
      const gather = (group: Group<E>, event: E): void => {
        if (group.batch.length === 0) hit.push(group);
        group.batch.push(event);
      };
      for (let place = this.#place; place < until; place++) {
        const event = log.at(place);
        const key = this.#keyOf(event);
        const group = this.#keys.get(key);
        if (group !== undefined) gather(group, event);
        if (this.#ranges.size > 0) this.#ranges.find(key, (found) => gather(found, event));
      }
      const { revision } = log.at(until - 1);
      for (const group of hit) this.#tellGroup(group, revision);
      this.#place = until;
      this.#told = revision;
    }
    this.#told = this.#source.revision;
  }

  #tellGroup(group: Group<E>, revision: number): void {
    const events = group.batch;
    group.batch = [];
    const notice: WatchNotice<E> = { kind: 'events', revision, events };
    // Backwards, because a watcher may leave while it is told; one that moves into the gap has been told, which `next` shows.
    for (let i = group.watchers.length - 1; i >= 0; i--) {
      const watcher = group.watchers[i];
      if (watcher === undefined || watcher.next > revision) continue;
      watcher.next = revision + 1;
      watcher.tell(notice);
    }
  }

  /** The place after the last change of the revision in which the stretch has become `events` long. */
  #stretchEnd(from: number, events: number): number {
    const { log } = this.#source;
    let until = Math.min(from + events, log.end);
    const { revision } = log.at(until - 1);
    while (until < log.end && log.at(until).revision === revision) until += 1;
    return until;
  }

  #announce(watcher: Watcher<E>): void {
    if (watcher.state === 'canceled') return;
    const { low, high, single } = watcher.range;
    const empty = !single && high !== undefined && low >= high;
    const refused = this.#size > this.#watchersMax;
    this.#enlist(watcher, 'behind');
    watcher.tell({ kind: 'created', revision: this.#told });
    if (empty) this.#cancel(watcher, 'empty-range');
    else if (refused) this.#cancel(watcher, 'too-many-watchers');
  }

  #cancel(watcher: Watcher<E>, why: CancelReason): void {
    if (watcher.state === 'canceled') return;
    this.remove(watcher);
    watcher.tell({ kind: 'canceled', revision: this.#told, why });
  }

  /** Gives those that are behind a slice each, in turn. Returns whether somebody is still behind. */
  #catchUp(budget: number): boolean {
    if (this.#nextDue <= this.#told + 1) this.#wakeDue();
    let left = budget;
    while (this.#behind.length > 0 && left > 0) {
      if (this.#turn >= this.#behind.length) this.#turn = 0;
      const watcher = this.#behind[this.#turn]!;
      left -= this.#step(watcher);
      // Whoever has left the list has been replaced by another.
      if (this.#behind[this.#turn] === watcher) this.#turn += 1;
    }
    return this.#behind.length > 0;
  }

  #wakeDue(): void {
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const watcher of [...this.#resting]) {
      if (watcher.paused) continue;
      if (watcher.next <= this.#told + 1) this.wake(watcher);
      else this.#nextDue = Math.min(this.#nextDue, watcher.next);
    }
  }

  /** One slice for one watcher. Returns about how many changes were looked at, and at least 1. */
  #step(watcher: Watcher<E>): number {
    if (watcher.paused || watcher.next > this.#told + 1) {
      this.#delist(watcher);
      this.#enlist(watcher, 'resting');
      if (!watcher.paused) this.#nextDue = Math.min(this.#nextDue, watcher.next);
    } else if (watcher.next < this.#source.compactRevision) this.#cancel(watcher, 'compacted');
    else if (watcher.next === this.#told + 1) {
      this.#delist(watcher);
      this.#joinGroup(watcher);
    } else return this.#readOn(watcher);
    return 1;
  }

  #readOn(watcher: Watcher<E>): number {
    const { log } = this.#source;
    const from = log.seek(watcher.next);
    const until = from === log.end ? from : this.#stretchEnd(from, this.#noticeEventsMax);
    const events: E[] = [];
    for (let place = from; place < until; place++) {
      const event = log.at(place);
      if (covers(watcher.range, this.#keyOf(event))) events.push(event);
    }
    const revision = until === log.end ? this.#told : log.at(until - 1).revision;
    watcher.next = revision + 1;
    if (watcher.next === this.#told + 1) {
      this.#delist(watcher);
      this.#joinGroup(watcher);
    }
    if (events.length > 0) watcher.tell({ kind: 'events', revision, events });
    return until - from + 1;
  }

  /** Those who are not caught up yet are answered in a later flush. */
  #answerProgress(): void {
    if (this.#progress.length === 0) return;
    const asked = this.#progress;
    this.#progress = [];
    for (const watcher of asked) {
      if (watcher.state === 'canceled') continue;
      const caughtUp = watcher.state === 'synced' || (watcher.state === 'resting' && watcher.next > this.#told);
      if (!caughtUp || watcher.paused) {
        this.#progress.push(watcher);
        continue;
      }
      watcher.progressWanted = false;
      watcher.tell({ kind: 'progress', revision: this.#told });
    }
  }

  #enlist(watcher: Watcher<E>, state: 'behind' | 'resting'): void {
    const list = state === 'behind' ? this.#behind : this.#resting;
    watcher.state = state;
    watcher.place = list.length;
    list.push(watcher);
  }

  #delist(watcher: Watcher<E>): void {
    removeAt(watcher.state === 'behind' ? this.#behind : this.#resting, watcher.place);
  }

  #joinGroup(watcher: Watcher<E>): void {
    const group = this.#groupOf(watcher.range);
    watcher.state = 'synced';
    watcher.group = group;
    watcher.place = group.watchers.length;
    group.watchers.push(watcher);
  }

  #leaveGroup(watcher: Watcher<E>): void {
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

  #groupOf(range: WatchRange): Group<E> {
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

/** Keys are binary strings, so no unit of theirs is above 0xff. */
function rangeName(range: WatchRange): string {
  return `${range.low}\u0100${range.high ?? '\u0100'}`;
}

function covers(range: WatchRange, key: string): boolean {
  if (range.single) return key === range.low;
  return key >= range.low && (range.high === undefined || key < range.high);
}

/** Moves the last one into the gap. */
function removeAt<T extends { place: number }>(list: T[], place: number): void {
  const last = list.pop()!;
  if (place >= list.length) return;
  list[place] = last;
  last.place = place;
}
