import type { CellTableData, Unit } from './cell-table.ts';

/** What a cell is told about a unit. May be lost, late and repeated. */
export type CellCommand =
  /** Copy it from that cell, and follow its changes. */
  | { readonly kind: 'receive'; readonly unit: Unit; readonly move: number; readonly from: string }
  /** Let nothing more in, finish what is under way. */
  | { readonly kind: 'fence'; readonly unit: Unit; readonly move: number; readonly to: string }
  /** The source changes it no more: copy the rest. */
  | { readonly kind: 'catch-up'; readonly unit: Unit; readonly move: number }
  /** It is yours, as of this epoch of the table. */
  | { readonly kind: 'activate'; readonly unit: Unit; readonly move: number; readonly epoch: number }
  /** It is another's: say so to whoever asks. */
  | {
      readonly kind: 'forward';
      readonly unit: Unit;
      readonly move: number;
      readonly to: string;
      readonly epoch: number;
    }
  /** `clean`: delete it. `unfence`: it stays yours. `discard`: it stays another's, delete the copy. `merge`: a pinned key belongs to its bucket again. */
  | { readonly kind: 'clean' | 'unfence' | 'discard' | 'merge'; readonly unit: Unit; readonly move: number };

export type CellConfirmationKind =
  | 'received'
  | 'fenced'
  | 'caught-up'
  | 'activated'
  | 'forwarded'
  | 'cleaned'
  | 'unfenced'
  | 'discarded'
  | 'merged';

/** What a cell has done of it, durably. */
export interface CellConfirmation {
  readonly kind: CellConfirmationKind;
  readonly unit: Unit;
  readonly move: number;
}

/**
 * How far a move has come. Up to `catching-up` it can be called off; the step to `cutting-over` is the decision, made once, with the change of the
 * table.
 */
export type MoveStep =
  | 'waiting'
  | 'copying'
  | 'fencing'
  | 'catching-up'
  | 'cutting-over'
  | 'redirecting'
  | 'cleaning'
  | 'rolling-back'
  | 'merging';

export interface MoveRecord {
  readonly move: number;
  readonly kind: 'move' | 'unpin';
  readonly unit: Unit;
  /** Empty while it waits. */
  readonly from: string;
  readonly to: string;
  readonly step: MoveStep;
  /** Of the table that says so, from the decision on. */
  readonly epoch: number;
  /** What has been confirmed in this step. */
  readonly heard: readonly CellConfirmationKind[];
}

/** What must not be lost. */
export interface MigrationSnapshot {
  readonly table: CellTableData;
  readonly lastMove: number;
  /** Those that have not ended, by number. */
  readonly moves: readonly MoveRecord[];
}

export interface MigrationOptions {
  /** Moves under way at once. Default 4. */
  readonly movesMax?: number;
  /** Moves that wait. Default 65,536. */
  readonly waitingMax?: number;
  /** What has not been confirmed is said again after this. Default 1,000. */
  readonly resendMs?: number;
  /** How long the old cell goes on telling where a unit is, before it deletes it. Longer than routers go without a new table. Default 600,000. */
  readonly redirectMs?: number;
  /** A unit that nobody serves for longer goes back to its old cell. Default 10,000. */
  readonly fencedMaxMs?: number;
  /** A copy that takes longer is given up. Default never. */
  readonly copyMaxMs?: number;
}

export type MigrationInput =
  | { readonly kind: 'move'; readonly unit: Unit; readonly to: string }
  /** A pinned key that has been moved to where its bucket is becomes a key like others. */
  | { readonly kind: 'unpin'; readonly key: string }
  | { readonly kind: 'roll-back'; readonly move: number }
  | { readonly kind: 'confirmed'; readonly cell: string; readonly confirmation: CellConfirmation }
  | { readonly kind: 'tick' };

export type MigrationEffect =
  /** Make `snapshot` durable. What carries `after` this version, or a later one, waits for that. */
  | { readonly kind: 'persist'; readonly version: number }
  | { readonly kind: 'planned'; readonly move: number; readonly unit: Unit }
  /** As many moves wait as may. */
  | { readonly kind: 'refused'; readonly unit: Unit }
  | { readonly kind: 'command'; readonly cell: string; readonly command: CellCommand; readonly after: number }
  /** There is a new table for the routers. */
  | { readonly kind: 'publish'; readonly epoch: number; readonly after: number }
  /** `moved`: also when it was there already. `not-possible`: too many pins, or a key that is not pinned, or not where its bucket is. */
  | {
      readonly kind: 'ended';
      readonly move: number;
      readonly unit: Unit;
      readonly outcome: 'moved' | 'rolled-back' | 'unpinned' | 'not-possible';
      readonly after: number;
    }
  /** The move has been decided, or has ended: it can only be moved back, by another. */
  | { readonly kind: 'too-late'; readonly move: number };
