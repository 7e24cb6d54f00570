/**
 * What the heartbeat topologies share: send to some, watch others, give a verdict when it changes. Joshi, "Patterns of Distributed Systems", 2023,
 * chapter "HeartBeat". The topologies differ only in who sends to whom: `HeartbeatLinks`.
 *
 * Pure: time comes in, effects go out. A heartbeat is O(1); a tick O(sent + watched).
 */
import { assert, Instant } from '../base/index.ts';
import type { FailureDetector } from './failure-detector.ts';

export interface HeartbeatLinks {
  readonly sendTo: readonly string[];
  readonly watch: readonly string[];
}

export interface HeartbeatOptions {
  readonly self: string;
  /** All members, `self` included, each once; in any order, but all must be told the same set. */
  readonly members: readonly string[];
  readonly intervalMs: number;
  /** A detector for one watched member. */
  readonly detector: (member: string) => FailureDetector;
}

export type HeartbeatInput =
  | { readonly kind: 'heartbeat'; readonly from: string }
  /** The membership changed. Detectors of those who stay watched are kept. */
  | { readonly kind: 'members'; readonly members: readonly string[] }
  /** The event loop was blocked for `delayMs` until now: that time counts against nobody. */
  | { readonly kind: 'stalled'; readonly delayMs: number }
  | { readonly kind: 'tick' };

export type HeartbeatEffect =
  | { readonly kind: 'heartbeat'; readonly to: string }
  /** The opinion of `member` changed. Everybody watched counts as alive at first. */
  | { readonly kind: 'verdict'; readonly member: string; readonly alive: boolean };

interface Watched {
  readonly detector: FailureDetector;
  alive: boolean;
}

export class HeartbeatExchange {
  readonly #options: HeartbeatOptions;
  readonly #linksOf: (members: readonly string[]) => HeartbeatLinks;
  readonly #watched = new Map<string, Watched>();
  #sendTo: readonly string[] = [];
  #sendAt: Instant;

  constructor(options: HeartbeatOptions, linksOf: (members: readonly string[]) => HeartbeatLinks, now: Instant) {
    assert(options.intervalMs > 0, 'intervalMs must be above 0');
    this.#options = options;
    this.#linksOf = linksOf;
    this.#sendAt = now;
    this.#relink(options.members, now);
  }

  /** Members watched from here. */
  get watching(): readonly string[] {
    return [...this.#watched.keys()];
  }

  get deadline(): Instant | undefined {
    let next: number = this.#sendTo.length > 0 ? this.#sendAt : Number.POSITIVE_INFINITY;
    for (const { alive, detector } of this.#watched.values())
      if (alive) next = Math.min(next, detector.deadline ?? next);
    return Number.isFinite(next) ? Instant.of(next) : undefined;
  }

  step(input: HeartbeatInput, now: Instant, out: HeartbeatEffect[]): void {
    switch (input.kind) {
      case 'heartbeat':
        return this.#heard(input.from, now, out);
      case 'members':
        return this.#relink(input.members, now);
      case 'stalled':
        for (const { detector } of this.#watched.values()) detector.stalled(input.delayMs, now);
        return;
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #heard(from: string, now: Instant, out: HeartbeatEffect[]): void {
    const watched = this.#watched.get(from);
    if (watched === undefined) return;
    watched.detector.heartbeat(now);
    if (watched.alive) return;
    watched.alive = true;
    out.push({ kind: 'verdict', member: from, alive: true });
  }

  #tick(now: Instant, out: HeartbeatEffect[]): void {
    if (now >= this.#sendAt) {
      for (const to of this.#sendTo) out.push({ kind: 'heartbeat', to });
      // From now, not from when it was due: after a pause there is no burst.
      this.#sendAt = Instant.add(now, this.#options.intervalMs);
    }
    for (const [member, watched] of this.#watched) {
      if (!watched.alive || watched.detector.available(now)) continue;
      watched.alive = false;
      out.push({ kind: 'verdict', member, alive: false });
    }
  }

  #relink(members: readonly string[], now: Instant): void {
    const { sendTo, watch } = this.#linksOf(members);
    this.#sendTo = sendTo;
    const wanted = new Set(watch);
    for (const member of this.#watched.keys()) if (!wanted.has(member)) this.#watched.delete(member);
    for (const member of wanted) {
      if (this.#watched.has(member)) continue;
      const detector = this.#options.detector(member);
      // Who never sends a heartbeat at all must be found out too.
      detector.heartbeat(now);
      this.#watched.set(member, { detector, alive: true });
    }
  }
}
