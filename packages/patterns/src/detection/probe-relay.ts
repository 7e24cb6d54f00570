/**
 * The other side of an indirect probe: pings a member for somebody else and says what came of it, `nack` if nothing.
 *
 * SWIM (DSN 2002), section 3.1 (ping-req); Lifeguard (DSN-W 2018), section IV.A: the nack is sent before the asker's round ends, so that the asker can
 * tell a silent target from its own deafness. Differs: at most `maxPending` at a time; beyond that a request gets its nack at once.
 *
 * Pure. O(1) per message; a tick is O(expired).
 */
import { assert, Instant } from '../base/index.ts';

export interface ProbeRelayOptions {
  /** When to give up and nack. Well below the asker's indirect phase; Lifeguard: 80 % of the direct timeout. */
  readonly nackAfterMs: number;
  /** Pings under way for others. 1024 by default. */
  readonly maxPending?: number;
}

export type ProbeRelayInput =
  /** `askedSeq` is the asker's, `seq` our own for the ping; `seq` is never reused. */
  | {
      readonly kind: 'ping-req';
      readonly from: string;
      readonly askedSeq: number;
      readonly target: string;
      readonly seq: number;
    }
  | { readonly kind: 'ack'; readonly seq: number }
  | { readonly kind: 'tick' };

export type ProbeRelayEffect =
  | { readonly kind: 'ping'; readonly to: string; readonly seq: number }
  | { readonly kind: 'ack' | 'nack'; readonly to: string; readonly seq: number };

interface Pending {
  readonly to: string;
  readonly askedSeq: number;
  readonly endsAt: Instant;
}

export class ProbeRelay {
  readonly #nackAfterMs: number;
  readonly #maxPending: number;
  /** By our own seq, oldest first, so also by `endsAt`. */
  readonly #pending = new Map<number, Pending>();

  constructor(options: ProbeRelayOptions) {
    assert(options.nackAfterMs > 0, 'nackAfterMs must be above 0');
    this.#nackAfterMs = options.nackAfterMs;
    this.#maxPending = options.maxPending ?? 1024;
  }

  get deadline(): Instant | undefined {
    for (const { endsAt } of this.#pending.values()) return endsAt;
    return undefined;
  }

  step(input: ProbeRelayInput, now: Instant, out: ProbeRelayEffect[]): void {
    switch (input.kind) {
      case 'ping-req': {
        const { from: to, askedSeq, target, seq } = input;
        if (this.#pending.size >= this.#maxPending) {
          out.push({ kind: 'nack', to, seq: askedSeq });
          return;
        }
        this.#pending.set(seq, { to, askedSeq, endsAt: Instant.add(now, this.#nackAfterMs) });
        out.push({ kind: 'ping', to: target, seq });
        return;
      }
      case 'ack': {
        const asked = this.#pending.get(input.seq);
        if (asked === undefined) return;
        this.#pending.delete(input.seq);
        out.push({ kind: 'ack', to: asked.to, seq: asked.askedSeq });
        return;
      }
      case 'tick':
        for (const [seq, { to, askedSeq, endsAt }] of this.#pending) {
          if (now < endsAt) return;
          this.#pending.delete(seq);
          out.push({ kind: 'nack', to, seq: askedSeq });
        }
    }
  }
}
