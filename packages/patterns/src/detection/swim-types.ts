import type { RandomNumber } from '../base/index.ts';
import type { MemberState } from './membership.ts';
import type { MemberUpdate } from './update-queue.ts';

/** Defaults are memberlist's for a local network. */
export interface SwimOptions {
  /** Name and address in one: where messages for this member are sent. */
  readonly self: string;
  /** Number of this run of the member, from a durable counter: higher than that of any run before. */
  readonly epoch: number;
  readonly random: RandomNumber;
  /** One probe each. 1000 by default. */
  readonly periodMs?: number;
  /** 500 by default. */
  readonly directTimeoutMs?: number;
  /** A turn later than this shows that this process stood still. `directTimeoutMs` by default. */
  readonly stallMs?: number;
  /** Members asked to probe indirectly. 3 by default. */
  readonly relays?: number;
  /** Of the suspicion timeout; 4 by default. */
  readonly multiplier?: number;
  /** Longest to shortest suspicion timeout; 6 by default. 1 turns Lifeguard's shortening off. */
  readonly maxMultiplier?: number;
  /** Highest local health score; 7 by default. 0 turns local health off. */
  readonly maxHealthScore?: number;
  /** How often news is sent, times log10 of the cluster. 4 by default. */
  readonly retransmitMultiplier?: number;
  /** Pieces of news on one message. 8 by default. */
  readonly maxUpdates?: number;
  /** Exchange of whole tables. 30,000 by default. */
  readonly syncMs?: number;
  /** Members told directly on leaving. 4 by default. */
  readonly farewells?: number;
  /** Bound of the table, tombstones included. 100,000 by default. */
  readonly maxMembers?: number;
}

export type SwimMessage = { readonly updates: readonly MemberUpdate[] } & (
  | { readonly kind: 'ping' | 'ping-req'; readonly seq: number; readonly target: string }
  | { readonly kind: 'ack' | 'nack'; readonly seq: number }
  /** The sender's whole table; answered by `synced` with the receiver's. */
  | { readonly kind: 'sync' | 'synced' }
  | { readonly kind: 'news' }
);

export type SwimInput =
  /** Ask these for what they know. May be repeated until members appear. */
  | { readonly kind: 'join'; readonly seeds: readonly string[] }
  /** Say goodbye: others then see `left`, not `dead`. */
  | { readonly kind: 'leave' }
  /** The event loop was blocked for `delayMs` until now, as an event-loop monitor measured it. Late ticks are noticed without. */
  | { readonly kind: 'stalled'; readonly delayMs: number }
  | { readonly kind: 'message'; readonly from: string; readonly message: SwimMessage }
  | { readonly kind: 'tick' };

export type SwimEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: SwimMessage }
  /** There is news of another member. */
  | {
      readonly kind: 'member';
      readonly member: string;
      readonly state: MemberState;
      readonly before: MemberState | undefined;
    }
  /** A later run of this member's name is known: this run is over, or the epoch was not durable. Emitted once. */
  | { readonly kind: 'superseded'; readonly epoch: number };
