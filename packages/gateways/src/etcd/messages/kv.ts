/** `etcdserverpb` messages of the KV service, and `mvccpb`. See `proto/etcdserverpb.proto`. */
import {
  bool,
  bytes,
  embedded,
  enumeration,
  int64,
  oneof,
  oneofBytes,
  oneofInt64,
  repeated,
  uint64,
} from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';

export interface ResponseHeader {
  readonly clusterId: number;
  readonly memberId: number;
  readonly revision: number;
  readonly raftTerm: number;
}
export const ResponseHeader: MessageType<ResponseHeader> = message('ResponseHeader', {
  clusterId: uint64(1),
  memberId: uint64(2),
  revision: int64(3),
  raftTerm: uint64(4),
});

export interface KeyValue {
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: number;
}
export const KeyValue: MessageType<KeyValue> = message('KeyValue', {
  key: bytes(1),
  createRevision: int64(2),
  modRevision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64(6),
});

export const SORT_ORDERS: readonly string[] = ['NONE', 'ASCEND', 'DESCEND'];
export const SORT_TARGETS: readonly string[] = ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'];

export interface RangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly limit: number;
  readonly revision: number;
  readonly sortOrder: number;
  readonly sortTarget: number;
  readonly serializable: boolean;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minModRevision: number;
  readonly maxModRevision: number;
  readonly minCreateRevision: number;
  readonly maxCreateRevision: number;
}
export const RangeRequest: MessageType<RangeRequest> = message('RangeRequest', {
  key: bytes(1),
  rangeEnd: bytes(2),
  limit: int64(3),
  revision: int64(4),
  sortOrder: enumeration(5, SORT_ORDERS),
  sortTarget: enumeration(6, SORT_TARGETS),
  serializable: bool(7),
  keysOnly: bool(8),
  countOnly: bool(9),
  minModRevision: int64(10),
  maxModRevision: int64(11),
  minCreateRevision: int64(12),
  maxCreateRevision: int64(13),
});

export interface RangeResponse {
  readonly header: ResponseHeader | undefined;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}
export const RangeResponse: MessageType<RangeResponse> = message('RangeResponse', {
  header: embedded(1, ResponseHeader),
  kvs: repeated(2, KeyValue),
  more: bool(3),
  count: int64(4),
});

export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: number;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}
export const PutRequest: MessageType<PutRequest> = message('PutRequest', {
  key: bytes(1),
  value: bytes(2),
  lease: int64(3),
  prevKv: bool(4),
  ignoreValue: bool(5),
  ignoreLease: bool(6),
});

export interface PutResponse {
  readonly header: ResponseHeader | undefined;
  readonly prevKv: KeyValue | undefined;
}
export const PutResponse: MessageType<PutResponse> = message('PutResponse', {
  header: embedded(1, ResponseHeader),
  prevKv: embedded(2, KeyValue),
});

export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly prevKv: boolean;
}
export const DeleteRangeRequest: MessageType<DeleteRangeRequest> = message('DeleteRangeRequest', {
  key: bytes(1),
  rangeEnd: bytes(2),
  prevKv: bool(3),
});

export interface DeleteRangeResponse {
  readonly header: ResponseHeader | undefined;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}
export const DeleteRangeResponse: MessageType<DeleteRangeResponse> = message('DeleteRangeResponse', {
  header: embedded(1, ResponseHeader),
  deleted: int64(2),
  prevKvs: repeated(3, KeyValue),
});

export const COMPARE_RESULTS: readonly string[] = ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'];
export const COMPARE_TARGETS: readonly string[] = ['VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE'];

/** At most one of `version` … `lease` is set: the operand. None set means zero. */
export interface Compare {
  readonly result: number;
  readonly target: number;
  readonly key: Uint8Array;
  readonly version: number | undefined;
  readonly createRevision: number | undefined;
  readonly modRevision: number | undefined;
  readonly value: Uint8Array | undefined;
  readonly lease: number | undefined;
  readonly rangeEnd: Uint8Array;
}
export const Compare: MessageType<Compare> = message('Compare', {
  result: enumeration(1, COMPARE_RESULTS),
  target: enumeration(2, COMPARE_TARGETS),
  key: bytes(3),
  version: oneofInt64(4, 'target_union'),
  createRevision: oneofInt64(5, 'target_union'),
  modRevision: oneofInt64(6, 'target_union'),
  value: oneofBytes(7, 'target_union'),
  lease: oneofInt64(8, 'target_union'),
  rangeEnd: bytes(64),
});

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}
export const TxnRequest: MessageType<TxnRequest> = message('TxnRequest', {
  compare: repeated(1, Compare),
  success: repeated(2, () => RequestOp),
  failure: repeated(3, () => RequestOp),
});

export interface TxnResponse {
  readonly header: ResponseHeader | undefined;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}
export const TxnResponse: MessageType<TxnResponse> = message('TxnResponse', {
  header: embedded(1, ResponseHeader),
  succeeded: bool(2),
  responses: repeated(3, () => ResponseOp),
});

export interface RequestOp {
  readonly requestRange: RangeRequest | undefined;
  readonly requestPut: PutRequest | undefined;
  readonly requestDeleteRange: DeleteRangeRequest | undefined;
  readonly requestTxn: TxnRequest | undefined;
}
export const RequestOp: MessageType<RequestOp> = message('RequestOp', {
  requestRange: oneof(1, 'request', RangeRequest),
  requestPut: oneof(2, 'request', PutRequest),
  requestDeleteRange: oneof(3, 'request', DeleteRangeRequest),
  requestTxn: oneof(4, 'request', TxnRequest),
});

export interface ResponseOp {
  readonly responseRange: RangeResponse | undefined;
  readonly responsePut: PutResponse | undefined;
  readonly responseDeleteRange: DeleteRangeResponse | undefined;
  readonly responseTxn: TxnResponse | undefined;
}
export const ResponseOp: MessageType<ResponseOp> = message('ResponseOp', {
  responseRange: oneof(1, 'response', RangeResponse),
  responsePut: oneof(2, 'response', PutResponse),
  responseDeleteRange: oneof(3, 'response', DeleteRangeResponse),
  responseTxn: oneof(4, 'response', TxnResponse),
});

export interface CompactionRequest {
  readonly revision: number;
  readonly physical: boolean;
}
export const CompactionRequest: MessageType<CompactionRequest> = message('CompactionRequest', {
  revision: int64(1),
  physical: bool(2),
});

/** Also the answer of every method that has nothing else to say. */
export interface HeaderOnly {
  readonly header: ResponseHeader | undefined;
}
export const CompactionResponse: MessageType<HeaderOnly> = message('CompactionResponse', {
  header: embedded(1, ResponseHeader),
});
