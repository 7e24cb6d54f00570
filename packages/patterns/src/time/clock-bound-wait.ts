/**
 * Clock-bound wait: hold back an acknowledgement until its timestamp is surely past on every clock, so that whatever starts after it gets a later
 * timestamp. Corbett et al., "Spanner", OSDI 2012, section 4.1.2 (commit wait); Joshi, "Patterns of Distributed Systems", "Clock-Bound Wait".
 *
 * Fails closed: while the uncertainty is unknown nothing is released. A wait that begins then is refused at once; one that began before is
 * refused when `maxWaitMs` is over. Refused means: do not acknowledge, the outcome is unknown to the client.
 *
 *               wait, known             earliest > timestamp
 *     (nothing) ------------> waiting ------------------------> released
 *               wait, unknown    | maxWaitMs is over
 *     (nothing) ---------> refused <---+
 *
 * Pure: each step brings the present uncertainty with it. O(waiting) per step.
 */
import { assert, Instant } from '../base/index.ts';
import { type ClockUncertainty, surelyPast } from './clock-bound.ts';

export interface ClockBoundWaitOptions {
  /** Longest wait before it is refused. Default 1,000. */
  readonly maxWaitMs?: number;
  /** More waits than this are refused at once. Default 65,536. */
  readonly waitsMax?: number;
}

export type ClockBoundWaitInput =
  | { readonly kind: 'wait'; readonly id: number; readonly timestampMs: number }
  /** Something (a timer, a new reading) makes it worth looking again. */
  | { readonly kind: 'tick' };

export type ClockBoundWaitEffect =
  | { readonly kind: 'released'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly why: 'uncertain' | 'timed-out' | 'too-many' };

interface Waiting {
  readonly id: number;
  readonly timestampMs: number;
  readonly giveUpAt: number;
}

export class ClockBoundWait {
  readonly #maxWaitMs: number;
  readonly #waitsMax: number;
  /** Ascending by timestamp. */
  #waiting: Waiting[] = [];
  #deadline: Instant | undefined;

  constructor(options: ClockBoundWaitOptions = {}) {
    this.#maxWaitMs = options.maxWaitMs ?? 1000;
    this.#waitsMax = options.waitsMax ?? 65_536;
    assert(this.#maxWaitMs > 0, 'maxWaitMs must be above 0');
    assert(this.#waitsMax > 0, 'waitsMax must be above 0');
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** When `tick` is next worth calling, or undefined when nothing waits. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  /** `uncertainty` is that of `now`. */
  step(input: ClockBoundWaitInput, uncertainty: ClockUncertainty, now: Instant, out: ClockBoundWaitEffect[]): void {
    if (input.kind === 'wait') this.#wait(input.id, input.timestampMs, uncertainty, now, out);
    this.#look(uncertainty, now, out);
  }

  #wait(
    id: number,
    timestampMs: number,
    uncertainty: ClockUncertainty,
    now: Instant,
    out: ClockBoundWaitEffect[],
  ): void {
    assert(Number.isFinite(timestampMs), 'a timestamp must be a number of milliseconds');
    if (uncertainty.kind === 'unknown') out.push({ kind: 'refused', id, why: 'uncertain' });
    else if (surelyPast(timestampMs, uncertainty)) out.push({ kind: 'released', id });
    else if (this.#waiting.length >= this.#waitsMax) out.push({ kind: 'refused', id, why: 'too-many' });
    else this.#insert({ id, timestampMs, giveUpAt: now + this.#maxWaitMs });
  }

  /** Timestamps come nearly in order, so this is O(1) in practice, O(n) at worst. */
  #insert(waiting: Waiting): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.timestampMs > waiting.timestampMs) at -= 1;
    this.#waiting.splice(at, 0, waiting);
  }

  #look(uncertainty: ClockUncertainty, now: Instant, out: ClockBoundWaitEffect[]): void {
    let past = 0;
    while (past < this.#waiting.length && surelyPast(this.#waiting[past]!.timestampMs, uncertainty)) {
      out.push({ kind: 'released', id: this.#waiting[past]!.id });
      past += 1;
    }
    this.#waiting.splice(0, past);
    let giveUpAt = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) giveUpAt = Math.min(giveUpAt, waiting.giveUpAt);
    if (giveUpAt <= now) giveUpAt = this.#giveUp(now, out);
    const first = this.#waiting[0];
    if (first === undefined) this.#deadline = undefined;
    else if (uncertainty.kind === 'unknown') this.#deadline = Instant.of(giveUpAt);
    // Wall time passes as monotonic time does, nearly; a tick too early only looks again.
    else {
      const pastAt = now + Math.max(1, Math.ceil(first.timestampMs - uncertainty.earliestMs));
      this.#deadline = Instant.of(Math.min(giveUpAt, pastAt));
    }
  }

  #giveUp(now: Instant, out: ClockBoundWaitEffect[]): number {
    let next = Number.POSITIVE_INFINITY;
    this.#waiting = this.#waiting.filter(({ id, giveUpAt }) => {
      if (giveUpAt > now) next = Math.min(next, giveUpAt);
      else out.push({ kind: 'refused', id, why: 'timed-out' });
      return giveUpAt > now;
    });
    return next;
  }
}
