/**
 * Reads at a follower: served here when this replica shows what the reader needs, else after waiting, else at the leader, or not at all. Joshi, "Patterns of Distributed
 * Systems", 2023, "Follower Reads"; Terry et al., PDIS 1994 (sessions); Corbett et al., "Spanner", OSDI 2012, section 4.2 (bounded staleness).
 *
 *     read --(shown here)--------------------------------> serve
 *       \---(not yet)---> waiting --(shown)-------------> serve
 *        \                     \---(waitMaxMs is over)--> forward, or refuse
 *         \--(it never will be)-------------------------> refuse: lost
 *
 * Not linearizable, whatever is asked for: that needs the leader to be confirmed after the read began (`consensus/raft`, reads).
 *
 * Pure. O(waiting) per step; bounded by `waitingMax`, and one more is refused.
 */
import { assert, Instant } from '../base/index.ts';

/** Any replica that can say what it shows: a `LogReplica` is one. */
export interface ReadableReplica<P> {
  /** What it shows now. */
  readonly shown: P;
  relationTo(position: P): 'has' | 'behind' | 'lost';
  readonly status: {
    readonly role: string;
    readonly leader: string | undefined;
    readonly freshAsOf: Instant | undefined;
  };
}

export interface FollowerReadsOptions<P> {
  readonly replica: ReadableReplica<P>;
  /** Default 1000. */
  readonly waitingMax?: number;
}

export type FollowerReadsInput<P> =
  | {
      readonly kind: 'read';
      /** Used once while it waits. */
      readonly id: number;
      /** Serve only where this is shown. */
      readonly position?: P;
      /** Serve only where everything that was acknowledged that long ago is shown. */
      readonly staleMaxMs?: number;
      /** 0: do not wait. */
      readonly waitMaxMs: number;
      readonly otherwise: 'refuse' | 'forward';
    }
  /** The replica shows more, or heard from its leader, or changed its role. */
  | { readonly kind: 'progress' }
  /** Who asked is gone. */
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'tick' };

/**
 * `behind`, `stale`: in vain. `lost`: a failover has lost what the reader had seen or written; it must be told, and begin a new session.
 */
export type ReadRefusal = 'behind' | 'stale' | 'lost' | 'full';

export type FollowerReadsEffect<P> =
  /** Read here, now. `position` goes into the session's token. */
  | { readonly kind: 'serve'; readonly id: number; readonly position: P }
  | { readonly kind: 'forward'; readonly id: number; readonly leader: string }
  | { readonly kind: 'refuse'; readonly id: number; readonly why: ReadRefusal };

type Read<P> = FollowerReadsInput<P> & { readonly kind: 'read' };

export class FollowerReads<P> {
  readonly #replica: ReadableReplica<P>;
  readonly #waitingMax: number;
  readonly #waiting = new Map<number, { readonly read: Read<P>; readonly dueAt: Instant }>();

  constructor(options: FollowerReadsOptions<P>) {
    this.#replica = options.replica;
    this.#waitingMax = options.waitingMax ?? 1000;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get deadline(): Instant | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#waiting.values()) earliest = Math.min(earliest, dueAt);
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(input: FollowerReadsInput<P>, now: Instant, out: FollowerReadsEffect<P>[]): void {
    switch (input.kind) {
      case 'read':
        return this.#read(input, now, out);
      case 'progress':
      case 'tick':
        return this.#review(now, out);
      case 'cancel':
        this.#waiting.delete(input.id);
    }
  }

  #read(read: Read<P>, now: Instant, out: FollowerReadsEffect<P>[]): void {
    const { staleMaxMs = 0, waitMaxMs } = read;
    assert(staleMaxMs >= 0, `staleMaxMs must be >= 0, not ${staleMaxMs}`);
    assert(waitMaxMs >= 0, `waitMaxMs must be >= 0, not ${waitMaxMs}`);
    assert(!this.#waiting.has(read.id), `read ${read.id} waits already; ids are used once`);
    const obstacle = this.#obstacle(read, now);
    if (obstacle === undefined || obstacle === 'lost' || read.waitMaxMs <= 0) return this.#end(read, obstacle, out);
    if (this.#waiting.size >= this.#waitingMax) return void out.push({ kind: 'refuse', id: read.id, why: 'full' });
    this.#waiting.set(read.id, { read, dueAt: Instant.add(now, read.waitMaxMs) });
  }

  #review(now: Instant, out: FollowerReadsEffect<P>[]): void {
    for (const [id, { read, dueAt }] of this.#waiting) {
      const obstacle = this.#obstacle(read, now);
      if (obstacle !== undefined && obstacle !== 'lost' && now < dueAt) continue;
      this.#waiting.delete(id);
      this.#end(read, obstacle, out);
    }
  }

  /** What keeps it from being served here and now. */
  #obstacle({ position, staleMaxMs }: Read<P>, now: Instant): 'behind' | 'stale' | 'lost' | undefined {
    if (position !== undefined) {
      const relation = this.#replica.relationTo(position);
      if (relation !== 'has') return relation;
    }
    const freshAsOf = this.#replica.status.freshAsOf ?? Number.NEGATIVE_INFINITY;
    return staleMaxMs !== undefined && now - freshAsOf > staleMaxMs ? 'stale' : undefined;
  }

  #end({ id, otherwise }: Read<P>, obstacle: ReadRefusal | undefined, out: FollowerReadsEffect<P>[]): void {
    if (obstacle === undefined) return void out.push({ kind: 'serve', id, position: this.#replica.shown });
    const { role, leader } = this.#replica.status;
    const canForward = otherwise === 'forward' && obstacle !== 'lost' && role !== 'leader' && leader !== undefined;
    if (canForward) out.push({ kind: 'forward', id, leader });
    else out.push({ kind: 'refuse', id, why: obstacle });
  }
}
