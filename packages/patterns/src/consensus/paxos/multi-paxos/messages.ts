/** What replicas say to each other. Data only. Slots count from 1. */
import type { Ballot } from '../ballot.ts';

/** What a slot of the log holds. A no-op fills a gap that a leader left behind. */
export type Entry<Value> = { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'no-op' };

/** What an acceptor has accepted in a slot. */
export interface SlotEntry<Value> {
  readonly slot: number;
  readonly ballot: Ballot;
  readonly entry: Entry<Value>;
}

export type MultiPaxosMessage<Value> =
  /** Phase 1 (a), for all slots from `from` on at once. */
  | { readonly kind: 'prepare'; readonly ballot: Ballot; readonly from: number }
  /** Phase 1 (b). The sender knows what is chosen up to `chosen`, and has accepted these behind it, and from `from` of the question on. */
  | {
      readonly kind: 'promise';
      readonly ballot: Ballot;
      readonly chosen: number;
      readonly accepted: readonly SlotEntry<Value>[];
    }
  /** Phase 2 (a). Everything up to `chosen` is chosen. */
  | {
      readonly kind: 'accept';
      readonly ballot: Ballot;
      readonly slot: number;
      readonly entry: Entry<Value>;
      readonly chosen: number;
    }
  /** Phase 2 (b). */
  | { readonly kind: 'accepted'; readonly ballot: Ballot; readonly slot: number }
  /** `ballot` is that of the message refused, `promised` the higher one that stands against it. */
  | { readonly kind: 'rejected'; readonly ballot: Ballot; readonly promised: Ballot }
  /** The leader is there, and everything up to `chosen` is chosen. */
  | { readonly kind: 'heartbeat'; readonly ballot: Ballot; readonly chosen: number }
  /** Answers a heartbeat: the leader still has a quorum. */
  | { readonly kind: 'following'; readonly ballot: Ballot }
  /** Asks for what is chosen, from a slot on. */
  | { readonly kind: 'learn'; readonly from: number }
  /** What is chosen from `from` on, one slot after the other; all that the sender knows up to `chosen`. */
  | {
      readonly kind: 'learned';
      readonly from: number;
      readonly entries: readonly Entry<Value>[];
      readonly chosen: number;
    }
  /** The sender has forgotten the slots below `first`: they are in its snapshot. */
  | { readonly kind: 'forgotten'; readonly first: number };
