/**
 * One SWIM probe round: ping a member, then ask relays to ping it, then a verdict, and what the round says of our own health.
 *
 * Das, Gupta, Motivala, SWIM, DSN 2002, section 3.1; Lifeguard (DSN-W 2018), section IV.A: relays answer `nack` when they hear nothing either,
 * and timeouts grow with local health. Differs: `alive` as soon as an ack arrives; and a round in which this process stood still is not
 * judged: its phase begins anew, because the ack may wait unread behind the late timer.
 *
 *              probe             directTimeoutMs            periodMs
 *     idle ------------> direct -----------------> indirect ----------> idle (not alive)
 *      ^                  | ^ | ack                 | ^ | ack
 *      |             late +-+ |                late +-+ |
 *      +----------------------+-------------------------+  (alive)
 *
 * Pure: no clock, no timers, no randomness. O(relays).
 */
import { assert, Instant } from '../base/index.ts';

export interface ProbeOptions {
  /** How long to wait for a direct ack before asking relays. */
  readonly directTimeoutMs: number;
  /** The whole round, direct and indirect. Must exceed `directTimeoutMs`. */
  readonly periodMs: number;
  /** A tick that comes later than this after `deadline` shows that this process stood still. `directTimeoutMs` by default. */
  readonly stallMs?: number;
}

export type ProbeInput =
  /** `seq` tells this round from others. `health` is the local health score: both timeouts are multiplied by `health + 1`. */
  | {
      readonly kind: 'probe';
      readonly seq: number;
      readonly target: string;
      readonly relays: readonly string[];
      readonly health?: number;
    }
  | { readonly kind: 'ack'; readonly seq: number }
  /** The relay `from` lives but hears nothing from the target. */
  | { readonly kind: 'nack'; readonly seq: number; readonly from: string }
  /** The event loop was blocked until now. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'tick' };

export type ProbeEffect =
  | { readonly kind: 'ping'; readonly to: string; readonly seq: number }
  | { readonly kind: 'ping-req'; readonly via: string; readonly target: string; readonly seq: number }
  /** `healthDelta` for `LocalHealth.adjust`: -1 for an ack; relays that were silent altogether, and a lost round without relays, speak against us. */
  | { readonly kind: 'verdict'; readonly target: string; readonly alive: boolean; readonly healthDelta: number };

interface Running {
  readonly seq: number;
  readonly target: string;
  readonly relays: readonly string[];
  readonly scale: number;
  readonly endsAt: Instant;
}

type Round =
  | { readonly phase: 'idle' }
  | (Running & { readonly phase: 'direct' })
  | (Running & { readonly phase: 'indirect'; readonly nacks: Set<string> });

export class Probe {
  readonly #directMs: number;
  readonly #indirectMs: number;
  readonly #stallMs: number;
  #round: Round = { phase: 'idle' };

  constructor(options: ProbeOptions) {
    assert(options.directTimeoutMs > 0, 'directTimeoutMs must be above 0');
    assert(options.periodMs > options.directTimeoutMs, 'periodMs must be above directTimeoutMs');
    this.#directMs = options.directTimeoutMs;
    this.#indirectMs = options.periodMs - options.directTimeoutMs;
    this.#stallMs = options.stallMs ?? options.directTimeoutMs;
  }

  get idle(): boolean {
    return this.#round.phase === 'idle';
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    return this.#round.phase === 'idle' ? undefined : this.#round.endsAt;
  }

  /** Advances the machine. Effects are appended to `out`, in the order they must run. */
  step(input: ProbeInput, now: Instant, out: ProbeEffect[]): void {
    switch (input.kind) {
      case 'probe':
        return this.#start(input, now, out);
      case 'ack':
        // A late ack from an earlier round says nothing about this round's target.
        if (this.#round.phase !== 'idle' && input.seq === this.#round.seq) this.#finish(true, -1, out);
        return;
      case 'nack':
        return this.#nack(input.seq, input.from);
      case 'stalled':
        return this.#renew(now);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #start(input: ProbeInput & { kind: 'probe' }, now: Instant, out: ProbeEffect[]): void {
    assert(this.#round.phase === 'idle', 'a probe starts when no round is running');
    const { seq, target, relays } = input;
    const scale = (input.health ?? 0) + 1;
    this.#round = { phase: 'direct', seq, target, relays, scale, endsAt: Instant.add(now, this.#directMs * scale) };
    out.push({ kind: 'ping', to: target, seq });
  }

  #nack(seq: number, from: string): void {
    const round = this.#round;
    if (round.phase === 'indirect' && seq === round.seq && round.relays.includes(from)) round.nacks.add(from);
  }

  #renew(now: Instant): void {
    const round = this.#round;
    if (round.phase === 'idle') return;
    const durationMs = round.phase === 'direct' ? this.#directMs : this.#indirectMs;
    this.#round = { ...round, endsAt: Instant.add(now, durationMs * round.scale) };
  }

  #tick(now: Instant, out: ProbeEffect[]): void {
    const round = this.#round;
    if (round.phase === 'idle' || now < round.endsAt) return;
    if (now - round.endsAt > this.#stallMs) return this.#renew(now);
    if (round.phase === 'indirect') {
      const silent = round.relays.length - round.nacks.size;
      return this.#finish(false, round.relays.length === 0 ? 1 : silent, out);
    }
    for (const via of round.relays) out.push({ kind: 'ping-req', via, target: round.target, seq: round.seq });
    const endsAt = Instant.add(now, this.#indirectMs * round.scale);
    this.#round = { ...round, phase: 'indirect', nacks: new Set(), endsAt };
  }

  #finish(alive: boolean, healthDelta: number, out: ProbeEffect[]): void {
    assert(this.#round.phase !== 'idle', 'only a running round ends');
    const { target } = this.#round;
    this.#round = { phase: 'idle' };
    out.push({ kind: 'verdict', target, alive, healthDelta });
  }
}
