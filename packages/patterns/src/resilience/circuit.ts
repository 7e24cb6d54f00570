/**
 * Circuit breaker: stops asking a service that fails, and finds out with a few probes when it is back (Nygard, "Release It!", 2007, chapter 5;
 * the rates and windows are those of resilience4j).
 *
 *              too many failures, or slow calls            openMs is over, and somebody asks
 *     closed ------------------------------------> open -----------------------------------> half-open
 *       ^                                           ^                                            |
 *       |                                           +--- the probes fail, or take openMs --------+
 *       +------------------------------------ enough probes succeed -----------------------------+
 *
 * Every admission has a ticket, the number of the state it was given in. What calls answer that were sent before the last change is no news
 * of the present state and is ignored: a slow failure from before must not reopen a circuit that has recovered, nor count as its probe.
 *
 * Pure: no clock, no timers. O(1).
 */
import { assert, type Instant } from '../base/index.ts';
import { type CallWindow, CountWindow, TimeWindow } from './call-window.ts';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitOptions {
  /** Opens after so many failures in a row, whatever the rates. Default: never. */
  readonly failuresInARow?: number;
  /** Opens when at least this part of the calls in the window failed. In (0, 1]; default 0.5. */
  readonly failureRate?: number;
  /** A call that takes longer is slow, whether it succeeds or fails. Default: none is. */
  readonly slowCallMs?: number;
  /** Opens when at least this part of the calls in the window was slow. In (0, 1]; default 1. */
  readonly slowRate?: number;
  /** Which calls count: the last so many, or those of the last so many milliseconds. Default `{ calls: 100 }`. */
  readonly window?: { readonly calls: number } | { readonly windowMs: number; readonly buckets?: number };
  /** No rate is looked at before the window has so many calls, and only when a call fails or is slow: a success opens nothing. Default 20, or the window's size when that is less. */
  readonly callsMin?: number;
  /** How long nothing is let through. Default 30,000. */
  readonly openMs?: number;
  /** Each time that the probes fail, it stays open twice as long, up to this. Default: `openMs`, so always the same. */
  readonly openMaxMs?: number;
  /** How many calls are let through to find out. The same rates decide. Default 3. */
  readonly probes?: number;
}

/** Proof of admission; to be given back with `record` or `cancel`. */
export type CircuitTicket = number;
export const REFUSED: CircuitTicket = -1;

