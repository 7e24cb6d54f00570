/**
 * A replica that leads: it appends, answers fetches, and acknowledges what enough replicas hold. See `log-replica.ts`.
 *
 * It counts a follower only once that is synced: has been found to agree up to where this generation began. So the high-water mark never moves on the strength of
 * records alone that an earlier leader wrote (Raft, section 5.4.2, figure 8; KAFKA-7128).
 */
import { assert, Instant } from '../base/index.ts';
import { type InSyncCandidate, InSyncSet } from './in-sync-set.ts';
import { LogHolds } from './log-holds.ts';
import type { LogState } from './log-state.ts';
import type { InSync, LogEffect, LogInput, LogMessage, LogReplicaOptions } from './log-types.ts';
import { reachedByEnough } from './replication-mode.ts';

type Fetch = LogMessage & { readonly kind: 'fetch' };
type Append = LogInput & { readonly kind: 'append' };

interface Progress {
  /** Up to where it agrees with this log, on disk; undefined until it has said so in this generation. */
  held: number | undefined;
  caughtUpAt: Instant;
  /** The end of this log, and when, at the last news of it. Whoever reaches that was caught up then. */
  goal: { readonly end: number; readonly at: Instant };
  parked: { readonly fetch: Fetch; readonly arrivedAt: Instant; readonly until: Instant } | undefined;
  sent: { readonly id: number; readonly at: Instant } | undefined;
  /** It took part in this generation at this time or later. */
  heardSince: Instant | undefined;
  /** No records are kept for it until it is heard of. */
  isAbandoned: boolean;
}

export type LogLeaderOptions = Required<LogReplicaOptions>;

export class LogLeader {
  readonly #options: LogLeaderOptions;
  readonly #state: LogState;
  readonly #replicas: readonly string[];
  readonly #generationStart: number;
  readonly #followers = new Map<string, Progress>();
  readonly #holds: LogHolds;
  readonly #inSync: InSyncSet | undefined;
  /** In the order of the log. Bounded by `unacknowledgedMax`. */
  readonly #waiting: { readonly id: number; readonly first: number; readonly end: number; readonly dueAt: Instant }[] =
    [];
  #unacknowledged = 0;
  /** Nothing below is needed on this replica. */
  #released: number;

