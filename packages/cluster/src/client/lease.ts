import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { CoreError } from '../core/errors.ts';

/** Renewed when a third of its time has passed, so that two renewals may fail before it is in danger. */
const RENEW_AFTER = 1 / 3;
/** The holder stops this share of the TTL early: for clocks that do not run at the same speed, and for what a stop takes. */
const MARGIN = 1 / 10;
const MARGIN_MIN_MS = 200;
const RETRY_MS = 200;

export interface LeaseGrant {
  readonly id: number;
  readonly ttlSeconds: number;
  /** When the request for it was sent. */
  readonly askedAt: Instant;
}

/** The lease's way to the cluster. */
export interface LeaseChannel {
  /** Resolves with the TTL now in force, 0 when there is no such lease. */
  keepAlive(id: number, timeoutMs: number): Promise<number>;
  revoke(id: number): Promise<void>;
  ended(lease: Lease): void;
}

/**
 * A lease that is kept alive until it is revoked, lost, or its client is closed. Keys attached to it live as long as it does.
 *
 * How long it is good for is measured on this process's monotonic clock from before each renewal was sent: the leader counts from
 * when it received it, so this side never believes longer than that one (Gray and Cheriton, "Leases", SOSP 1989). After a pause of the process
 * `signal` may abort late; `assertAlive` looks at the clock itself.
 */
export class Lease implements AsyncDisposable {
  readonly id: number;
  #ttlSeconds: number;
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #channel: LeaseChannel;
  readonly #controller: AbortController = new AbortController();
  #goodUntil: Instant = Instant.of(0);
  #renewAt: Instant = Instant.of(0);
  #renewing = false;
  /** Its holder wants it revoked, and that has not been confirmed. */
  #revocable = false;
  #timer: Disposable | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>, grant: LeaseGrant, channel: LeaseChannel) {
    this.#env = env;
    this.#channel = channel;
    this.id = grant.id;
    this.#ttlSeconds = grant.ttlSeconds;
    this.#extend(grant.askedAt, grant.ttlSeconds);
  }

  /** What was granted, which can be more than was asked for. */
  get ttlSeconds(): number {
    return this.#ttlSeconds;
  }

  /** Aborts, with a `CoreError` `lease-lost` as reason, when the lease is lost or may be, and when it is revoked. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How long it is certain to live on without a renewal; 0 when it is lost. */
  get remainingMs(): number {
    if (this.signal.aborted) return 0;
    return Math.max(0, this.#goodUntil - this.#env.clock.monotonic());
  }

  get alive(): boolean {
    return this.remainingMs > 0;
  }

  /** Throws `lease-lost` unless it is certain that the lease still lives. */
  assertAlive(): void {
    if (!this.alive) this.#expire();
    if (this.signal.aborted) throw this.signal.reason;
  }

  #extend(askedAt: Instant, ttlSeconds: number): void {
    const ttlMs = ttlSeconds * 1000;
    const marginMs = Math.min(ttlMs / 2, Math.max(MARGIN_MIN_MS, ttlMs * MARGIN));
    this.#ttlSeconds = ttlSeconds;
    this.#goodUntil = Instant.add(askedAt, ttlMs - marginMs);
    this.#renewAt = Instant.add(askedAt, ttlMs * RENEW_AFTER);
    this.#arm();
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]();
    const when = this.#renewing || this.#renewAt > this.#goodUntil ? this.#goodUntil : this.#renewAt;
    this.#timer = this.#env.timers.at(when, () => this.#due());
  }

  #due(): void {
    const now = this.#env.clock.monotonic();
    if (now >= this.#goodUntil) return this.#expire();
    if (!this.#renewing && now >= this.#renewAt) void this.#renew(now);
    this.#arm();
  }

  async #renew(askedAt: Instant): Promise<void> {
    this.#renewing = true;
    let ttlSeconds: number | undefined;
    try {
      ttlSeconds = await this.#channel.keepAlive(this.id, Math.max(1, this.#goodUntil - askedAt));
    } catch (error) {
      // It may still succeed before the time is over; until then nothing is lost.
      if (!(error instanceof CoreError)) throw error;
    }
    this.#renewing = false;
    if (this.signal.aborted) return;
    if (ttlSeconds === undefined) {
      this.#renewAt = Instant.add(this.#env.clock.monotonic(), RETRY_MS);
      this.#arm();
    } else if (ttlSeconds > 0) this.#extend(askedAt, ttlSeconds);
    else this.#lose(`lease ${this.id} has expired or was revoked`);
  }

  #expire(): void {
    this.#lose(`lease ${this.id} could not be renewed in time`);
  }

  #lose(message: string): void {
    if (this.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#channel.ended(this);
    this.#controller.abort(new CoreError('lease-lost', message));
  }

  /** Ends the lease and deletes its keys. No error when it was lost before. After a failure it can be tried again. */
  async revoke(): Promise<void> {
    if (this.signal.aborted && !this.#revocable) return;
    this.#revocable = true;
    this.#lose(`lease ${this.id} was revoked by its holder`);
    await this.#channel.revoke(this.id);
    this.#revocable = false;
  }

  /** Keeps it alive no longer: it ends when its time is over. */
  abandon(reason: string): void {
    this.#lose(`lease ${this.id} is kept alive no longer: ${reason}`);
  }

  /** Like `revoke`; when nobody can be reached it ends by itself, soon. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.revoke();
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }
}
