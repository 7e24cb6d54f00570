import { Instant } from '@quorate/patterns/base';

interface Timed {
  readonly ttlMs: number;
  until: Instant;
}

/** How long each lease has, on the leader's clock. */
export class LeaseTimes {
  readonly #leases: Map<number, Timed> = new Map();

  /** Gives a lease its full time from `now`. */
  grant(id: number, ttlSeconds: number, now: Instant): Instant {
    const ttlMs = ttlSeconds * 1000;
    const until = Instant.add(now, ttlMs);
    this.#leases.set(id, { ttlMs, until });
    return until;
  }

  revoke(id: number): void {
    this.#leases.delete(id);
  }

  clear(): void {
    this.#leases.clear();
  }

  /** False when there is no such lease, or its time is over. */
  renew(id: number, now: Instant): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined || lease.until <= now) return false;
    lease.until = Instant.add(now, lease.ttlMs);
    return true;
  }

  /** Milliseconds left, 0 when its time is over or there is no such lease. */
  remainingMs(id: number, now: Instant): number {
    const lease = this.#leases.get(id);
    return lease === undefined ? 0 : Math.max(0, lease.until - now);
  }

  /** Calls `expired` with those whose time is over; returns when the next one's is. */
  expire(now: Instant, expired: (id: number) => void): Instant | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const [id, lease] of this.#leases) {
      if (lease.until <= now) expired(id);
      else if (lease.until < next) next = lease.until;
    }
    return next === Number.POSITIVE_INFINITY ? undefined : Instant.of(next);
  }
}
