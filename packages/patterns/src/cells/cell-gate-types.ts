import type { Unit } from './cell-table.ts';
import type { CellCommand, CellConfirmation } from './migration-types.ts';

/** What a cell knows of a unit. `move`: the one by which it came to that; 0 for what a cell had from the beginning. */
export type UnitRecord =
  | { readonly kind: 'owned'; readonly move: number; readonly since: number }
  /** Nothing more is let in. `wasPinned`: of a key, whether it had a record of its own before, or was one of its bucket's. */
  | {
      readonly kind: 'fencing' | 'fenced';
      readonly move: number;
      readonly owned: { readonly move: number; readonly since: number };
      readonly to: string;
      readonly wasPinned: boolean;
    }
  | { readonly kind: 'receiving'; readonly move: number; readonly from: string }
  | { readonly kind: 'moved'; readonly move: number; readonly to: string; readonly epoch: number };

/** What a cell knows of a bucket: one durable record. */
export interface BucketRecord {
  /** The highest move, of the bucket or of a key in it, that is over here: its commands change nothing any more. */
  readonly over: number;
  readonly own: UnitRecord | undefined;
  /** Keys that are not where their bucket is, or are on their way. */
  readonly keys: readonly (readonly [key: string, record: UnitRecord])[];
}

export interface CellRequest {
  readonly key: string;
  /** Of the table that it was routed by. */
  readonly epoch: number;
  /** Sent here by an `ask` of this move. */
  readonly asking?: number;
}

export type Admission =
  /** Serve it, then say `finished`. */
  | { readonly kind: 'accept'; readonly unit: Unit }
  /** It is there for good: get a table of this epoch or a later one. */
  | { readonly kind: 'moved'; readonly to: string; readonly epoch: number }
  /** It may be there: send this one request there, with `asking`. */
  | { readonly kind: 'ask'; readonly to: string; readonly move: number }
  /** For the moment it is served neither here nor there: ask again soon. */
  | { readonly kind: 'try-later' }
  /** The request was routed by too old a table: get one of this epoch or a later one. */
  | { readonly kind: 'stale-table'; readonly epoch: number }
  /** This cell knows nothing of it: get the latest table. */
  | { readonly kind: 'not-here' };

export type GateInput =
  | CellCommand
  /** What `copy` or `catch-up` asked for is done, and durable. */
  | { readonly kind: 'received'; readonly unit: Unit; readonly move: number }
  | { readonly kind: 'caught-up'; readonly unit: Unit; readonly move: number }
  /** A request that was let in has ended. `unit`: as it was admitted. */
  | { readonly kind: 'finished'; readonly unit: Unit; readonly key: string };

export type GateEffect =
  /** Make it durable before anything that follows is confirmed or served. */
  | { readonly kind: 'persist'; readonly bucket: number; readonly record: BucketRecord }
  /** Take over all data of the unit from there, and follow its changes; then say `received`. Of a bucket: without keys that are pinned elsewhere. */
  | { readonly kind: 'copy'; readonly unit: Unit; readonly move: number; readonly from: string }
  /** Take over what was changed until the source was fenced; then say `caught-up`. */
  | { readonly kind: 'catch-up'; readonly unit: Unit; readonly move: number; readonly from: string }
  /** Delete what this cell has of the unit. Of a bucket: without keys that are pinned here. */
  | { readonly kind: 'delete'; readonly unit: Unit }
  /** To the migration, once the bucket's record is durable. */
  | { readonly kind: 'confirm'; readonly confirmation: CellConfirmation };
