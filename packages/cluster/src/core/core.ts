import type { GroupStatus } from '../raft/types.ts';
import type {
  Alarm,
  LeaseGrantRequest,
  LeaseGrantResponse,
  MemberRecord,
  RangeRequest,
  RangeResponse,
  WatchMessage,
  WatchRequest,
  WriteRequest,
  WriteResponseOf,
} from './requests.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default 5,000. After it the call rejects with `timed-out`; for a write the outcome is then unknown. */
  readonly timeoutMs?: number;
}

export interface WatchHandle extends Disposable {
  /** Asks for a `progress` message once everything up to now has been delivered. */
  requestProgress(): void;
  /** Back-pressure: while paused, nothing is delivered and the watcher falls behind without losing events. */
  pause(): void;
  resume(): void;
  /** The revision up to which this watcher has been served. */
  readonly revision: number;
}

export interface LeaseStatus {
  readonly id: number;
  readonly grantedSeconds: number;
  /** −1 when there is no such lease. */
  readonly remainingSeconds: number;
  readonly keys: readonly Uint8Array[];
}

export interface MemberStatus extends MemberRecord {
  readonly isLearner: boolean;
}

export interface CoreStatus {
  readonly clusterId: number;
  readonly memberId: number;
  readonly name: string;
  readonly version: string;
  readonly raft: GroupStatus;
  readonly revision: number;
  readonly compactRevision: number;
  /** Bytes of keys, values and bookkeeping in memory, against the quota. */
  readonly sizeBytes: number;
  readonly quotaBytes: number;
  readonly alarms: readonly Alarm[];
  /** This node is no member any more, and never will be: it serves nothing. */
  readonly removed?: boolean;
}

/**
 * The consistent core as seen from inside one of its nodes: any member, leader or not (requests that only the leader can serve are
 * forwarded). Every rejection is a `CoreError`. The native client has the same shape over a connection.
 */
export interface Core {
  readonly status: CoreStatus;
  readonly members: readonly MemberStatus[];
  write<K extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: K }>,
    options?: CallOptions,
  ): Promise<WriteResponseOf[K]>;
  range(request: RangeRequest, options?: CallOptions & { serializable?: boolean }): Promise<RangeResponse>;
  /** Messages are delivered in order, never inside this call. After `canceled` nothing more comes. */
  watch(request: WatchRequest, deliver: (message: WatchMessage) => void): WatchHandle;
  grantLease(request: Omit<LeaseGrantRequest, 'kind'>, options?: CallOptions): Promise<LeaseGrantResponse>;
  /** Resolves with the TTL now in force, or 0 when there is no such lease. */
  keepAlive(
    leaseId: number,
    options?: CallOptions,
  ): Promise<{ readonly ttlSeconds: number; readonly revision: number }>;
  leaseStatus(leaseId: number, options?: CallOptions & { keys?: boolean }): Promise<LeaseStatus>;
  leases(options?: CallOptions): Promise<readonly number[]>;
  /** Hash of all versions up to `revision` (0: now), equal on all members; with the compact revision it starts from (−1 when none). */
  hash(
    revision: number,
  ): Promise<{ readonly hash: number; readonly revision: number; readonly compactRevision: number }>;
  addMember(member: Omit<MemberRecord, 'id'>, options: CallOptions & { learner: boolean }): Promise<MemberStatus>;
  promoteMember(id: number, options?: CallOptions): Promise<void>;
  removeMember(id: number, options?: CallOptions): Promise<void>;
  updateMember(member: MemberRecord, options?: CallOptions): Promise<void>;
  moveLeader(to: number, options?: CallOptions): Promise<void>;
  /** The state as a stream that `quorate snapshot restore` reads. */
  snapshot(): AsyncIterable<Uint8Array>;
}
