/**
 * Multi-leader replication: every leader takes writes, and changes travel along links until all have all. Petersen, Spreitzer, Terry, Theimer, Demers, "Flexible Update
 * Propagation for Weakly Consistent Replication" (Bayou), SOSP 1997; Kleppmann, "Designing Data-Intensive Applications", 2017, chapter 5, for topologies.
 *
 * Each leader numbers its changes. A version vector says exactly what a leader has, so what comes twice, by another way or round a ring, is dropped, and never sent on:
 * no loop, not even of changes whose author is gone (MySQL, bugs 25998 and 27808: events of a removed server circle for ever). Nothing relies on a message arriving:
 * neighbours tell each other what they have (`summary`), and send what the other lacks.
 *
 *     write ----> own changes --push--> neighbours --apply, push on--> their neighbours …
 *     every summaryMs: "I have {a:7, b:3}" ---> the neighbour sends what is missing
 *     what is missing is no longer in the neighbour's backlog ---> copy-state, then `adopted`
 *
 * Conflicts are no business of this kernel; see `conflict.ts`. Changes of one leader arrive in order, those of several in any order: apply them by a merge.
 *
 * Pure. Bounds: `backlogMax` changes; one counter for each leader there ever was. O(links) for a change, O(backlog) for a summary that shows a gap.
 */
import { assert, Instant } from '../base/index.ts';
import { VectorClock } from '../time/index.ts';

/** The `sequence`-th change of a leader, from 1. */
export interface LeaderChange<T> {
  readonly origin: string;
  readonly sequence: number;
  readonly payload: T;
}

export type LeaderMessage<T> =
  /** `more`: the sender has more than it could send at once. */
  | { readonly kind: 'changes'; readonly changes: readonly LeaderChange<T>[]; readonly more: boolean }
  /** What the sender has. Whoever gets it sends what it lacks. */
  | { readonly kind: 'summary'; readonly have: VectorClock }
  /** What you lack is no longer kept here as changes, up to `floor`. */
  | { readonly kind: 'gone'; readonly floor: VectorClock };

export type MultiLeaderInput<T> =
  /** A write was made here. What the step gives out may leave only when it is durable, together with `have`: a number must not be given twice. */
  | { readonly kind: 'write'; readonly payload: T }
  | { readonly kind: 'message'; readonly from: string; readonly message: LeaderMessage<T> }
  /** The whole state of a neighbour was merged into ours; `have` is what it contained. */
  | { readonly kind: 'adopted'; readonly have: VectorClock }
  /** The topology has changed. */
  | { readonly kind: 'links'; readonly links: readonly string[] }
  | { readonly kind: 'tick' };

export type MultiLeaderEffect<T> =
  | { readonly kind: 'send'; readonly to: string; readonly message: LeaderMessage<T> }
  /** New here: merge it. */
  | { readonly kind: 'apply'; readonly change: LeaderChange<T> }
  /** Too far behind for changes: get the whole state from this neighbour, merge it, and say `adopted`. */
  | { readonly kind: 'copy-state'; readonly from: string };

export interface MultiLeaderOptions {
  /** A name and an epoch (`ActorId`): a leader that lost its disk must not number anew what it has numbered before. */
  readonly self: string;
  readonly links: readonly string[];
  /** `all`: pass on what others wrote (ring, star, trees). `own`: everybody is linked with everybody; gaps are left to summaries. */
  readonly relay: 'all' | 'own';
  /** How often neighbours are told what we have. */
  readonly summaryMs: number;
  /** Changes kept for neighbours that lack them. Default 10,000. */
  readonly backlogMax?: number;
  /** Changes in a message. Default 100. */
  readonly batchMax?: number;
  /** What was durable here. */
  readonly have?: VectorClock;
}

interface Neighbour {
  /** What it has said that it has. */
  confirmed: VectorClock;
  /** … and what was sent to it since, if that arrived. */
  assumed: VectorClock;
}

export class MultiLeader<T> {
  readonly #options: MultiLeaderOptions;
  readonly #neighbours = new Map<string, Neighbour>();
  /** In the order in which they came, so that changes of one leader ascend. */
  #backlog: LeaderChange<T>[] = [];
  /** Changes up to here may be missing in the backlog. */
  #floor: VectorClock;
  #have: VectorClock;
  #summaryAt: Instant = Instant.of(0);

  constructor(options: MultiLeaderOptions) {
    const { summaryMs, backlogMax = 10_000, batchMax = 100 } = options;
    assert(summaryMs > 0, `summaryMs must be > 0, not ${summaryMs}`);
    assert(backlogMax >= 0, `backlogMax must be >= 0, not ${backlogMax}`);
    // A batch of none would be asked for again at once, for ever.
    assert(batchMax >= 1, `batchMax must be >= 1, not ${batchMax}`);
    this.#options = options;
    this.#have = options.have ?? VectorClock.empty;
    this.#floor = this.#have;
    this.#link(options.links);
  }

  /** What is here: how many changes of each leader. */
  get have(): VectorClock {
    return this.#have;
  }

  get backlogSize(): number {
    return this.#backlog.length;
  }

  get deadline(): Instant {
    return this.#summaryAt;
  }

