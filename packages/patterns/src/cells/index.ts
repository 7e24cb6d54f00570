export { AssignedShards, type AssignedShardsOptions, type Assignment, handsAtMost } from './assigned-shards.ts';
export { CellGate } from './cell-gate.ts';
export type { Admission, BucketRecord, CellRequest, GateEffect, GateInput, UnitRecord } from './cell-gate-types.ts';
export { type BucketMove, type CellCapacity, type CellPlan, planBuckets } from './cell-plan.ts';
export { CellRouter, type CellRouterOptions, type Route, type RouterStep, type Sending } from './cell-router.ts';
export {
  bucketOfUnit,
  bucketUnit,
  CellTable,
  type CellTableData,
  type Home,
  keyOf,
  keyUnit,
  PINS_MAX,
  type Unit,
} from './cell-table.ts';
export { Migration } from './migration.ts';
export type {
  CellCommand,
  CellConfirmation,
  CellConfirmationKind,
  MigrationEffect,
  MigrationInput,
  MigrationOptions,
  MigrationSnapshot,
  MoveRecord,
  MoveStep,
} from './migration-types.ts';
export {
  type BlastRadius,
  binomial,
  blastRadius,
  checkDeck,
  type Deck,
  handCount,
  overlapCounts,
  overlapShares,
} from './overlap.ts';
export { type ShardWorker, ShuffleShards, type ShuffleShardsOptions } from './shuffle-shards.ts';
