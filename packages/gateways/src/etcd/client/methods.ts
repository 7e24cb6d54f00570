/** etcd's methods, for `GrpcClient`. A request is `{ ...METHOD.request.create(), … }`: all fields must be there. */
import * as cluster from '../messages/cluster.ts';
import * as health from '../messages/health.ts';
import * as kv from '../messages/kv.ts';
import * as lease from '../messages/lease.ts';
import * as maintenance from '../messages/maintenance.ts';
import * as watch from '../messages/watch.ts';
import type { MessageType } from '../protobuf/message.ts';
import type { MethodRef } from './grpc-client.ts';

function method<Q, A>(path: string, request: MessageType<Q>, response: MessageType<A>): MethodRef<Q, A> {
  return { path: path.startsWith('/') ? path : `/etcdserverpb.${path}`, request, response };
}

export const PUT: MethodRef<kv.PutRequest, kv.PutResponse> = method('KV/Put', kv.PutRequest, kv.PutResponse);
export const RANGE: MethodRef<kv.RangeRequest, kv.RangeResponse> = method(
  'KV/Range',
  kv.RangeRequest,
  kv.RangeResponse,
);
export const DELETE_RANGE: MethodRef<kv.DeleteRangeRequest, kv.DeleteRangeResponse> = method(
  'KV/DeleteRange',
  kv.DeleteRangeRequest,
  kv.DeleteRangeResponse,
);
export const TXN: MethodRef<kv.TxnRequest, kv.TxnResponse> = method('KV/Txn', kv.TxnRequest, kv.TxnResponse);
export const COMPACT: MethodRef<kv.CompactionRequest, kv.HeaderOnly> = method(
  'KV/Compact',
  kv.CompactionRequest,
  kv.CompactionResponse,
);
export const WATCH: MethodRef<watch.WatchRequest, watch.WatchResponse> = method(
  'Watch/Watch',
  watch.WatchRequest,
  watch.WatchResponse,
);
export const LEASE_GRANT: MethodRef<lease.LeaseGrantRequest, lease.LeaseGrantResponse> = method(
  'Lease/LeaseGrant',
  lease.LeaseGrantRequest,
  lease.LeaseGrantResponse,
);
export const LEASE_REVOKE: MethodRef<lease.LeaseId, kv.HeaderOnly> = method(
  'Lease/LeaseRevoke',
  lease.LeaseRevokeRequest,
  lease.LeaseRevokeResponse,
);
export const LEASE_KEEP_ALIVE: MethodRef<lease.LeaseId, lease.LeaseKeepAliveResponse> = method(
  'Lease/LeaseKeepAlive',
  lease.LeaseKeepAliveRequest,
  lease.LeaseKeepAliveResponse,
);
export const LEASE_TIME_TO_LIVE: MethodRef<lease.LeaseTimeToLiveRequest, lease.LeaseTimeToLiveResponse> = method(
  'Lease/LeaseTimeToLive',
  lease.LeaseTimeToLiveRequest,
  lease.LeaseTimeToLiveResponse,
);
export const LEASE_LEASES: MethodRef<lease.LeaseLeasesRequest, lease.LeaseLeasesResponse> = method(
  'Lease/LeaseLeases',
  lease.LeaseLeasesRequest,
  lease.LeaseLeasesResponse,
);
export const MEMBER_LIST: MethodRef<cluster.MemberListRequest, cluster.MembersResponse> = method(
  'Cluster/MemberList',
  cluster.MemberListRequest,
  cluster.MemberListResponse,
);
export const MEMBER_ADD: MethodRef<cluster.MemberAddRequest, cluster.MemberAddResponse> = method(
  'Cluster/MemberAdd',
  cluster.MemberAddRequest,
  cluster.MemberAddResponse,
);
export const MEMBER_UPDATE: MethodRef<cluster.MemberUpdateRequest, cluster.MembersResponse> = method(
  'Cluster/MemberUpdate',
  cluster.MemberUpdateRequest,
  cluster.MemberUpdateResponse,
);
export const MEMBER_REMOVE: MethodRef<cluster.MemberIdRequest, cluster.MembersResponse> = method(
  'Cluster/MemberRemove',
  cluster.MemberRemoveRequest,
  cluster.MemberRemoveResponse,
);
export const MEMBER_PROMOTE: MethodRef<cluster.MemberIdRequest, cluster.MembersResponse> = method(
  'Cluster/MemberPromote',
  cluster.MemberPromoteRequest,
  cluster.MemberPromoteResponse,
);
export const STATUS: MethodRef<maintenance.Empty, maintenance.StatusResponse> = method(
  'Maintenance/Status',
  maintenance.StatusRequest,
  maintenance.StatusResponse,
);
export const ALARM: MethodRef<maintenance.AlarmRequest, maintenance.AlarmResponse> = method(
  'Maintenance/Alarm',
  maintenance.AlarmRequest,
  maintenance.AlarmResponse,
);
export const DEFRAGMENT: MethodRef<maintenance.Empty, kv.HeaderOnly> = method(
  'Maintenance/Defragment',
  maintenance.DefragmentRequest,
  maintenance.DefragmentResponse,
);
export const HASH_KV: MethodRef<maintenance.HashKvRequest, maintenance.HashKvResponse> = method(
  'Maintenance/HashKV',
  maintenance.HashKvRequest,
  maintenance.HashKvResponse,
);
export const SNAPSHOT: MethodRef<maintenance.Empty, maintenance.SnapshotResponse> = method(
  'Maintenance/Snapshot',
  maintenance.SnapshotRequest,
  maintenance.SnapshotResponse,
);
export const MOVE_LEADER: MethodRef<maintenance.MoveLeaderRequest, kv.HeaderOnly> = method(
  'Maintenance/MoveLeader',
  maintenance.MoveLeaderRequest,
  maintenance.MoveLeaderResponse,
);
export const HEALTH_CHECK: MethodRef<health.HealthCheckRequest, health.HealthCheckResponse> = method(
  '/grpc.health.v1.Health/Check',
  health.HealthCheckRequest,
  health.HealthCheckResponse,
);
export const HEALTH_WATCH: MethodRef<health.HealthCheckRequest, health.HealthCheckResponse> = method(
  '/grpc.health.v1.Health/Watch',
  health.HealthCheckRequest,
  health.HealthCheckResponse,
);
