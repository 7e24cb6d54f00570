/**
 * Times leases on the one node that is entitled to (Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File
 * Cache Consistency", 1989; Joshi, "Patterns of Distributed Systems", Lease). Which leases exist is replicated and decided elsewhere; how much time is left of each is
 * known here only, on this node's monotonic clock, and is lost with it.
 *
 *                 promote {term, leases}
 *      demoted -------------------------> keeper {term}
 *         ^                                  |
 *         +----------------------------------+
 *                       demote
 *
 *      a lease, at the keeper:  alive --(time is up)--> expiring --(revoked)--> (gone)
 *                                 ^ |                    | ^
 *                            renew+-+              retry +-+
 *
 * Why a lease is never lost too early when the keeper changes, even while two nodes believe to be the keeper:
 * 1. A new keeper gives every lease its full time again, and `extendMs` on top, which covers renewals that the old one granted after it had been deposed
 *    without knowing it yet. `extendMs` is therefore at least as long as a deposed keeper can go on: the election timeout, when it stops by check-quorum.
 * 2. A keeper does not revoke. It emits `expire` with its term, and the replicated state carries that out only while it is still in the
 *    epoch of that term. The epoch is itself raised through the log, before the new keeper is promoted: so an old keeper's late `expire` comes
 *    after it in the log and is void, or before it, and then the new keeper never had that lease.
 * 3. What the table says to `renew` is not an answer to a client yet. Whoever runs it confirms first that this node was still the leader after the
 *    request arrived (a read barrier, which many renewals share).
 *
 * Pure: no clock, no timers; up to 1 ms late, as the timing wheel is that it keeps them in. Granting, renewal and revocation O(1); expiry O(1) amortised.
 */
import { assert, Instant } from '../base/index.ts';
import { TimingWheel, WheelTimer } from './timing-wheel.ts';

export interface LeaseTableOptions {
  /** Mass expiry is spread, so that revocations do not crowd out everything else. Default 750. */
  readonly expiriesPerSecondMax?: number;
  /** An `expire` that led to nothing is emitted again after this. Default 1,000. */
  readonly retryMs?: number;
}

export type LeaseTableInput =
  /** This node keeps the leases now; `leases` are all there are. */
  | {
      readonly kind: 'promote';
      readonly term: number;
      readonly leases: Iterable<{ readonly id: number; readonly ttlMs: number }>;
      readonly extendMs: number;
    }
  | { readonly kind: 'demote' }
  /** The replicated state has a new lease. */
  | { readonly kind: 'granted'; readonly id: number; readonly ttlMs: number }
  /** The replicated state has this lease no longer. */
  | { readonly kind: 'revoked'; readonly id: number }
  | { readonly kind: 'renew'; readonly id: number }
  | { readonly kind: 'tick' };

export type LeaseTableEffect =
  /** Have it revoked, under the condition that leases are still kept in `term`. */
  | { readonly kind: 'expire'; readonly id: number; readonly term: number }
  | { readonly kind: 'renewed'; readonly id: number; readonly ttlMs: number }
  /** `unknown` and `expired`: the client must take the lease for lost. `demoted`: ask the keeper. */
  | { readonly kind: 'refused'; readonly id: number; readonly why: 'unknown' | 'expired' | 'demoted' };

class Timed extends WheelTimer {
  readonly id: number;
  readonly ttlMs: number;
  /** When time is up; `dueAt` may be earlier, because renewals do not move it. */
  expiresAt: number;
  expiring = false;

  constructor(id: number, ttlMs: number, expiresAt: number) {
    super();
    this.id = id;
    this.ttlMs = ttlMs;
    this.expiresAt = expiresAt;
  }
}

/** Expirations that may come at once, as a time's worth of the permitted rate. */
const BURST_MS = 100;
/** With more due than permitted, this is how long the next lot is waited for. */
const PACE_MS = 50;

