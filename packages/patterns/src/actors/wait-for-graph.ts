/**
 * Finds turns that wait for each other in a circle, on one machine or many, by sending probes along the edges of the wait-for graph.
 *
 * Chandy, Misra, Haas, "Distributed Deadlock Detection", ACM TOCS 1(2), 1983, section 3 (a process that waits for several waits for all of them). One
 * turn of each circle shall find it, so a probe passes only turns that come before its initiator, as in Sinha and Natarajan, "A Priority Based
 * Distributed Deadlock Detection Algorithm", IEEE TSE 1985: the last turn of the circle finds it, and is the one that gives up.
 *
 *     a turn that has waited for `probeAfterMs` ── probe ──> whoever holds its request: which turns does that wait for?
 *         of these, those that wait themselves ── probe ──> …, until it comes to the initiator: a circle
 *
 * While nobody gives up waiting, every circle is found and nothing else is. When calls have deadlines, a circle may be reported that somebody has
 * just left; the call that is then given up has an unknown outcome, as if its own time were up. Probes may be lost: there will be others.
 *
 * What it takes: a turn under way knows which requests it waits for (`asked`, `settled`), and whoever receives a probe looks up which of its turns
 * the request waits for: the one that handles it, or `TurnScheduler.blockers` of the actor in whose mailbox it stands. Pure.
 */
import { assert, Instant } from '../base/index.ts';

export interface WaitForGraphOptions {
  /** As of the `TurnScheduler`. */
  readonly scheduler: string;
  /** How long a turn waits before it suspects a circle, and before it asks again. Longer than nearly all calls take. Default 1,000. */
  readonly probeAfterMs?: number;
  /** A probe that has passed as many turns is dropped: longer circles end by their deadlines only. Default 100. */
  readonly hopsMax?: number;
  /** Turns that are watched at once; of others circles are not found. Default 100,000. */
  readonly waitingMax?: number;
}

export interface Probe {
  readonly initiator: { readonly scheduler: string; readonly turn: number };
  /** The request of the initiator through which it left. */
  readonly first: string;
  /** Grows with each time that the initiator asks. */
  readonly round: number;
  /** What the last turn on its way waits for. */
  readonly request: string;
  /** The actors on its way, the initiator's first. */
  readonly path: readonly string[];
}

export type WaitForInput =
  /** A turn of an actor here waits for a request, whose id nobody else uses. `to`: the scheduler of whoever was asked. */
  | {
      readonly kind: 'asked';
      readonly turn: number;
      readonly actor: string;
      readonly request: string;
      readonly to: string;
    }
  /** It does not any more, whatever the reason. */
  | { readonly kind: 'settled'; readonly request: string }
  /** `blockers`: the turns here that `probe.request` waits for; none when it is not known, or waits for none. */
  | { readonly kind: 'probe'; readonly probe: Probe; readonly blockers: readonly number[] }
  | { readonly kind: 'tick' };

export type WaitForEffect =
  /** To the graph of that scheduler, which may be this one. */
  | { readonly kind: 'send'; readonly to: string; readonly probe: Probe }
  /** Cancel this request. `circle`: who waits for whom, the actor of `turn` first and last. */
  | {
      readonly kind: 'deadlock';
      readonly turn: number;
      readonly request: string;
      readonly circle: readonly string[];
    };

interface Waiting {
  readonly turn: number;
  readonly actor: string;
  /** Each with the scheduler that it was sent to. */
  readonly requests: Map<string, string>;
  /** The latest round, by initiator, of the probes that have passed this turn. */
  readonly passed: Map<string, number>;
  probeAt: number;
}

/** Initiators that a turn remembers. What it forgets may pass once more, and is ended by its hops. */
const PASSED_MAX = 1_000;

