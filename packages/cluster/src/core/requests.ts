/**
 * What can be asked of the core, and what it answers: etcd's v3 data model with this project's names. Keys and values are bytes;
 * revisions, lease ids and TTLs are safe integers. The same records serve the native client, the etcd gateway and the state machine.
 */

/** A key and its latest (or asked-for) version. In a delete event only `key` and `modRevision` carry meaning. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Puts since the key was created; 0 when deleted. */
  readonly version: number;
  /** The lease the key is attached to, or 0. */
  readonly lease: number;
}

export interface PutRequest {
  readonly kind: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** 0 for none: a put without a lease detaches the key from the one it had. */
  readonly lease?: number;
  readonly prevKv?: boolean;
  /** Keep the present value (then `value` must be empty and the key must exist). */
  readonly ignoreValue?: boolean;
  /** Keep the present lease (then `lease` must be 0 and the key must exist). */
  readonly ignoreLease?: boolean;
}
export interface PutResponse {
  readonly kind: 'put';
  readonly revision: number;
  readonly prevKv?: KeyValue | undefined;
}

export type SortOrder = 'none' | 'ascend' | 'descend';
export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';

export interface RangeRequest {
  readonly kind: 'range';
  readonly key: Uint8Array;
  /** Absent or empty: the one key. `[0]`: all keys from `key` on. Otherwise the first key not included. */
  readonly rangeEnd?: Uint8Array | undefined;
  /** 0 for no limit. */
  readonly limit?: number;
  /** 0 for the present; otherwise the state as of that revision. */
  readonly revision?: number;
  readonly sortOrder?: SortOrder;
  readonly sortTarget?: SortTarget;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}
export interface RangeResponse {
  readonly kind: 'range';
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  /** The limit cut the answer off. */
  readonly more: boolean;
  /** All keys in the range, before limit and filters. */
  readonly count: number;
}

export interface DeleteRangeRequest {
  readonly kind: 'delete-range';
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly prevKv?: boolean;
}
export interface DeleteRangeResponse {
  readonly kind: 'delete-range';
  readonly revision: number;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export type CompareResult = 'equal' | 'greater' | 'less' | 'not-equal';
export type Compare = {
  readonly key: Uint8Array;
  /** With it, the comparison must hold for every key in the range. */
  readonly rangeEnd?: Uint8Array | undefined;
  readonly result: CompareResult;
} & (
  | { readonly target: 'version' | 'create' | 'mod' | 'lease'; readonly operand: number }
  | { readonly target: 'value'; readonly operand: Uint8Array }
);

export type TxnOperation = PutRequest | RangeRequest | DeleteRangeRequest | TxnRequest;
export interface TxnRequest {
  readonly kind: 'txn';
  readonly compare: readonly Compare[];
  readonly success: readonly TxnOperation[];
  readonly failure: readonly TxnOperation[];
}
export type TxnOperationResponse = PutResponse | RangeResponse | DeleteRangeResponse | TxnResponse;
export interface TxnResponse {
  readonly kind: 'txn';
  readonly revision: number;
  readonly succeeded: boolean;
  readonly responses: readonly TxnOperationResponse[];
}

export interface CompactRequest {
  readonly kind: 'compact';
  readonly revision: number;
}
export interface CompactResponse {
  readonly kind: 'compact';
  readonly revision: number;
}

export interface LeaseGrantRequest {
  readonly kind: 'lease-grant';
  /** 0: the state machine picks one. */
  readonly id: number;
  readonly ttlSeconds: number;
}
export interface LeaseGrantResponse {
  readonly kind: 'lease-grant';
  readonly revision: number;
  readonly id: number;
  /** What was granted, which can be more than was asked for. */
  readonly ttlSeconds: number;
}
export interface LeaseRevokeRequest {
  readonly kind: 'lease-revoke';
  readonly id: number;
  /**
   * Set when a leader found the lease expired, to the term in which it did; 0 or absent when a client asks. The machine refuses it
   * with `leader-changed` unless the leases are still kept by the leader of that term: see `lease-epoch` in the codec.
   */
  readonly leaderTerm?: number;
}
export interface LeaseRevokeResponse {
  readonly kind: 'lease-revoke';
  readonly revision: number;
}

/** `corrupt` and `no-space`, as etcd has them. `memberId` is a `NodeId`. */
export interface AlarmRequest {
  readonly kind: 'alarm';
  readonly action: 'activate' | 'deactivate';
  readonly alarm: AlarmKind;
  readonly memberId: number;
}
export type AlarmKind = 'no-space' | 'corrupt';
export interface Alarm {
  readonly alarm: AlarmKind;
  readonly memberId: number;
}
export interface AlarmResponse {
  readonly kind: 'alarm';
  readonly revision: number;
  readonly alarms: readonly Alarm[];
}

/** Records what a member is called and where it listens; replicated, so that all members and clients can find each other. */
export interface MemberRecord {
  readonly id: number;
  readonly name: string;
  /** `host:port` of the native protocol. */
  readonly peerAddress: string;
  /** URLs of the etcd face, for etcd clients. */
  readonly clientUrls: readonly string[];
}
export interface MemberPutRequest {
  readonly kind: 'member-put';
  readonly member: MemberRecord;
}
export interface MemberRemoveRequest {
  readonly kind: 'member-remove';
  readonly id: number;
}
export interface MemberChangeResponse {
  readonly kind: 'member';
  readonly revision: number;
  readonly members: readonly MemberRecord[];
}

/** Everything that goes through the log. */
export type WriteRequest =
  | PutRequest
  | DeleteRangeRequest
  | TxnRequest
  | CompactRequest
  | LeaseGrantRequest
  | LeaseRevokeRequest
  | AlarmRequest
  | MemberPutRequest
  | MemberRemoveRequest;
export type WriteResponse =
  | PutResponse
  | DeleteRangeResponse
  | TxnResponse
  | CompactResponse
  | LeaseGrantResponse
  | LeaseRevokeResponse
  | AlarmResponse
  | MemberChangeResponse;

/** The answer type that belongs to a write. */
export interface WriteResponseOf {
  readonly put: PutResponse;
  readonly 'delete-range': DeleteRangeResponse;
  readonly txn: TxnResponse;
  readonly compact: CompactResponse;
  readonly 'lease-grant': LeaseGrantResponse;
  readonly 'lease-revoke': LeaseRevokeResponse;
  readonly alarm: AlarmResponse;
  readonly 'member-put': MemberChangeResponse;
  readonly 'member-remove': MemberChangeResponse;
}

export interface WatchRequest {
  readonly key: Uint8Array;
  readonly rangeEnd?: Uint8Array | undefined;
  /** 0 for "from now on": the revision after the current one. */
  readonly startRevision?: number;
  readonly prevKv?: boolean;
  readonly withoutPuts?: boolean;
  readonly withoutDeletes?: boolean;
}
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue | undefined;
}
/** What a watcher hears, in this order: `created` first, `canceled` last; all events of one revision come together. */
export type WatchMessage =
  | { readonly kind: 'created'; readonly revision: number }
  | { readonly kind: 'events'; readonly revision: number; readonly events: readonly WatchEvent[] }
  /** Everything up to and including `revision` has been delivered. */
  | { readonly kind: 'progress'; readonly revision: number }
  | {
      readonly kind: 'canceled';
      readonly revision: number;
      readonly reason: string;
      /** Set when the start (or the point where a slow watcher stood) has been compacted: the first revision still available. */
      readonly compactRevision: number | undefined;
    };