  step(input: MultiLeaderInput<T>, now: Instant, out: MultiLeaderEffect<T>[]): void {
    switch (input.kind) {
      case 'write': {
        const { self: origin } = this.#options;
        const change = { origin, sequence: this.#have.get(origin) + 1, payload: input.payload };
        this.#take(change);
        return this.#push([change], undefined, out);
      }
      case 'message':
        return this.#message(input.from, input.message, out);
      case 'adopted':
        this.#have = this.#have.merge(input.have);
        this.#floor = this.#floor.merge(input.have);
        return this.#summarise(out);
      case 'links':
        this.#link(input.links);
        return this.#summarise(out);
      case 'tick':
        if (now < this.#summaryAt) return;
        this.#summaryAt = Instant.add(now, this.#options.summaryMs);
        return this.#summarise(out);
    }
  }

  #message(from: string, message: LeaderMessage<T>, out: MultiLeaderEffect<T>[]): void {
    const neighbour = this.#neighbours.get(from);
    // Of somebody who is linked with us no longer, or not yet: its next summary says the same.
    if (neighbour === undefined) return;
    switch (message.kind) {
      case 'changes':
        return this.#changes(from, neighbour, message.changes, message.more, out);
      case 'summary':
        // Not merged with what it said before: it may have crashed and lost what was not on its disk.
        neighbour.confirmed = message.have;
        neighbour.assumed = message.have;
        this.#trim();
        return this.#sendMissing(from, neighbour, out);
      case 'gone':
        // The answer to an old summary may come when all is well again.
        if (!this.#have.descends(message.floor)) out.push({ kind: 'copy-state', from });
        return;
    }
  }

  #changes(
    from: string,
    neighbour: Neighbour,
    changes: readonly LeaderChange<T>[],
    more: boolean,
    out: MultiLeaderEffect<T>[],
  ): void {
    const fresh: LeaderChange<T>[] = [];
    let hasGap = false;
    for (const change of changes) {
      neighbour.assumed = withChange(neighbour.assumed, change);
      const next = this.#have.get(change.origin) + 1;
      if (change.sequence > next) hasGap = true;
      if (change.sequence !== next) continue;
      this.#take(change);
      fresh.push(change);
      out.push({ kind: 'apply', change });
    }
    if (hasGap || more) out.push({ kind: 'send', to: from, message: { kind: 'summary', have: this.#have } });
    if (this.#options.relay === 'all') this.#push(fresh, from, out);
  }

  #take(change: LeaderChange<T>): void {
    this.#have = withChange(this.#have, change);
    this.#backlog.push(change);
    if (this.#backlog.length > this.#backlogMax) this.#trim();
    // Who lacks it now gets the whole state.
    while (this.#backlog.length > this.#backlogMax) this.#floor = withChange(this.#floor, this.#backlog.shift()!);
  }

  /** To all neighbours but the one they came from, as far as they are not known to have them. */
  #push(changes: readonly LeaderChange<T>[], source: string | undefined, out: MultiLeaderEffect<T>[]): void {
    for (const [to, neighbour] of this.#neighbours) {
      if (to === source) continue;
      // One that lacks something before would refuse it; a summary brings both.
      const due = changes.filter(({ origin, sequence }) => {
        const isNext = origin !== to && neighbour.assumed.get(origin) === sequence - 1;
        if (isNext) neighbour.assumed = withChange(neighbour.assumed, { origin, sequence });
        return isNext;
      });
      if (due.length > 0) out.push({ kind: 'send', to, message: { kind: 'changes', changes: due, more: false } });
    }
  }

  #sendMissing(to: string, neighbour: Neighbour, out: MultiLeaderEffect<T>[]): void {
    if (neighbour.confirmed.descends(this.#have)) return;
    if (!neighbour.confirmed.descends(this.#floor))
      return void out.push({ kind: 'send', to, message: { kind: 'gone', floor: this.#floor } });
    const missing = this.#backlog.filter(({ origin, sequence }) => sequence > neighbour.confirmed.get(origin));
    const changes = missing.slice(0, this.#options.batchMax ?? 100);
    for (const change of changes) neighbour.assumed = withChange(neighbour.assumed, change);
    out.push({ kind: 'send', to, message: { kind: 'changes', changes, more: changes.length < missing.length } });
  }

  #summarise(out: MultiLeaderEffect<T>[]): void {
    for (const to of this.#neighbours.keys())
      out.push({ kind: 'send', to, message: { kind: 'summary', have: this.#have } });
  }

  /** Forgets what all neighbours have. */
  #trim(): void {
    const needed = ({ origin, sequence }: LeaderChange<T>): boolean =>
      [...this.#neighbours.values()].some(({ confirmed }) => confirmed.get(origin) < sequence);
    const kept = this.#backlog.filter(needed);
    if (kept.length === this.#backlog.length) return;
    for (const change of this.#backlog) if (!needed(change)) this.#floor = withChange(this.#floor, change);
    this.#backlog = kept;
  }

  #link(links: readonly string[]): void {
    assert(!links.includes(this.#options.self), 'a leader must not be linked with itself');
    for (const gone of [...this.#neighbours.keys()].filter((one) => !links.includes(one)))
      this.#neighbours.delete(gone);
    for (const link of links)
      if (!this.#neighbours.has(link))
        this.#neighbours.set(link, { confirmed: VectorClock.empty, assumed: VectorClock.empty });
  }

  get #backlogMax(): number {
    return this.#options.backlogMax ?? 10_000;
  }
}

function withChange(
  clock: VectorClock,
  { origin, sequence }: { readonly origin: string; readonly sequence: number },
): VectorClock {
  const before = clock.get(origin);
  return sequence > before ? clock.advance(origin, sequence - before) : clock;
}