export class WaitForGraph {
  readonly #scheduler: string;
  readonly #probeAfterMs: number;
  readonly #hopsMax: number;
  readonly #waitingMax: number;
  /** In the order in which they are to probe next. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #turnOf = new Map<string, number>();
  #round = 0;
  #unwatched = 0;

  constructor(options: WaitForGraphOptions) {
    this.#scheduler = options.scheduler;
    this.#probeAfterMs = options.probeAfterMs ?? 1_000;
    this.#hopsMax = options.hopsMax ?? 100;
    this.#waitingMax = options.waitingMax ?? 100_000;
    assert(this.#probeAfterMs > 0, `probeAfterMs must be > 0, not ${options.probeAfterMs}`);
    assert(this.#hopsMax >= 1, `hopsMax must be >= 1, not ${options.hopsMax}`);
    assert(this.#waitingMax >= 1, `waitingMax must be >= 1, not ${options.waitingMax}`);
  }

  /** Turns that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** How many turns were not watched because too many were. */
  get unwatched(): number {
    return this.#unwatched;
  }

  get deadline(): Instant | undefined {
    for (const { probeAt } of this.#waiting.values()) return Instant.of(probeAt);
    return undefined;
  }

  step(input: WaitForInput, now: Instant, out: WaitForEffect[]): void {
    switch (input.kind) {
      case 'asked':
        return this.#asked(input, now);
      case 'settled':
        return this.#settled(input.request);
      case 'probe':
        for (const turn of input.blockers) this.#probed(input.probe, turn, out);
        return;
      case 'tick':
        for (const waiting of this.#waiting.values()) {
          if (waiting.probeAt > now) return;
          this.#initiate(waiting, now, out);
        }
    }
  }

  #asked({ turn, actor, request, to }: WaitForInput & { kind: 'asked' }, now: Instant): void {
    let waiting = this.#waiting.get(turn);
    if (waiting === undefined) {
      if (this.#waiting.size >= this.#waitingMax) {
        this.#unwatched += 1;
        return;
      }
      waiting = { turn, actor, requests: new Map(), passed: new Map(), probeAt: now + this.#probeAfterMs };
      this.#waiting.set(turn, waiting);
    }
    waiting.requests.set(request, to);
    this.#turnOf.set(request, turn);
  }

  #settled(request: string): void {
    const turn = this.#turnOf.get(request);
    if (turn === undefined) return;
    this.#turnOf.delete(request);
    const waiting = this.#waiting.get(turn)!;
    waiting.requests.delete(request);
    if (waiting.requests.size === 0) this.#waiting.delete(turn);
  }

  #initiate(waiting: Waiting, now: Instant, out: WaitForEffect[]): void {
    this.#round += 1;
    const { turn, actor, requests } = waiting;
    for (const [request, to] of requests) {
      const initiator = { scheduler: this.#scheduler, turn };
      out.push({ kind: 'send', to, probe: { initiator, first: request, round: this.#round, request, path: [actor] } });
    }
    waiting.probeAt = now + this.#probeAfterMs;
    // To the end of the line: it is the last to probe again.
    this.#waiting.delete(turn);
    this.#waiting.set(turn, waiting);
  }

  #probed(probe: Probe, turn: number, out: WaitForEffect[]): void {
    const waiting = this.#waiting.get(turn);
    if (waiting === undefined) return;
    const { initiator, first, round, path } = probe;
    if (initiator.scheduler === this.#scheduler && initiator.turn === turn) {
      // The request through which it left may have been answered meanwhile; then this was no circle.
      if (waiting.requests.has(first))
        out.push({ kind: 'deadlock', turn, request: first, circle: [...path, waiting.actor] });
      return;
    }
    if (!this.#isBefore(turn, initiator) || path.length >= this.#hopsMax) return;
    const key = `${initiator.turn} ${initiator.scheduler}`;
    // Each request of the initiator goes its own way, so that the one that leads into the circle is known.
    if (!this.#isFirst(waiting, `${key} ${first}`, round)) return;
    for (const [request, to] of waiting.requests)
      out.push({ kind: 'send', to, probe: { initiator, first, round, request, path: [...path, waiting.actor] } });
  }

  #isFirst(waiting: Waiting, key: string, round: number): boolean {
    if ((waiting.passed.get(key) ?? 0) >= round) return false;
    if (waiting.passed.size >= PASSED_MAX) waiting.passed.clear();
    waiting.passed.set(key, round);
    return true;
  }

  /** Turns are ordered by number, then by scheduler: the last is, as a rule, the one that has done the least. */
  #isBefore(turn: number, other: Probe['initiator']): boolean {
    return turn < other.turn || (turn === other.turn && this.#scheduler < other.scheduler);
  }
}
