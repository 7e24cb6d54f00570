/** `etcdserverpb` messages of the Watch service. */
import {
  bool,
  bytes,
  embedded,
  enumeration,
  enumerationList,
  int64,
  oneof,
  repeated,
  string,
} from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';
import { KeyValue, ResponseHeader } from './kv.ts';

export const EventType = { put: 0, delete: 1 } as const;

export interface Event {
  readonly type: number;
  readonly kv: KeyValue | undefined;
  readonly prevKv: KeyValue | undefined;
}
export const Event: MessageType<Event> = message('Event', {
  type: enumeration(1, ['PUT', 'DELETE']),
  kv: embedded(2, KeyValue),
  prevKv: embedded(3, KeyValue),
});

export const FilterType = { noPut: 0, noDelete: 1 } as const;

export interface WatchCreateRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly startRevision: number;
  readonly progressNotify: boolean;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  readonly watchId: number;
  readonly fragment: boolean;
}
export const WatchCreateRequest: MessageType<WatchCreateRequest> = message('WatchCreateRequest', {
  key: bytes(1),
  rangeEnd: bytes(2),
  startRevision: int64(3),
  progressNotify: bool(4),
  filters: enumerationList(5, ['NOPUT', 'NODELETE']),
  prevKv: bool(6),
  watchId: int64(7),
  fragment: bool(8),
});

export interface WatchCancelRequest {
  readonly watchId: number;
}
export const WatchCancelRequest: MessageType<WatchCancelRequest> = message('WatchCancelRequest', {
  watchId: int64(1),
});

export type WatchProgressRequest = Record<never, never>;
export const WatchProgressRequest: MessageType<WatchProgressRequest> = message('WatchProgressRequest', {});

export interface WatchRequest {
  readonly createRequest: WatchCreateRequest | undefined;
  readonly cancelRequest: WatchCancelRequest | undefined;
  readonly progressRequest: WatchProgressRequest | undefined;
}
export const WatchRequest: MessageType<WatchRequest> = message('WatchRequest', {
  createRequest: oneof(1, 'request_union', WatchCreateRequest),
  cancelRequest: oneof(2, 'request_union', WatchCancelRequest),
  progressRequest: oneof(3, 'request_union', WatchProgressRequest),
});

export interface WatchResponse {
  readonly header: ResponseHeader | undefined;
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly Event[];
}
export const WatchResponse: MessageType<WatchResponse> = message('WatchResponse', {
  header: embedded(1, ResponseHeader),
  watchId: int64(2),
  created: bool(3),
  canceled: bool(4),
  compactRevision: int64(5),
  cancelReason: string(6),
  fragment: bool(7),
  events: repeated(11, Event),
});
