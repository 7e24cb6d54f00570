/**
 * When to check what, and what the results mean. Checks are data; whoever drives the kernel carries them out, so that another kind of check is another
 * kind of data.
 *
 *                       fall failures in a row
 *     unknown --> healthy <------------------> critical      the first result decides at once
 *                        rise successes in a row
 *
 * `rise` and `fall` as in HAProxy: one lost packet should not take an instance out, nor one lucky answer bring it back. A check of the kind `ttl` is
 * the other way round: the instance reports by itself, and silence is the failure. First probes are spread over the interval, so that a checker that
 * restarts does not ask everybody at once.
 *
 * Bounded by `checksMax`. Pure but for the random function; O(log checks).
 */
import { assert, Instant, type RandomNumber } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import type { CheckStatus } from './instance.ts';

interface Probed {
  readonly intervalMs: number;
  /** No result by then is a failure. At most `intervalMs`. */
  readonly timeoutMs: number;
  /** Default 2. */
  readonly rise?: number;
  /** Default 3. */
  readonly fall?: number;
}

export type HealthCheck =
  /** The instance says how it is, at least so often. */
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  /** A connection can be made. */
  | ({ readonly kind: 'tcp'; readonly host: string; readonly port: number } & Probed)
  /** 2xx passes, 429 warns, anything else fails (as in Consul). */
  | ({
      readonly kind: 'http';
      readonly url: string;
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } & Probed)
  /** `grpc.health.v1.Health/Check` answers SERVING. */
  | ({ readonly kind: 'grpc'; readonly target: string; readonly service?: string; readonly tls?: boolean } & Probed)
  /** Whatever the driver knows by this name. */
  | ({ readonly kind: 'custom'; readonly name: string } & Probed);

export type HealthCheckerInput =
  /** With a key that is there, the check is replaced and begins anew. */
  | { readonly kind: 'add'; readonly key: string; readonly check: HealthCheck }
  | { readonly kind: 'remove'; readonly key: string }
  /** How a probe went. Without effect when it is not the last one, or came too late. */
  | {
      readonly kind: 'result';
      readonly key: string;
      readonly probe: number;
      readonly status: CheckStatus;
      readonly output: string;
    }
  /** For a `ttl` check. */
  | { readonly kind: 'report'; readonly key: string; readonly status: CheckStatus; readonly output: string }
  | { readonly kind: 'tick' };

export type HealthCheckerEffect =
  /** Carry it out, and give the result together with the number. */
  | {
      readonly kind: 'probe';
      readonly key: string;
      readonly probe: number;
      readonly check: Exclude<HealthCheck, { readonly kind: 'ttl' }>;
    }
  | { readonly kind: 'status'; readonly key: string; readonly status: CheckStatus; readonly output: string }
  | { readonly kind: 'refused'; readonly key: string; readonly why: 'full' };

export interface HealthCheckerOptions {
  /** Default 10,000. */
  readonly checksMax?: number;
}

interface Entry extends Due {
  readonly key: string;
  readonly check: HealthCheck;
  status: CheckStatus | undefined;
  /** Of the last probe. */
  probe: number;
  isProbing: boolean;
  /** When the next probe begins, while one is running. */
  nextAt: number;
  /** Results in a row that speak against `status`. */
  against: number;
}

const RISE_DEFAULT = 2;
const FALL_DEFAULT = 3;
const NO_ANSWER = 'no answer in time';

export class HealthChecker {
  readonly #random: RandomNumber;
  readonly #checksMax: number;
  readonly #entries = new Map<string, Entry>();
  readonly #heap = new DeadlineHeap<Entry>();
  /** Over all checks, so that a result never fits a check that has replaced another. */
  #probes = 0;

