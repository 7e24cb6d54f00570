/**
 * Whether a host may believe that it is still one: from before each renewal that was answered, `leaseMs` less a margin. Gray, Cheriton, "Leases",
 * SOSP 1989; as `LeaseElection` of `election`, but for everything that the host has at once.
 */
import { assert, Instant } from '../base/index.ts';

export interface HostLeaseOptions {
  readonly leaseMs: number;
  readonly marginMs?: number;
  readonly renewMs?: number;
}

const LONG_AGO: number = Number.NEGATIVE_INFINITY;
/** Questions whose answers still count. */
const ASKED_MAX = 4;

export class HostLease {
  readonly #certainMs: number;
  readonly #renewMs: number;
  #id = 0;
  /** When the latest questions were sent. */
  readonly #sentAt: number[] = [];
  #certainUntil: number = LONG_AGO;
  /** Undefined before the start and after the end. */
  #renewAt: number | undefined;

  constructor(options: HostLeaseOptions) {
    const { leaseMs } = options;
    const { marginMs = leaseMs / 5, renewMs = leaseMs / 3 } = options;
    assert(marginMs > 0 && marginMs < leaseMs, `marginMs must be above 0 and below leaseMs, not ${marginMs}`);
    assert(renewMs > 0 && renewMs * 3 <= leaseMs, `renewMs must be at most a third of leaseMs, not ${renewMs}`);
    this.#certainMs = leaseMs - marginMs;
    this.#renewMs = renewMs;
  }

  isCertain(now: Instant): boolean {
    return now < this.#certainUntil;
  }

  get deadline(): Instant | undefined {
    if (this.#renewAt === undefined) return undefined;
    return Instant.of(this.#certainUntil === LONG_AGO ? this.#renewAt : Math.min(this.#renewAt, this.#certainUntil));
  }

  start(now: Instant): { readonly kind: 'renew'; readonly id: number } {
    this.#id += 1;
    this.#sentAt[this.#id % ASKED_MAX] = now;
    this.#renewAt = now + this.#renewMs;
    return { kind: 'renew', id: this.#id };
  }

  tick(now: Instant): { readonly kind: 'renew'; readonly id: number } | undefined {
    return this.#renewAt !== undefined && now >= this.#renewAt ? this.start(now) : undefined;
  }

  /** Counts from when that question was sent, so it is remembered. */
  renewed(id: number, now: Instant): void {
    if (this.#renewAt === undefined || id > this.#id || id <= this.#id - ASKED_MAX) return;
    const until = this.#sentAt[id % ASKED_MAX]! + this.#certainMs;
    if (now < until) this.#certainUntil = Math.max(until, this.#certainUntil);
  }

  /** True once when it has just run out. */
  expire(now: Instant): boolean {
    if (this.#certainUntil === LONG_AGO || now < this.#certainUntil) return false;
    this.#certainUntil = LONG_AGO;
    return true;
  }

  end(): void {
    this.#certainUntil = LONG_AGO;
    this.#renewAt = undefined;
  }
}
