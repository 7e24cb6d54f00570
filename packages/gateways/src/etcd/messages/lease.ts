/** `etcdserverpb` messages of the Lease service. */
import { bool, bytesList, embedded, int64, repeated, string } from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';
import { type HeaderOnly, ResponseHeader } from './kv.ts';

export interface LeaseGrantRequest {
  readonly ttl: number;
  readonly id: number;
}
export const LeaseGrantRequest: MessageType<LeaseGrantRequest> = message('LeaseGrantRequest', {
  ttl: int64(1, 'TTL'),
  id: int64(2, 'ID'),
});

export interface LeaseGrantResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: number;
  readonly ttl: number;
  readonly error: string;
}
export const LeaseGrantResponse: MessageType<LeaseGrantResponse> = message('LeaseGrantResponse', {
  header: embedded(1, ResponseHeader),
  id: int64(2, 'ID'),
  ttl: int64(3, 'TTL'),
  error: string(4),
});

export interface LeaseId {
  readonly id: number;
}
export const LeaseRevokeRequest: MessageType<LeaseId> = message('LeaseRevokeRequest', { id: int64(1, 'ID') });
export const LeaseRevokeResponse: MessageType<HeaderOnly> = message('LeaseRevokeResponse', {
  header: embedded(1, ResponseHeader),
});

export const LeaseKeepAliveRequest: MessageType<LeaseId> = message('LeaseKeepAliveRequest', { id: int64(1, 'ID') });

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: number;
  readonly ttl: number;
}
export const LeaseKeepAliveResponse: MessageType<LeaseKeepAliveResponse> = message('LeaseKeepAliveResponse', {
  header: embedded(1, ResponseHeader),
  id: int64(2, 'ID'),
  ttl: int64(3, 'TTL'),
});

export interface LeaseTimeToLiveRequest {
  readonly id: number;
  readonly keys: boolean;
}
export const LeaseTimeToLiveRequest: MessageType<LeaseTimeToLiveRequest> = message('LeaseTimeToLiveRequest', {
  id: int64(1, 'ID'),
  keys: bool(2),
});

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader | undefined;
  readonly id: number;
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly Uint8Array[];
}
export const LeaseTimeToLiveResponse: MessageType<LeaseTimeToLiveResponse> = message('LeaseTimeToLiveResponse', {
  header: embedded(1, ResponseHeader),
  id: int64(2, 'ID'),
  ttl: int64(3, 'TTL'),
  grantedTtl: int64(4, 'grantedTTL'),
  keys: bytesList(5),
});

export type LeaseLeasesRequest = Record<never, never>;
export const LeaseLeasesRequest: MessageType<LeaseLeasesRequest> = message('LeaseLeasesRequest', {});

export const LeaseStatus: MessageType<LeaseId> = message('LeaseStatus', { id: int64(1, 'ID') });

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader | undefined;
  readonly leases: readonly LeaseId[];
}
export const LeaseLeasesResponse: MessageType<LeaseLeasesResponse> = message('LeaseLeasesResponse', {
  header: embedded(1, ResponseHeader),
  leases: repeated(2, LeaseStatus),
});
