import type { Alarm, AlarmKind, CallOptions, Core } from '@quorate/cluster/core';
import { CoreError } from '@quorate/cluster/core';
import type { Method, StreamMethod, UnaryMethod } from '../grpc/method.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import type { HeaderOnly } from '../messages/kv.ts';
import * as pb from '../messages/maintenance.ts';
import { toCoreRevision } from '../translate/requests.ts';
import { etcdVersion } from '../version.ts';
import { callOptions, type Headers } from './answers.ts';

const ALARM_ACTIONS: readonly ('activate' | 'deactivate' | undefined)[] = [undefined, 'activate', 'deactivate'];
const ALARM_KINDS: readonly (AlarmKind | undefined)[] = [undefined, 'no-space', 'corrupt'];

/** etcd's Maintenance service. Like etcd's, some of its answers have no header. */
export function maintenanceService(core: Core, headers: Headers): [path: string, method: Method][] {
  const status: UnaryMethod<pb.Empty, pb.StatusResponse> = {
    kind: 'unary',
    request: pb.StatusRequest,
    response: pb.StatusResponse,
    handle: async () => statusOf(core, headers),
  };
  const alarm: UnaryMethod<pb.AlarmRequest, pb.AlarmResponse> = {
    kind: 'unary',
    request: pb.AlarmRequest,
    response: pb.AlarmResponse,
    async handle(request, context) {
      const alarms = await changeAlarms(core, request, callOptions(context));
      return { header: undefined, alarms: alarms.map(toAlarmMember) };
    },
  };
  // Nothing to do: space is given back as it becomes free.
  const defragment: UnaryMethod<pb.Empty, HeaderOnly> = {
    kind: 'unary',
    request: pb.DefragmentRequest,
    response: pb.DefragmentResponse,
    handle: async () => ({ header: undefined }),
  };
  const hash: UnaryMethod<pb.Empty, pb.HashResponse> = {
    kind: 'unary',
    request: pb.HashRequest,
    response: pb.HashResponse,
    async handle() {
      const result = await core.hash(0);
      return { header: headers.at(result.revision), hash: result.hash };
    },
  };
  const hashKv: UnaryMethod<pb.HashKvRequest, pb.HashKvResponse> = {
    kind: 'unary',
    request: pb.HashKvRequest,
    response: pb.HashKvResponse,
    async handle({ revision }) {
      const result = await core.hash(toCoreRevision(revision));
      return { header: headers.at(result.revision), hash: result.hash, compactRevision: result.compactRevision };
    },
  };
  const moveLeader: UnaryMethod<pb.MoveLeaderRequest, HeaderOnly> = {
    kind: 'unary',
    request: pb.MoveLeaderRequest,
    response: pb.MoveLeaderResponse,
    async handle({ targetId }, context) {
      const { raft, memberId } = core.status;
      if (raft.leader !== memberId) throw new CoreError('not-leader', `member ${memberId} does not lead`);
      await core.moveLeader(targetId, callOptions(context));
      return { header: undefined };
    },
  };
  return [
    ['/etcdserverpb.Maintenance/Status', status],
    ['/etcdserverpb.Maintenance/Alarm', alarm],
    ['/etcdserverpb.Maintenance/Defragment', defragment],
    ['/etcdserverpb.Maintenance/Hash', hash],
    ['/etcdserverpb.Maintenance/HashKV', hashKv],
    ['/etcdserverpb.Maintenance/Snapshot', snapshot],
    ['/etcdserverpb.Maintenance/MoveLeader', moveLeader],
  ];
}

/** etcd's snapshot is its database file, which other tools open; ours is another format, so none is better than a wrong one. */
const snapshot: StreamMethod<pb.Empty, pb.SnapshotResponse> = {
  kind: 'stream',
  request: pb.SnapshotRequest,
  response: pb.SnapshotResponse,
  open() {
    throw new GrpcError(
      GrpcCode.unimplemented,
      'etcdserver: this server has no etcd database file to send: use "quorate snapshot save" instead',
    );
  },
};

function statusOf(core: Core, headers: Headers): pb.StatusResponse {
  const { status } = core;
  const { raft, memberId } = status;
  const errors = status.alarms.map((alarm) => `memberID:${alarm.memberId} alarm:${ALARM_NAMES[alarm.alarm]} `);
  if (raft.leader === undefined) errors.unshift('etcdserver: no leader');
  return {
    header: headers.at(status.revision),
    version: etcdVersion(status.version),
    dbSize: status.sizeBytes,
    leader: raft.leader ?? 0,
    raftIndex: raft.commitIndex,
    raftTerm: raft.term,
    raftAppliedIndex: raft.appliedIndex,
    errors,
    dbSizeInUse: status.sizeBytes,
    isLearner: raft.configuration.learners.some((id) => id === memberId),
  };
}

const ALARM_NAMES: Readonly<Record<AlarmKind, string>> = { 'no-space': 'NOSPACE', corrupt: 'CORRUPT' };

function toAlarmMember({ alarm, memberId }: Alarm): pb.AlarmMember {
  return { memberId, alarm: ALARM_KINDS.indexOf(alarm) };
}

/** The alarms that `request` asks about, raises or ends. */
async function changeAlarms(core: Core, request: pb.AlarmRequest, options: CallOptions): Promise<readonly Alarm[]> {
  const alarm = ALARM_KINDS[request.alarm];
  if (request.action === pb.AlarmAction.get) {
    return core.status.alarms.filter((one) => alarm === undefined || one.alarm === alarm);
  }
  const action = ALARM_ACTIONS[request.action];
  if (action === undefined) throw new CoreError('invalid-request', `alarm action ${request.action} is not known`);
  if (alarm === undefined) return [];
  const response = await core.write({ kind: 'alarm', action, alarm, memberId: request.memberId }, options);
  return response.alarms;
}
