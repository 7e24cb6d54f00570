/**
 * Keeps a worker's number for a generator of ids: claimed under a lease, renewed, given back, and no longer used in time when it cannot be renewed.
 * Leases: Gray and Cheriton 1989. Numbers by lease: as Baidu's UidGenerator and Meituan's Leaf take theirs from a database or ZooKeeper.
 *
 *             start         taken: the next number                tick at renewAt
 *      idle --------> claiming(worker) --claimed--> holding(worker) -----------> holding, renewing
 *                        |        ^                    |    ^                        |
 *                        | all are taken               |    +-------- renewed -------+
 *                        v        | tick after retryMs |  lost, or time is up
 *                      waiting ---+                    +-----> lost (and claims anew)
 *
 * Two things make a number safe. It is used only until `ttlMs − marginMs` after the request was sent that got or renewed it: not after the answer came, since
 * the lease was granted somewhere in between. And each claim and renewal tells the registry up to which wall time ids will be made, so that
 * the number's next holder starts behind that (`notBefore`), even if its clock is behind: whatever the clocks do, no (time, number) is used twice.
 *
 * Pure: no clock, no randomness. The caller passes `now`, and `wall` where it matters, and runs the effects over a `WorkerIdRegistry`.
 */
import { assert, Instant, WallTime } from '../base/index.ts';

/**
 * What has to keep the numbers: linearizable, with leases. A client of the core fills it with two keys per number: the holder's, which is
 * created under a lease if it is absent, and `reservedUntil`, which outlives the lease; both are written in one transaction.
 */
export interface WorkerIdRegistry {
  /** The number for `ttlMs`, if nobody has it. `notBefore`: what its last holder reserved, or undefined when it never had one. */
  claim(
    worker: number,
    holder: string,
    ttlMs: number,
    reservedUntil: WallTime,
  ): Promise<{ readonly fencingToken: number; readonly notBefore: WallTime | undefined } | undefined>;
  /** `ttlMs` more, and more time reserved. False: it is not held under this token any more. */
  renew(worker: number, fencingToken: number, reservedUntil: WallTime): Promise<boolean>;
  /** Gives it back; `reservedUntil` is what was really used. */
  release(worker: number, fencingToken: number, reservedUntil: WallTime): Promise<void>;
}

export interface WorkerIdLeaseOptions {
  /** Numbers 0 to workers − 1: 2^workerBits. */
  readonly workers: number;
  /** The number that is tried first: random, so that not all begin at the same one. */
  readonly first: number;
  /** How long the registry holds a number without renewal. */
  readonly ttlMs: number;
  /** How much earlier this side stops: for clocks that run at different speeds and for pauses. Default ttlMs / 10. */
  readonly marginMs?: number;
  /** How long to wait when all are taken, or after an error. Default ttlMs / 3. */
  readonly retryMs?: number;
  /** How far ahead of the wall clock ids may be made: at least ttlMs and what the generator borrows. Default 2 · ttlMs. */
  readonly reserveMs?: number;
}

export type WorkerIdLeaseInput =
  | { readonly kind: 'start' | 'tick'; readonly wall: WallTime }
  | {
      readonly kind: 'claimed';
      readonly worker: number;
      readonly fencingToken: number;
      readonly notBefore: WallTime | undefined;
    }
  /** Somebody else has it: the answer to `claim`. */
  | { readonly kind: 'taken'; readonly worker: number; readonly wall: WallTime }
  | { readonly kind: 'renewed'; readonly fencingToken: number }
  /** The registry does not know the token any more. */
  | { readonly kind: 'lost'; readonly fencingToken: number }
  /** The registry did not answer, or not in time: nobody knows whether it was done. */
  | { readonly kind: 'error' }
  /** `used`: the last time that went into an id. */
  | { readonly kind: 'stop'; readonly used: WallTime };

export type WorkerIdLeaseEffect =
  | { readonly kind: 'claim'; readonly worker: number; readonly ttlMs: number; readonly reservedUntil: WallTime }
  | { readonly kind: 'renew'; readonly worker: number; readonly fencingToken: number; readonly reservedUntil: WallTime }
  | {
      readonly kind: 'release';
      readonly worker: number;
      readonly fencingToken: number;
      readonly reservedUntil: WallTime;
    }
  /** Make no more ids with this number. */
  | { readonly kind: 'lose'; readonly worker: number }
  /** All numbers are taken; it is tried again later. */
  | { readonly kind: 'exhausted' };