export class LeaseTable {
  readonly #ratePerMs: number;
  readonly #retryMs: number;
  readonly #leases = new Map<number, Timed>();
  /** Undefined: demoted. */
  #keeping: { readonly term: number; readonly wheel: TimingWheel<Timed> } | undefined;
  #credit: number;
  #creditAt = 0;
  #pacedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseTableOptions = {}) {
    const rate = options.expiriesPerSecondMax ?? 750;
    assert(rate > 0, `expiriesPerSecondMax must be > 0, not ${rate}`);
    this.#ratePerMs = rate / 1000;
    this.#retryMs = options.retryMs ?? 1000;
    assert(this.#retryMs > 0, `retryMs must be > 0, not ${this.#retryMs}`);
    this.#credit = this.#creditMax;
  }

  /** The term in which this node keeps the leases, or undefined. */
  get term(): number | undefined {
    return this.#keeping?.term;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Timers that wait: one for each lease. */
  get pending(): number {
    return this.#keeping?.wheel.size ?? 0;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    const earliest = this.#keeping?.wheel.deadline;
    return earliest === undefined ? undefined : Instant.of(Math.max(earliest, this.#pacedUntil));
  }

  /** How much time is left, at least 0; undefined when this node does not know of such a lease. */
  remainingMs(id: number, now: Instant): number | undefined {
    const lease = this.#leases.get(id);
    return lease === undefined ? undefined : Math.max(0, lease.expiresAt - now);
  }

  step(input: LeaseTableInput, now: Instant, out: LeaseTableEffect[]): void {
    switch (input.kind) {
      case 'promote':
        this.#demote();
        this.#keeping = { term: input.term, wheel: new TimingWheel(now) };
        for (const { id, ttlMs } of input.leases) this.#add(id, ttlMs, now + ttlMs + input.extendMs);
        break;
      case 'demote':
        this.#demote();
        break;
      case 'granted':
        this.#add(input.id, input.ttlMs, now + input.ttlMs);
        break;
      case 'revoked':
        this.#remove(input.id);
        break;
      case 'renew':
        out.push(this.#renew(input.id, now));
        break;
      case 'tick':
        this.#expireDue(now, out);
        break;
    }
  }

  #demote(): void {
    this.#keeping = undefined;
    this.#leases.clear();
  }

  #add(id: number, ttlMs: number, expiresAt: number): void {
    if (this.#keeping === undefined) return;
    assert(ttlMs >= 0 && !Number.isNaN(expiresAt), `the ttlMs of lease ${id} must be >= 0, not ${ttlMs}`);
    this.#remove(id);
    const lease = new Timed(id, ttlMs, expiresAt);
    this.#leases.set(id, lease);
    this.#keeping.wheel.start(lease, Instant.of(expiresAt));
  }

  #remove(id: number): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    this.#leases.delete(id);
    this.#keeping?.wheel.stop(lease);
  }

  #renew(id: number, now: Instant): LeaseTableEffect {
    if (this.#keeping === undefined) return { kind: 'refused', id, why: 'demoted' };
    const lease = this.#leases.get(id);
    if (lease === undefined) return { kind: 'refused', id, why: 'unknown' };
    // Its revocation may be in the log already.
    if (lease.expiring) return { kind: 'refused', id, why: 'expired' };
    // Never shortens: a promotion may have given more.
    lease.expiresAt = Math.max(lease.expiresAt, now + lease.ttlMs);
    return { kind: 'renewed', id, ttlMs: lease.ttlMs };
  }

  #expireDue(now: Instant, out: LeaseTableEffect[]): void {
    if (this.#keeping === undefined) return;
    const { term, wheel } = this.#keeping;
    this.#credit = Math.min(this.#creditMax, this.#credit + (now - this.#creditAt) * this.#ratePerMs);
    this.#creditAt = now;
    this.#pacedUntil = Number.NEGATIVE_INFINITY;
    while (this.#credit >= 1) {
      const next = wheel.takeDue(now);
      if (next === undefined) return;
      if (next.expiresAt <= now) {
        this.#credit -= 1;
        next.expiring = true;
        next.expiresAt = now;
        out.push({ kind: 'expire', id: next.id, term });
      }
      wheel.start(next, Instant.of(next.expiring ? now + this.#retryMs : next.expiresAt));
    }
    const { deadline } = wheel;
    if (deadline !== undefined && deadline <= now) this.#pacedUntil = now + PACE_MS;
  }

  get #creditMax(): number {
    return Math.max(1, this.#ratePerMs * BURST_MS);
  }
}
