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
import { assert } from '../base/index.ts';
import type { RevisionLog } from './revision-log.ts';
import { WatchGroups } from './watch-groups.ts';
import {
  type CancelReason,
  covers,
  removeAt,
  Watcher,
  type WatcherHost,
  type WatchGroup,
  type WatchNotice,
  type WatchRange,
} from './watcher.ts';

/** What is watched. Of a revision, either all changes are in the log or none. */
export interface WatchSource<E extends { readonly revision: number }> {
  readonly revision: number;
  /** Changes below this revision may be gone from the log. */
  readonly compactRevision: number;
  readonly log: RevisionLog<E>;
}

export interface StateWatchOptions<E> {
  readonly keyOf: (event: E) => string;
  /** Default 100,000. */
  readonly watchersMax?: number;
  /** Changes in one notice, rounded up to a whole revision. Default 1,024. */
  readonly noticeEventsMax?: number;
}

export class StateWatch<E extends { readonly revision: number }> implements WatcherHost<E> {
  readonly #keyOf: (event: E) => string;
  readonly #watchersMax: number;
  readonly #noticeEventsMax: number;
  #source: WatchSource<E>;
  readonly #groups = new WatchGroups<E>();
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
  /** What watchers threw in this flush. */
  #failures: unknown[] = [];

  constructor(source: WatchSource<E>, options: StateWatchOptions<E>) {
    this.#source = source;
    this.#keyOf = options.keyOf;
    this.#watchersMax = options.watchersMax ?? 100_000;
    this.#noticeEventsMax = options.noticeEventsMax ?? 1024;
    assert(this.#watchersMax >= 1, `watchersMax must be >= 1, not ${options.watchersMax}`);
    assert(this.#noticeEventsMax >= 1, `noticeEventsMax must be >= 1, not ${options.noticeEventsMax}`);
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
    for (const group of this.#groups.all()) {
      while (group.watchers.length > 0) this.fallBehind(group.watchers[group.watchers.length - 1]!);
    }
    this.#source = source;
    this.#place = source.log.end;
    this.#told = source.revision;
  }

  /**
   * Delivers what is due; looks at about `budget` changes for those that are behind. Returns whether it should be called again without
   * waiting for anything. Throws what a watcher's `deliver` threw, after all others have been told; that watcher is cancelled.
   */
  flush(budget: number = 8192): boolean {
    this.#tellSynced();
    const created = this.#created;
    this.#created = [];
    for (const watcher of created) this.#announce(watcher);
    const more = this.#catchUp(budget);
    this.#answerProgress();
    this.#throwFailures();
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
    this.#groups.leave(watcher);
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
    if (watcher.state === 'synced') this.#groups.leave(watcher);
    else if (watcher.state !== 'waiting') this.#delist(watcher);
    watcher.state = 'canceled';
    this.#size -= 1;
  }

  /** A watcher that throws has missed something, so it hears no more; all others hear what they would have heard. */
  #tell(watcher: Watcher<E>, notice: WatchNotice<E>): void {
    try {
      watcher.tell(notice);
    } catch (error) {
      this.remove(watcher);
      this.#failures.push(error);
    }
  }

  #throwFailures(): void {
    const failures = this.#failures;
    if (failures.length === 0) return;
    this.#failures = [];
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'several watchers threw');
  }

  /** Tells what is new to all groups, a stretch of the log at a time. */
  #tellSynced(): void {
    const { log } = this.#source;
    while (this.#place < log.end) {
      const until = this.#stretchEnd(this.#place, this.#noticeEventsMax);
      const hit: WatchGroup<E>[] = [];
      const gather = (group: WatchGroup<E>, event: E): void => {
        if (group.batch.length === 0) hit.push(group);
        group.batch.push(event);
      };
      for (let place = this.#place; place < until; place++) {
        const event = log.at(place);
        this.#groups.find(this.#keyOf(event), (group) => gather(group, event));
      }
      const { revision } = log.at(until - 1);
      for (const group of hit) this.#tellGroup(group, revision);
      this.#place = until;
      this.#told = revision;
    }
    this.#told = this.#source.revision;
  }

  #tellGroup(group: WatchGroup<E>, revision: number): void {
    const events = group.batch;
    group.batch = [];
    const notice: WatchNotice<E> = { kind: 'events', revision, events };
    // Backwards, because a watcher may leave while it is told; one that moves into the gap has been told, which `next` shows.
    for (let i = group.watchers.length - 1; i >= 0; i--) {
      const watcher = group.watchers[i];
      if (watcher === undefined || watcher.next > revision) continue;
      watcher.next = revision + 1;
      this.#tell(watcher, notice);
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
    this.#tell(watcher, { kind: 'created', revision: this.#told });
    if (empty) this.#cancel(watcher, 'empty-range');
    else if (refused) this.#cancel(watcher, 'too-many-watchers');
  }

  #cancel(watcher: Watcher<E>, why: CancelReason): void {
    if (watcher.state === 'canceled') return;
    this.remove(watcher);
    this.#tell(watcher, { kind: 'canceled', revision: this.#told, why });
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
      this.#join(watcher);
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
      this.#join(watcher);
    }
    if (events.length > 0) this.#tell(watcher, { kind: 'events', revision, events });
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
      this.#tell(watcher, { kind: 'progress', revision: this.#told });
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

  #join(watcher: Watcher<E>): void {
    watcher.state = 'synced';
    this.#groups.join(watcher);
  }
}
