/**
 * The numbers of the core's binary format. A number is never given another meaning: a new layout takes a new number, and a release
 * reads the layouts of the one before it. Order within a list of names is part of the format: names are appended only.
 */
import type { CoreErrorCode, Outcome } from '../errors.ts';
import type { AlarmKind, CompareResult, SortOrder, SortTarget } from '../requests.ts';

/** Goes into the handshake and into snapshots. */
export const CODEC_VERSION: number = 1;

/** Set in a command's first byte when a session header follows. */
export const SESSION_FLAG: number = 0x80;

export const Kind = {
  put: 1,
  deleteRange: 2,
  txn: 3,
  compact: 4,
  leaseGrant: 5,
  leaseRevoke: 6,
  alarm: 7,
  memberPut: 8,
  memberRemove: 9,
  sessionOpen: 10,
  sessionClose: 11,
  leaseEpoch: 12,
  range: 20,
  /** Only in answers. */
  member: 21,
  session: 22,
  epoch: 23,
  error: 127,
} as const;

export const compareResults: readonly CompareResult[] = ['equal', 'greater', 'less', 'not-equal'];
export const compareTargets: readonly ['version', 'create', 'mod', 'value', 'lease'] = [
  'version',
  'create',
  'mod',
  'value',
  'lease',
];
export const sortOrders: readonly SortOrder[] = ['none', 'ascend', 'descend'];
export const sortTargets: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value'];
export const alarmKinds: readonly AlarmKind[] = ['no-space', 'corrupt'];
export const alarmActions: readonly ['activate', 'deactivate'] = ['activate', 'deactivate'];
export const outcomes: readonly Outcome[] = ['not-applied', 'applied', 'unknown'];
export const errorCodes: readonly CoreErrorCode[] = [
  'key-empty',
  'value-provided',
  'lease-provided',
  'key-not-found',
  'too-many-operations',
  'duplicate-key',
  'compacted',
  'future-revision',
  'no-space',
  'lease-not-found',
  'lease-exists',
  'lease-ttl-too-large',
  'request-too-large',
  'too-many-requests',
  'invalid-request',
  'session-expired',
  'no-leader',
  'leader-changed',
  'not-leader',
  'timed-out',
  'aborted',
  'stopped',
  'member-not-found',
  'member-exists',
  'member-not-learner',
  'learner-not-ready',
  'configuration-in-progress',
  'unhealthy-cluster',
  'bad-leader-transferee',
  'corrupt',
  'wrong-cluster',
  'wrong-protocol',
  'unavailable',
  'lease-lost',
];