  constructor(random: RandomNumber, options: HealthCheckerOptions = {}) {
    this.#random = random;
    this.#checksMax = options.checksMax ?? 10_000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined: not known yet, or no such check. */
  statusOf(key: string): CheckStatus | undefined {
    return this.#entries.get(key)?.status;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    const { earliest } = this.#heap;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  step(input: HealthCheckerInput, now: Instant, out: HealthCheckerEffect[]): void {
    switch (input.kind) {
      case 'add':
        return this.#add(input.key, input.check, now, out);
      case 'remove':
        return this.#remove(input.key);
      case 'result':
        return this.#result(input.key, input.probe, input.status, input.output, now, out);
      case 'report':
        return this.#report(input.key, input.status, input.output, now, out);
      case 'tick':
        for (let next = this.#heap.earliest; next !== undefined && next.dueAt <= now; next = this.#heap.earliest)
          this.#due(next, now, out);
    }
  }

  #add(key: string, check: HealthCheck, now: Instant, out: HealthCheckerEffect[]): void {
    this.#remove(key);
    if (this.#entries.size >= this.#checksMax) {
      out.push({ kind: 'refused', key, why: 'full' });
      return;
    }
    // One that is due again at once would be due for ever.
    if (check.kind === 'ttl') assert(check.ttlMs > 0, `ttlMs must be > 0, not ${check.ttlMs}`);
    else {
      const { intervalMs, timeoutMs, rise = RISE_DEFAULT, fall = FALL_DEFAULT } = check;
      assert(rise >= 1 && fall >= 1, `rise and fall must be >= 1, not ${rise} and ${fall}`);
      assert(
        timeoutMs > 0 && timeoutMs <= intervalMs,
        `timeoutMs must be > 0 and at most intervalMs, not ${timeoutMs}`,
      );
    }
    const firstMs = check.kind === 'ttl' ? check.ttlMs : this.#random() * check.intervalMs;
    const entry: Entry = {
      key,
      check,
      status: undefined,
      probe: 0,
      isProbing: false,
      nextAt: 0,
      against: 0,
      dueAt: now + firstMs,
      gone: false,
    };
    this.#entries.set(key, entry);
    this.#heap.add(entry);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#heap.remove(entry);
  }

  #due(entry: Entry, now: Instant, out: HealthCheckerEffect[]): void {
    const { check } = entry;
    this.#heap.take();
    if (check.kind === 'ttl') {
      this.#decide(entry, 'critical', NO_ANSWER, out);
      entry.dueAt = now + check.ttlMs;
    } else if (entry.isProbing) {
      entry.isProbing = false;
      this.#weigh(entry, 'critical', NO_ANSWER, out);
      entry.dueAt = entry.nextAt;
    } else {
      this.#probes += 1;
      entry.probe = this.#probes;
      entry.isProbing = true;
      entry.nextAt = now + check.intervalMs;
      entry.dueAt = now + check.timeoutMs;
      out.push({ kind: 'probe', key: entry.key, probe: entry.probe, check });
    }
    this.#heap.add(entry);
  }

  #result(
    key: string,
    probe: number,
    status: CheckStatus,
    output: string,
    now: Instant,
    out: HealthCheckerEffect[],
  ): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.isProbing || entry.probe !== probe || now >= entry.dueAt) return;
    entry.isProbing = false;
    this.#weigh(entry, status, output, out);
    this.#reschedule(entry, entry.nextAt);
  }

  #report(key: string, status: CheckStatus, output: string, now: Instant, out: HealthCheckerEffect[]): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.check.kind !== 'ttl') return;
    this.#decide(entry, status, output, out);
    this.#reschedule(entry, now + entry.check.ttlMs);
  }

  /** Between healthy and critical it takes some in a row; a warning is healthy. */
  #weigh(entry: Entry, status: CheckStatus, output: string, out: HealthCheckerEffect[]): void {
    const wasCritical = entry.status === 'critical';
    if (entry.status === undefined || wasCritical === (status === 'critical'))
      return this.#decide(entry, status, output, out);
    entry.against += 1;
    const { rise = RISE_DEFAULT, fall = FALL_DEFAULT } = entry.check as Probed;
    if (entry.against >= (wasCritical ? rise : fall)) this.#decide(entry, status, output, out);
  }

  #decide(entry: Entry, status: CheckStatus, output: string, out: HealthCheckerEffect[]): void {
    entry.against = 0;
    if (entry.status === status) return;
    entry.status = status;
    out.push({ kind: 'status', key: entry.key, status, output });
  }

  /** The heap orders by `dueAt`, so an entry is replaced by one that is due then. */
  #reschedule(entry: Entry, dueAt: number): void {
    this.#heap.remove(entry);
    const next: Entry = { ...entry, dueAt, gone: false };
    this.#entries.set(entry.key, next);
    this.#heap.add(next);
  }
}