export class Circuit {
  readonly #failuresInARow: number;
  readonly #failureRate: number;
  readonly #slowCallMs: number;
  readonly #slowRate: number;
  readonly #callsMin: number;
  readonly #openMs: number;
  readonly #openMaxMs: number;
  readonly #probes: number;
  readonly #window: CallWindow;
  readonly #probed: CountWindow;
  readonly #isTimed: boolean;
  #state: CircuitState = 'closed';
  /** Raised with every change of state. */
  #generation = 0;
  #inARow = 0;
  #probing = 0;
  #openForMs = 0;
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(options: CircuitOptions = {}) {
    const window = options.window ?? { calls: 100 };
    this.#isTimed = 'windowMs' in window;
    this.#window =
      'windowMs' in window ? new TimeWindow(window.windowMs, window.buckets ?? 10) : new CountWindow(window.calls);
    this.#callsMin = options.callsMin ?? ('calls' in window ? Math.min(20, window.calls) : 20);
    this.#failuresInARow = options.failuresInARow ?? Number.POSITIVE_INFINITY;
    this.#failureRate = options.failureRate ?? 0.5;
    this.#slowCallMs = options.slowCallMs ?? Number.POSITIVE_INFINITY;
    this.#slowRate = options.slowRate ?? 1;
    this.#openMs = options.openMs ?? 30_000;
    this.#openMaxMs = options.openMaxMs ?? this.#openMs;
    this.#probes = options.probes ?? 3;
    assert(this.#failuresInARow >= 1, `failuresInARow must be >= 1, not ${options.failuresInARow}`);
    assert(inUnit(this.#failureRate), `failureRate must be in (0, 1], not ${options.failureRate}`);
    assert(inUnit(this.#slowRate), `slowRate must be in (0, 1], not ${options.slowRate}`);
    assert(this.#slowCallMs > 0, `slowCallMs must be > 0, not ${options.slowCallMs}`);
    assert(this.#openMs > 0, `openMs must be > 0, not ${options.openMs}`);
    assert(this.#openMaxMs >= this.#openMs, `openMaxMs must be at least openMs, not ${options.openMaxMs}`);
    assert(this.#callsMin >= 1, `callsMin must be >= 1, not ${options.callsMin}`);
    assert(
      !('calls' in window) || this.#callsMin <= window.calls,
      `a window of ${'calls' in window ? window.calls : 0} calls never has callsMin ${this.#callsMin}; make the window larger`,
    );
    this.#probed = new CountWindow(this.#probes);
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Whether `record` and `admit` look at their times while closed: where not, a caller need not read a clock, but for a failure. */
  get needsTime(): boolean {
    return this.#isTimed || this.#slowCallMs !== Number.POSITIVE_INFINITY;
  }

  /** When an open circuit will let a probe through; -infinity when not open. */
  get opensAgainAt(): number {
    return this.#state === 'open' ? this.#changedAt + this.#openForMs : Number.NEGATIVE_INFINITY;
  }

  /** A ticket, or `REFUSED`. */
  admit(now: Instant): CircuitTicket {
    if (this.#state === 'closed') return this.#generation;
    if (this.#state === 'open') {
      if (now < this.#changedAt + this.#openForMs) return REFUSED;
      this.#probe(now);
    } else if (this.#probing + this.#probed.calls >= this.#probes) {
      // Probes that never answer must not keep it half-open for ever.
      if (now < this.#changedAt + this.#openForMs) return REFUSED;
      this.#probe(now);
    }
    this.#probing += 1;
    return this.#generation;
  }

  /** How an admitted call ended. `tookMs` is looked at only with `slowCallMs`. */
  record(ticket: CircuitTicket, failed: boolean, tookMs: number, now: Instant): void {
    if (ticket !== this.#generation) return;
    const slow = tookMs > this.#slowCallMs;
    if (this.#state === 'half-open') {
      this.#probing -= 1;
      this.#probed.record(failed, slow);
      if (this.#probed.calls < this.#probes) return;
      if (this.#tooBad(this.#probed)) this.#open(now, Math.min(this.#openForMs * 2, this.#openMaxMs));
      else this.#close();
      return;
    }
    this.#inARow = failed ? this.#inARow + 1 : 0;
    this.#window.record(failed, slow, now);
    if (!failed && !slow) return;
    if (this.#inARow >= this.#failuresInARow) this.#open(now, this.#openMs);
    else if (this.#window.calls >= this.#callsMin && this.#tooBad(this.#window)) this.#open(now, this.#openMs);
  }

  /** An admitted call ended in a way that says nothing about the service. */
  cancel(ticket: CircuitTicket): void {
    if (ticket === this.#generation && this.#state === 'half-open') this.#probing -= 1;
  }

  #tooBad(window: CallWindow): boolean {
    return window.failed >= window.calls * this.#failureRate || window.slow >= window.calls * this.#slowRate;
  }

  #open(now: Instant, forMs: number): void {
    this.#state = 'open';
    this.#generation += 1;
    this.#changedAt = now;
    this.#openForMs = forMs;
  }

  #probe(now: Instant): void {
    this.#state = 'half-open';
    this.#generation += 1;
    this.#changedAt = now;
    this.#probing = 0;
    this.#probed.clear();
  }

  #close(): void {
    this.#state = 'closed';
    this.#generation += 1;
    this.#inARow = 0;
    this.#window.clear();
  }
}

function inUnit(rate: number): boolean {
  return rate > 0 && rate <= 1;
}
