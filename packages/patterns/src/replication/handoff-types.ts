/** What goes into `HintedHandoff` and what comes out of it. Data only. */
import type { Instant } from '../base/index.ts';
import type { HandoffPaceOptions } from './handoff-pace.ts';

export interface HintedHandoffOptions {
  readonly countMax: number;
  readonly sizeBytesMax: number;
  /** For one target, so that one that is gone for good does not take the room of all others. */
  readonly targetCountMax: number;
  readonly targetSizeBytesMax: number;
  /** How long a hint may be given back after it was written, delivery included. Below `tombstoneGraceMs`. */
  readonly ttlMs: number;
  /** How long replicas keep tombstones at least. */
  readonly tombstoneGraceMs: number;
  /** No more hints are taken for a target whose oldest is older than this: it is gone for longer than hints are good for. At most `ttlMs`. */
  readonly windowMs: number;
  /** When a hint that was sent counts as failed. */
  readonly answerMs: number;
  /** After a failure the target is left alone for so long, twice as long after the next, up to 64 times. */
  readonly backoffMs: number;
  /** Hints under way to one target. Default 64. */
  readonly inFlightMax?: number;
  /** Default 1024. */
  readonly targetsMax?: number;
  /** Default 16. */
  readonly syncPointsMax?: number;
  readonly pace?: HandoffPaceOptions;
}

export type HintRefusal = 'full' | 'target-full' | 'window' | 'too-many-targets' | 'too-old';

export type HintedHandoffInput =
  /** Keep a write for `target`, written `ageMs` ago (default 0; after a restart, hints from disk, oldest first). Ids are used once. */
  | {
      readonly kind: 'store';
      readonly id: number;
      readonly target: string;
      readonly sizeBytes: number;
      readonly ageMs?: number;
    }
  /** The failure detector's opinion. Nobody is up at first. */
  | { readonly kind: 'up' | 'down'; readonly target: string }
  /** The target merged it. Also when that comes late. */
  | { readonly kind: 'delivered'; readonly id: number }
  /** It did not, or says that it has too much to do. */
  | { readonly kind: 'failed'; readonly id: number }
  /** The target has left for good: whoever has its keys now must get them by anti-entropy. */
  | { readonly kind: 'removed'; readonly target: string }
  /** Anti-entropy with this target, begun at `begunAt`, is complete: what was missed before then is there. */
  | { readonly kind: 'repaired'; readonly target: string; readonly begunAt: Instant }
  /** Say when all hints kept now are settled. */
  | { readonly kind: 'sync-point'; readonly id: number }
  | { readonly kind: 'tick' };

export type HintedHandoffEffect =
  /** Write it down. It counts as kept only when it is durable. */
  | { readonly kind: 'keep'; readonly id: number; readonly target: string }
  /** It is not kept, and must not be counted as written. */
  | { readonly kind: 'refused'; readonly id: number; readonly target: string; readonly why: HintRefusal }
  /** Send it. The target must refuse it when it comes more than `remainingMs` later. */
  | { readonly kind: 'deliver'; readonly id: number; readonly target: string; readonly remainingMs: number }
  /** Forget it. `delivered`: all is well. */
  | {
      readonly kind: 'discard';
      readonly id: number;
      readonly target: string;
      readonly why: 'delivered' | 'expired' | 'removed';
    }
  /** This target lacks writes that no hint will bring: ask for anti-entropy. Once, until `repaired`; `gaps` has the numbers. */
  | { readonly kind: 'gap'; readonly target: string }
  /** All hints of this target are settled. */
  | { readonly kind: 'drained'; readonly target: string }
  /** `missed`: of the hints meant, so many were not delivered. */
  | { readonly kind: 'sync-point-reached'; readonly id: number; readonly missed: number };

export interface HintGap {
  readonly target: string;
  readonly count: number;
  readonly sizeBytes: number;
  readonly since: Instant;
  /** The last miss. */
  readonly until: Instant;
}