  constructor(
    options: LogLeaderOptions,
    state: LogState,
    replicas: readonly string[],
    inSync: InSync | undefined,
    now: Instant,
  ) {
    this.#options = options;
    this.#state = state;
    this.#replicas = replicas;
    this.#generationStart = state.end;
    this.#holds = new LogHolds({ retainMax: options.retainMax, holdersMax: replicas.length });
    const { mode, lagMaxMs } = options;
    if (mode.kind === 'synchronous' && inSync !== undefined)
      this.#inSync = new InSyncSet(inSync, mode.copiesMin, lagMaxMs);
    this.#released = state.start;
    for (const replica of replicas) {
      if (replica === options.self) continue;
      const goal = { end: state.end, at: now };
      this.#followers.set(replica, {
        held: undefined,
        caughtUpAt: now,
        goal,
        parked: undefined,
        sent: undefined,
        heardSince: undefined,
        isAbandoned: false,
      });
    }
  }

  get deadline(): Instant {
    let earliest = this.#waiting[0]?.dueAt ?? Number.POSITIVE_INFINITY;
    for (const { parked } of this.#followers.values())
      if (parked !== undefined) earliest = Math.min(earliest, parked.until);
    return Instant.of(Math.min(earliest, this.#inSync?.deadline(this.#candidates()) ?? earliest));
  }

  append({ id, count }: Append, now: Instant, out: LogEffect[]): void {
    const { unacknowledgedMax, appendTimeoutMs, mode, self } = this.#options;
    assert(Number.isInteger(count) && count >= 1, `count must be a whole number from 1 on, not ${count}`);
    const refuse = (why: 'full' | 'too-few-copies'): void => void out.push({ kind: 'refused', id, why, leader: self });
    if (this.#unacknowledged + count > unacknowledgedMax) return refuse('full');
    if (mode.kind === 'synchronous' && this.#liveCount(now) < mode.copiesMin) return refuse('too-few-copies');
    const first = this.#state.end;
    this.#state.append(count, this.#state.generation, out);
    this.#unacknowledged += count;
    this.#waiting.push({ id, first, end: first + count, dueAt: Instant.add(now, appendTimeoutMs) });
    this.#answerParked(now, out);
  }

  fetch(from: string, fetch: Fetch, now: Instant, out: LogEffect[]): void {
    const progress = this.#followers.get(from);
    if (progress === undefined) return;
    if (fetch.answered > 0 && progress.sent?.id === fetch.answered) progress.heardSince = progress.sent.at;
    if (fetch.held !== undefined) this.#observe(from, progress, fetch.held, now);
    progress.parked = undefined;
    if (this.#disagrees(from, fetch, out)) return;
    if (fetch.from < this.#state.end || fetch.mark < this.#state.highWaterMark || fetch.answered === 0)
      this.#serve(from, progress, fetch, now, now, out);
    else progress.parked = { fetch, arrivedAt: now, until: Instant.add(now, this.#options.waitMaxMs) };
    this.advance(now, out);
  }

  held(from: string, end: number, now: Instant, out: LogEffect[]): void {
    const progress = this.#followers.get(from);
    if (progress === undefined) return;
    this.#observe(from, progress, end, now);
    this.advance(now, out);
  }

  decided(inSync: InSync, now: Instant, out: LogEffect[]): void {
    this.#inSync?.decide(inSync);
    this.advance(now, out);
  }

  release(index: number, out: LogEffect[]): void {
    this.#released = Math.max(this.#released, index);
    this.#raiseLowMark(out);
  }

  /** All that was acknowledged before then, by whomever, is below the high-water mark. */
  get freshAsOf(): Instant | undefined {
    return this.#confirmedAt(Instant.of(Number.POSITIVE_INFINITY));
  }

  /** Something has become durable, here or at a follower. */
  advance(now: Instant, out: LogEffect[]): void {
    const before = this.#state.highWaterMark;
    const end = reachedByEnough(this.#options.mode, this.#replicas, this.#counted, (one) => this.#heldBy(one), 0);
    this.#state.raiseMark(end, out);
    if (this.#state.highWaterMark > before) {
      this.#acknowledge(out);
      this.#answerParked(now, out);
    }
    this.#inSync?.review(this.#candidates(), this.#state.generation, now, out);
    this.#raiseLowMark(out);
  }

  tick(now: Instant, out: LogEffect[]): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.dueAt <= now) this.#giveUp(out);
    this.#answerParked(now, out, now);
    this.#inSync?.review(this.#candidates(), this.#state.generation, now, out);
  }

  /** Another generation has begun: what waits may survive or not. */
  stepDown(out: LogEffect[]): void {
    while (this.#waiting.length > 0) this.#giveUp(out);
  }

  #giveUp(out: LogEffect[]): void {
    out.push({ kind: 'unknown', id: this.#waiting.shift()!.id });
  }

  #acknowledge(out: LogEffect[]): void {
    const { generation, highWaterMark, end } = this.#state;
    this.#unacknowledged = Math.min(this.#unacknowledged, end - highWaterMark);
    while (this.#waiting.length > 0 && this.#waiting[0]!.end <= highWaterMark) {
      const { id, first, end: index } = this.#waiting.shift()!;
      out.push({ kind: 'acknowledged', id, first, position: { generation, index } });
    }
  }

  get #counted(): readonly string[] {
    return this.#inSync?.counted ?? [];
  }

  #heldBy(replica: string): number | undefined {
    if (replica !== this.#options.self) return this.#followers.get(replica)?.held;
    return this.#state.durableSynced === this.#state.generation ? this.#state.durableEnd : undefined;
  }

  #observe(replica: string, progress: Progress, held: number, now: Instant): void {
    progress.held = Math.max(progress.held ?? 0, held);
    const { end } = this.#state;
    if (progress.held >= end) progress.caughtUpAt = now;
    else if (progress.held >= progress.goal.end)
      progress.caughtUpAt = Instant.of(Math.max(progress.caughtUpAt, progress.goal.at));
    progress.goal = { end, at: now };
    if (end - progress.held <= this.#options.retainMax) this.#holds.hold(replica, progress.held);
  }

  /** Answers when the follower's log is not the beginning of this one. */
  #disagrees(to: string, { id, from, latest }: Fetch, out: LogEffect[]): boolean {
    const { generation, history, start, end } = this.#state;
    const answer = (message: LogMessage): true => {
      out.push({ kind: 'send', to, message, after: this.#state.pending });
      return true;
    };
    if (from < start) return answer({ kind: 'restart', generation, id, start });
    // It has no record: whatever was below its start is dropped there, and acknowledged.
    if (latest === 0 && from <= end) return false;
    const known = history.endOf(latest, end);
    if (known.generation === 0) return answer({ kind: 'restart', generation, id, start });
    if (known.generation === latest && from <= known.end) return false;
    return answer({ kind: 'diverged', generation, id, run: known.generation, end: known.end });
  }

  #serve(
    to: string,
    progress: Progress,
    { id, from }: Fetch,
    arrivedAt: Instant,
    now: Instant,
    out: LogEffect[],
  ): void {
    const { generation, history, end, highWaterMark: mark, lowWaterMark: lowMark } = this.#state;
    const run = history.runAt(from, end);
    const confirmedAt = this.#confirmedAt(now);
    progress.parked = undefined;
    progress.sent = { id, at: now };
    const message = {
      kind: 'records',
      generation,
      id,
      from,
      count: run === undefined ? 0 : Math.min(run.end - from, this.#options.batchMax),
      run: run?.generation ?? 0,
      mark,
      lowMark,
      generationStart: this.#generationStart,
      confirmedAgoMs: confirmedAt === undefined ? undefined : arrivedAt - confirmedAt,
    } as const;
    // Records need not be on this disk first; that this generation is led from here must.
    const after = this.#state.durableSynced === generation ? 0 : this.#state.pending;
    out.push({ kind: 'send', to, message, after });
  }

  /** There is news, or (`dueAt`) only those that have waited long enough. */
  #answerParked(now: Instant, out: LogEffect[], dueAt: number = Number.POSITIVE_INFINITY): void {
    for (const [replica, progress] of this.#followers) {
      const { parked } = progress;
      if (parked !== undefined && parked.until <= dueAt)
        this.#serve(replica, progress, parked.fetch, parked.arrivedAt, now, out);
    }
  }

  /**
   * When it was certain that no higher generation could have a leader, and so nobody else could acknowledge. What earlier leaders have acknowledged is known only
   * once the mark has reached the beginning of this generation.
   */
  #confirmedAt(now: Instant): Instant | undefined {
    if (this.#state.highWaterMark < this.#generationStart) return undefined;
    const { mode, self } = this.#options;
    const since = (replica: string): number | undefined =>
      replica === self ? now : this.#followers.get(replica)?.heardSince;
    const at = reachedByEnough(mode, this.#replicas, this.#counted, since, Number.NEGATIVE_INFINITY);
    return at === Number.NEGATIVE_INFINITY ? undefined : Instant.of(at);
  }

  #candidates(): InSyncCandidate[] {
    const { highWaterMark } = this.#state;
    return [...this.#followers].map(([replica, { held, caughtUpAt }]) => ({
      replica,
      caughtUpAt,
      hasAcknowledged: held !== undefined && held >= highWaterMark,
    }));
  }

  #liveCount(now: Instant): number {
    return this.#inSync?.liveCount(this.#candidates(), now) ?? this.#replicas.length;
  }

  #raiseLowMark(out: LogEffect[]): void {
    const { end } = this.#state;
    for (const replica of this.#holds.abandon(end)) out.push({ kind: 'abandoned', replica });
    let isWaiting = false;
    for (const [replica, progress] of this.#followers) {
      if (progress.held !== undefined || progress.isAbandoned) continue;
      // Where it stands is not known. It gets the benefit of the doubt for as many records as are retained.
      progress.isAbandoned = end - this.#generationStart > this.#options.retainMax;
      if (progress.isAbandoned) out.push({ kind: 'abandoned', replica });
      else isWaiting = true;
    }
    if (!isWaiting) this.#state.raiseLowMark(Math.min(this.#released, this.#holds.lowest), out);
  }
}
