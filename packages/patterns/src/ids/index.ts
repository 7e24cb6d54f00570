export { ClockRegressionError, type HeldTimeOptions } from './held-time.ts';
export { KsuidGenerator, ksuidFromBytes, ksuidTime, ksuidToBytes } from './ksuid.ts';
export type { RandomFill } from './random-pool.ts';
export {
  type ClockPolicy,
  DISCORD_LAYOUT,
  Snowflake,
  type SnowflakeLayout,
  type SnowflakeOptions,
  type SnowflakeOutcome,
  type SnowflakeParts,
  SONYFLAKE_LAYOUT,
  snowflakeParts,
  TWITTER_LAYOUT,
} from './snowflake.ts';
export { SnowflakeId } from './snowflake-id.ts';
export { UlidGenerator, type UlidOptions, UlidOverflowError, ulidFromBytes, ulidTime, ulidToBytes } from './ulid.ts';
export { UuidV7Generator, type UuidV7Options, uuidFromBytes, uuidToBytes, uuidV7Of, uuidV7Time } from './uuid-v7.ts';
export {
  type WorkerIdGrant,
  WorkerIdLease,
  type WorkerIdLeaseEffect,
  type WorkerIdLeaseInput,
  type WorkerIdLeaseOptions,
  type WorkerIdRegistry,
} from './worker-id-lease.ts';
