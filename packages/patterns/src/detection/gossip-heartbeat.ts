/**
 * Gossip topology: each counts its own heartbeats and sends the counters of all that it knows to `fanout` random members. Whose counter stands still for
 * `failMs` is judged dead; its entry is kept for as long again, because whoever has not judged yet would bring it back.
 *
 * Van Renesse, Minsky, Hayden, "A Gossip-Style Failure Detection Service", Middleware 1998, section 3 (T_gossip, T_fail, T_cleanup = 2·T_fail).
 * Differs: a counter is a pair of boot epoch and beat, so that a restart is news; time in which this process stood still is excused.
 *
 * fanout·N messages per interval, each with N counters. Pure; randomness is injected. A message and a tick are O(members).
 */
import { assert, Instant, type RandomNumber, randomSample } from '../base/index.ts';

export interface GossipHeartbeatOptions {
  readonly self: string;
  /** Number of this run, from a durable counter. */
  readonly epoch: number;
  readonly random: RandomNumber;
  readonly intervalMs: number;
  /** A counter that stands still for so long is of a dead member. Several times intervalMs·log2(members). */
  readonly failMs: number;
  /** 1 by default. */
  readonly fanout?: number;
  /** 10,000 by default; whoever does not fit is not heard of. */
  readonly maxMembers?: number;
}

export interface BeatCount {
  readonly member: string;
  readonly epoch: number;
  readonly beat: number;
}

export type GossipHeartbeatInput =
  | { readonly kind: 'join'; readonly seeds: readonly string[] }
  | { readonly kind: 'gossip'; readonly counts: readonly BeatCount[] }
  | { readonly kind: 'stalled'; readonly delayMs: number }
  | { readonly kind: 'tick' };

export type GossipHeartbeatEffect =
  | { readonly kind: 'gossip'; readonly to: string; readonly counts: readonly BeatCount[] }
  | { readonly kind: 'verdict'; readonly member: string; readonly alive: boolean };

interface Known {
  epoch: number;
  beat: number;
  grewAt: number;
  alive: boolean;
}

export class GossipHeartbeat {
  readonly #options: GossipHeartbeatOptions;
  readonly #known = new Map<string, Known>();
  #seeds: readonly string[] = [];
  #beat = 0;
  #nextAt: Instant;

  constructor(options: GossipHeartbeatOptions, now: Instant) {
    assert(options.intervalMs > 0, 'intervalMs must be above 0');
    assert(options.failMs > options.intervalMs, 'failMs must be above intervalMs');
    this.#options = options;
    this.#nextAt = Instant.add(now, options.intervalMs * options.random());
  }

  get deadline(): Instant {
    return this.#nextAt;
  }

  /** Others that live, as far as is known here. */
  get alive(): readonly string[] {
    return [...this.#known].filter(([, { alive }]) => alive).map(([member]) => member);
  }

  step(input: GossipHeartbeatInput, now: Instant, out: GossipHeartbeatEffect[]): void {
    switch (input.kind) {
      case 'join':
        this.#seeds = input.seeds.filter((seed) => seed !== this.#options.self);
        return;
      case 'gossip':
        for (const count of input.counts) this.#merge(count, now, out);
        return;
      case 'stalled':
        for (const known of this.#known.values()) known.grewAt = Math.min(now, known.grewAt + input.delayMs);
        return;
      case 'tick':
        if (now >= this.#nextAt) this.#round(now, out);
    }
  }

  #merge({ member, epoch, beat }: BeatCount, now: Instant, out: GossipHeartbeatEffect[]): void {
    if (member === this.#options.self) return;
    const known = this.#known.get(member);
    if (known === undefined) {
      if (this.#known.size >= (this.#options.maxMembers ?? 10_000)) return;
      this.#known.set(member, { epoch, beat, grewAt: now, alive: true });
      out.push({ kind: 'verdict', member, alive: true });
      return;
    }
    if (epoch < known.epoch || (epoch === known.epoch && beat <= known.beat)) return;
    known.epoch = epoch;
    known.beat = beat;
    known.grewAt = now;
    if (known.alive) return;
    known.alive = true;
    out.push({ kind: 'verdict', member, alive: true });
  }

  #round(now: Instant, out: GossipHeartbeatEffect[]): void {
    const { self, epoch, intervalMs, failMs, fanout = 1, random } = this.#options;
    this.#nextAt = Instant.add(now, intervalMs);
    this.#beat += 1;
    const counts: BeatCount[] = [{ member: self, epoch, beat: this.#beat }];
    const partners: string[] = [];
    for (const [member, known] of this.#known) {
      const silentMs = now - known.grewAt;
      if (known.alive && silentMs >= failMs) {
        known.alive = false;
        out.push({ kind: 'verdict', member, alive: false });
      }
      if (silentMs >= 2 * failMs) this.#known.delete(member);
      // The dead are not passed on: their counters would only bring them back elsewhere.
      if (!known.alive) continue;
      counts.push({ member, epoch: known.epoch, beat: known.beat });
      partners.push(member);
    }
    const chosen = randomSample(random, partners.length > 0 ? partners : this.#seeds, fanout);
    for (const to of chosen) out.push({ kind: 'gossip', to, counts });
  }
}
