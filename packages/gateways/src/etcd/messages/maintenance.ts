/** `etcdserverpb` messages of the Maintenance service. */
import {
  bool,
  bytes,
  embedded,
  enumeration,
  int64,
  repeated,
  string,
  stringList,
  uint32,
  uint64,
} from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';
import { type HeaderOnly, ResponseHeader } from './kv.ts';

export type Empty = Record<never, never>;

export const AlarmAction = { get: 0, activate: 1, deactivate: 2 } as const;
const ALARM_TYPES: readonly string[] = ['NONE', 'NOSPACE', 'CORRUPT'];

export interface AlarmRequest {
  readonly action: number;
  readonly memberId: number;
  readonly alarm: number;
}
export const AlarmRequest: MessageType<AlarmRequest> = message('AlarmRequest', {
  action: enumeration(1, ['GET', 'ACTIVATE', 'DEACTIVATE']),
  memberId: uint64(2, 'memberID'),
  alarm: enumeration(3, ALARM_TYPES),
});

export interface AlarmMember {
  readonly memberId: number;
  readonly alarm: number;
}
export const AlarmMember: MessageType<AlarmMember> = message('AlarmMember', {
  memberId: uint64(1, 'memberID'),
  alarm: enumeration(2, ALARM_TYPES),
});

export interface AlarmResponse {
  readonly header: ResponseHeader | undefined;
  readonly alarms: readonly AlarmMember[];
}
export const AlarmResponse: MessageType<AlarmResponse> = message('AlarmResponse', {
  header: embedded(1, ResponseHeader),
  alarms: repeated(2, AlarmMember),
});

export const StatusRequest: MessageType<Empty> = message('StatusRequest', {});

export interface StatusResponse {
  readonly header: ResponseHeader | undefined;
  readonly version: string;
  readonly dbSize: number;
  readonly leader: number;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly dbSizeInUse: number;
  readonly isLearner: boolean;
}
export const StatusResponse: MessageType<StatusResponse> = message('StatusResponse', {
  header: embedded(1, ResponseHeader),
  version: string(2),
  dbSize: int64(3, 'dbSize'),
  leader: uint64(4),
  raftIndex: uint64(5, 'raftIndex'),
  raftTerm: uint64(6, 'raftTerm'),
  raftAppliedIndex: uint64(7, 'raftAppliedIndex'),
  errors: stringList(8),
  dbSizeInUse: int64(9, 'dbSizeInUse'),
  isLearner: bool(10, 'isLearner'),
});

export const DefragmentRequest: MessageType<Empty> = message('DefragmentRequest', {});
export const DefragmentResponse: MessageType<HeaderOnly> = message('DefragmentResponse', {
  header: embedded(1, ResponseHeader),
});

export const HashRequest: MessageType<Empty> = message('HashRequest', {});

export interface HashResponse {
  readonly header: ResponseHeader | undefined;
  readonly hash: number;
}
export const HashResponse: MessageType<HashResponse> = message('HashResponse', {
  header: embedded(1, ResponseHeader),
  hash: uint32(2),
});

export interface HashKvRequest {
  readonly revision: number;
}
export const HashKvRequest: MessageType<HashKvRequest> = message('HashKVRequest', { revision: int64(1) });

export interface HashKvResponse {
  readonly header: ResponseHeader | undefined;
  readonly hash: number;
  readonly compactRevision: number;
}
export const HashKvResponse: MessageType<HashKvResponse> = message('HashKVResponse', {
  header: embedded(1, ResponseHeader),
  hash: uint32(2),
  compactRevision: int64(3),
});

export const SnapshotRequest: MessageType<Empty> = message('SnapshotRequest', {});

export interface SnapshotResponse {
  readonly header: ResponseHeader | undefined;
  readonly remainingBytes: number;
  readonly blob: Uint8Array;
}
export const SnapshotResponse: MessageType<SnapshotResponse> = message('SnapshotResponse', {
  header: embedded(1, ResponseHeader),
  remainingBytes: uint64(2),
  blob: bytes(3),
});

export interface MoveLeaderRequest {
  readonly targetId: number;
}
export const MoveLeaderRequest: MessageType<MoveLeaderRequest> = message('MoveLeaderRequest', {
  targetId: uint64(1, 'targetID'),
});
export const MoveLeaderResponse: MessageType<HeaderOnly> = message('MoveLeaderResponse', {
  header: embedded(1, ResponseHeader),
});
