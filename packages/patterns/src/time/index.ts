export {
  boundOfChrony,
  type ChronyTracking,
  type ClockErrorBound,
  type ClockUncertainty,
  commitTimestampMs,
  surelyFuture,
  surelyPast,
  uncertaintyAt,
  WALL_RESOLUTION_MS,
} from './clock-bound.ts';
export {
  ClockBoundWait,
  type ClockBoundWaitEffect,
  type ClockBoundWaitInput,
  type ClockBoundWaitOptions,
} from './clock-bound-wait.ts';
export { ActorId, type Dot } from './dot.ts';
export { DotContext } from './dot-context.ts';
export {
  type DotReservation,
  DotSource,
  type DotSourceEffect,
  type DotSourceInput,
  type DotSourceOptions,
} from './dot-source.ts';
export { DottedVersionVectorSet, type DvvEntry } from './dotted-version-vector-set.ts';
export {
  GenerationClock,
  type GenerationEffect,
  type GenerationInput,
  type GenerationRole,
} from './generation-clock.ts';
export {
  compareNodeTimestamps,
  HybridClock,
  type HybridClockOptions,
  type HybridRefusal,
  type NodeTimestamp,
} from './hybrid-clock.ts';
export {
  compareHybrid,
  type HybridTimestamp,
  hybridFromBigInt,
  hybridFromText,
  hybridTimestamp,
  hybridToBigInt,
  hybridToText,
  LOGICAL_MAX,
  packHybrid,
  unpackHybrid,
  WALL_MS_MAX,
} from './hybrid-timestamp.ts';
export { IntervalTreeClock, type ItcEvents, type ItcId } from './interval-tree-clock.ts';
export { compareLamport, LamportClock, type LamportStamp } from './lamport-clock.ts';
export { type CausalOrder, type PruneLimits, VectorClock } from './vector-clock.ts';