/** A number that may be used. */
export interface WorkerIdGrant {
  readonly worker: number;
  readonly fencingToken: number;
  /** For `SnowflakeOptions.notBefore`. */
  readonly notBefore: WallTime | undefined;
  /** For `SnowflakeOptions.notAfter`, and after each renewal for `Snowflake.reserve`. */
  readonly notAfter: WallTime;
}

interface Request {
  readonly sentAt: Instant;
  readonly reservedUntil: WallTime;
}

type Phase =
  | { readonly kind: 'idle' }
  | ({ readonly kind: 'claiming'; readonly worker: number; readonly tried: number } & Request)
  | { readonly kind: 'waiting'; readonly until: Instant; readonly worker: number }
  | {
      readonly kind: 'holding';
      readonly grant: WorkerIdGrant;
      readonly until: Instant;
      readonly renewAt: Instant;
      readonly renewal: Request | undefined;
    };

export class WorkerIdLease {
  readonly #workers: number;
  readonly #first: number;
  readonly #ttlMs: number;
  readonly #marginMs: number;
  readonly #retryMs: number;
  readonly #reserveMs: number;
  #phase: Phase = { kind: 'idle' };

  constructor(options: WorkerIdLeaseOptions) {
    const { workers, first, ttlMs } = options;
    this.#workers = workers;
    this.#first = first;
    this.#ttlMs = ttlMs;
    this.#marginMs = options.marginMs ?? ttlMs / 10;
    this.#retryMs = options.retryMs ?? ttlMs / 3;
    this.#reserveMs = options.reserveMs ?? 2 * ttlMs;
    if (!Number.isInteger(workers) || workers < 1)
      throw new RangeError(`workers must be a positive integer, not ${workers}`);
    if (!Number.isInteger(first) || first < 0 || first >= workers)
      throw new RangeError(`first must be from 0 to ${workers - 1}, not ${first}`);
    if (!(ttlMs > 0)) throw new RangeError(`ttlMs must be positive, not ${ttlMs}`);
    if (!(this.#marginMs >= 0 && this.#marginMs < ttlMs / 2))
      throw new RangeError(`marginMs must be from 0 to below half of ttlMs, not ${this.#marginMs}`);
    if (!(this.#retryMs > 0)) throw new RangeError(`retryMs must be positive, not ${this.#retryMs}`);
    if (!(this.#reserveMs >= ttlMs)) throw new RangeError(`reserveMs must be at least ttlMs, not ${this.#reserveMs}`);
  }

  /** The number, if it may be used at `now`. Ask before each lot of ids: after a long pause nobody else says that time is up. */
  grant(now: Instant): WorkerIdGrant | undefined {
    return this.#phase.kind === 'holding' && now < this.#phase.until ? this.#phase.grant : undefined;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    const phase = this.#phase;
    if (phase.kind === 'claiming') return Instant.add(phase.sentAt, this.#ttlMs);
    if (phase.kind === 'waiting') return phase.until;
    if (phase.kind === 'idle') return undefined;
    return phase.renewal === undefined && phase.renewAt < phase.until ? phase.renewAt : phase.until;
  }

  /** Advances the machine. Effects are appended to `out`, in the order they must run. */
  step(input: WorkerIdLeaseInput, now: Instant, out: WorkerIdLeaseEffect[]): void {
    switch (input.kind) {
      case 'start':
        assert(this.#phase.kind === 'idle', 'a worker id lease starts once, and again only after it has stopped');
        return this.#claim(this.#first, 0, now, input.wall, out);
      case 'tick':
        return this.#tick(now, input.wall, out);
      case 'claimed':
        return this.#claimed(input.worker, input.fencingToken, input.notBefore, now, out);
      case 'taken':
        return this.#taken(input.worker, now, input.wall, out);
      case 'renewed':
        return this.#renewed(input.fencingToken);
      case 'lost':
        if (this.#phase.kind === 'holding' && this.#phase.grant.fencingToken === input.fencingToken)
          this.#lose(now, out);
        return;
      case 'error':
        return this.#failed(now);
      case 'stop':
        return this.#stop(input.used, out);
    }
  }

  #claim(worker: number, tried: number, now: Instant, wall: WallTime, out: WorkerIdLeaseEffect[]): void {
    const reservedUntil = WallTime.of(wall + this.#reserveMs);
    this.#phase = { kind: 'claiming', worker, tried, sentAt: now, reservedUntil };
    out.push({ kind: 'claim', worker, ttlMs: this.#ttlMs, reservedUntil });
  }

  #claimed(
    worker: number,
    fencingToken: number,
    notBefore: WallTime | undefined,
    now: Instant,
    out: WorkerIdLeaseEffect[],
  ): void {
    const phase = this.#phase;
    if (phase.kind !== 'claiming' || phase.worker !== worker || now >= this.#usableUntil(phase.sentAt)) {
      // An answer that comes too late is of no use, and the number should not lie idle: nothing was made with it.
      if (phase.kind !== 'holding' || phase.grant.fencingToken !== fencingToken)
        out.push({ kind: 'release', worker, fencingToken, reservedUntil: notBefore ?? WallTime.of(0) });
      if (phase.kind === 'claiming' && phase.worker === worker) this.#wait(now, worker);
      return;
    }
    const grant: WorkerIdGrant = { worker, fencingToken, notBefore, notAfter: phase.reservedUntil };
    this.#hold(grant, phase.sentAt);
  }

  #taken(worker: number, now: Instant, wall: WallTime, out: WorkerIdLeaseEffect[]): void {
    const phase = this.#phase;
    if (phase.kind !== 'claiming' || phase.worker !== worker) return;
    const next = (worker + 1) % this.#workers;
    if (phase.tried + 1 < this.#workers) return this.#claim(next, phase.tried + 1, now, wall, out);
    out.push({ kind: 'exhausted' });
    this.#wait(now, next);
  }

  #renewed(fencingToken: number): void {
    const phase = this.#phase;
    if (phase.kind !== 'holding' || phase.grant.fencingToken !== fencingToken || phase.renewal === undefined) return;
    this.#hold({ ...phase.grant, notAfter: phase.renewal.reservedUntil }, phase.renewal.sentAt);
  }

  #hold(grant: WorkerIdGrant, sentAt: Instant): void {
    const renewAt = Instant.add(sentAt, this.#ttlMs / 3);
    this.#phase = { kind: 'holding', grant, until: this.#usableUntil(sentAt), renewAt, renewal: undefined };
  }

  #usableUntil(sentAt: Instant): Instant {
    return Instant.add(sentAt, this.#ttlMs - this.#marginMs);
  }

  #failed(now: Instant): void {
    const phase = this.#phase;
    if (phase.kind === 'claiming') this.#wait(now, phase.worker);
    if (phase.kind === 'holding') {
      const renewAt = Instant.add(now, Math.min(this.#retryMs, this.#ttlMs / 10));
      this.#phase = { ...phase, renewAt, renewal: undefined };
    }
  }

  #lose(now: Instant, out: WorkerIdLeaseEffect[]): void {
    if (this.#phase.kind !== 'holding') return;
    const { worker } = this.#phase.grant;
    out.push({ kind: 'lose', worker });
    // Not the same number at once: its lease may still run in the registry.
    this.#phase = { kind: 'waiting', until: now, worker: (worker + 1) % this.#workers };
  }

  #wait(now: Instant, worker: number): void {
    this.#phase = { kind: 'waiting', until: Instant.add(now, this.#retryMs), worker };
  }

  #tick(now: Instant, wall: WallTime, out: WorkerIdLeaseEffect[]): void {
    if (this.#phase.kind === 'holding' && now >= this.#phase.until) this.#lose(now, out);
    const phase = this.#phase;
    if (phase.kind === 'waiting' && now >= phase.until) return this.#claim(phase.worker, 0, now, wall, out);
    // No answer within the lease: it has not been granted, or is worth nothing any more.
    if (phase.kind === 'claiming' && now >= phase.sentAt + this.#ttlMs)
      return this.#claim(phase.worker, phase.tried, now, wall, out);
    if (phase.kind === 'holding' && phase.renewal === undefined && now >= phase.renewAt) {
      const renewal = { sentAt: now, reservedUntil: WallTime.of(wall + this.#reserveMs) };
      this.#phase = { ...phase, renewal };
      const { worker, fencingToken } = phase.grant;
      out.push({ kind: 'renew', worker, fencingToken, reservedUntil: renewal.reservedUntil });
    }
  }

  #stop(used: WallTime, out: WorkerIdLeaseEffect[]): void {
    if (this.#phase.kind === 'holding') {
      const { worker, fencingToken, notBefore } = this.#phase.grant;
      // What the last holder used stays used, also when nothing has been made since.
      const reservedUntil = WallTime.of(Math.max(used, notBefore ?? used));
      out.push({ kind: 'release', worker, fencingToken, reservedUntil });
    }
    this.#phase = { kind: 'idle' };
  }
}
