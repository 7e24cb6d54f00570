export { LEASE_TTL_SECONDS_MIN } from './administration.ts';
export { needsSpace } from './commands.ts';
export { CoreMachine, type CoreMachineOptions, type CoreProposal } from './core-machine.ts';
export { type KeyRange, keyRange } from './key-range.ts';
export type { Lease, LeaseListener } from './lease-book.ts';
export { plainResponse, Reply } from './reply.ts';
export { foundingSnapshot, type SnapshotSummary, summarizeSnapshot } from './snapshot-copies.ts';
export { SNAPSHOT_VERSION } from './snapshot-format.ts';
export {
  ALARMS_MAX,
  LEASES_MAX,
  MEMBERS_MAX,
  SESSION_REPLIES_BYTES_MAX,
  SESSION_WINDOW_MAX,
  SESSIONS_MAX,
} from './state.ts';
export type { StateHash } from './state-hash.ts';
export { WatchHub } from './watch-hub.ts';
