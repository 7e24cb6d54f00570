/** Commands about leases, members, alarms and compaction. */
import type { LeaseEpochCommand, LeaseEpochResponse } from '../codec/index.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type {
  AlarmRequest,
  AlarmResponse,
  CompactRequest,
  CompactResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  MemberChangeResponse,
  MemberPutRequest,
  MemberRemoveRequest,
} from '../requests.ts';
import { checkWrite } from '../validation.ts';
import { ALARMS_MAX, type CoreState, LEASES_MAX, MEMBERS_MAX } from './state.ts';

/** What is granted at least: etcd's minimum with its default election timeout. */
export const LEASE_TTL_SECONDS_MIN: number = 2;
/** Ids that the machine picks lie above those that people are likely to. */
const LEASE_ID_ORIGIN = 2 ** 52;

export function applyCompact(state: CoreState, request: CompactRequest): CompactResponse | CoreError {
  const verdict = state.space.compact(request.revision);
  if (verdict === 'done') return { kind: 'compact', revision: state.space.revision };
  return coreError(verdict === 'future' ? 'future-revision' : 'compacted');
}

export function applyLeaseGrant(state: CoreState, request: LeaseGrantRequest): LeaseGrantResponse | CoreError {
  const objection = checkWrite(request);
  if (objection !== undefined) return objection;
  if (state.hasAlarm('no-space')) return coreError('no-space');
  if (state.leases.has(request.id)) return coreError('lease-exists');
  if (state.leases.size >= LEASES_MAX)
    return coreError('too-many-requests', { detail: `there are ${LEASES_MAX} leases` });
  let { id } = request;
  if (id === 0) {
    id = LEASE_ID_ORIGIN + state.ordinal;
    while (state.leases.has(id)) id += 1;
  }
  const ttlSeconds = Math.max(request.ttlSeconds, LEASE_TTL_SECONDS_MIN);
  state.leases.add(id, ttlSeconds);
  return { kind: 'lease-grant', revision: state.space.revision, id, ttlSeconds };
}

/**
 * Deletes the lease's keys, in order, as one revision. A revocation because of expiry says in which term its leader found it
 * expired, and is void when the leases have since passed to the leader of another term, who may have answered a keep-alive.
 */
export function applyLeaseRevoke(state: CoreState, request: LeaseRevokeRequest): LeaseRevokeResponse | CoreError {
  const { leases, space } = state;
  const term = request.leaderTerm ?? 0;
  if (term !== 0 && term !== leases.epoch) {
    return coreError('leader-changed', { detail: `expired in term ${term}, leases are kept by term ${leases.epoch}` });
  }
  const lease = leases.get(request.id);
  if (lease === undefined) return coreError('lease-not-found');
  const keys = [...lease.keys].map((cell) => cell.key).sort(byBytes);
  for (const key of keys) {
    const version = space.at(key);
    if (version !== undefined) space.delete(version);
  }
  space.commit();
  leases.remove(request.id);
  return { kind: 'lease-revoke', revision: space.revision };
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Terms only rise. */
export function applyLeaseEpoch(state: CoreState, command: LeaseEpochCommand): LeaseEpochResponse {
  state.leases.epoch = Math.max(state.leases.epoch, command.term);
  return { kind: 'lease-epoch', revision: state.space.revision, term: state.leases.epoch };
}

export function applyAlarm(state: CoreState, request: AlarmRequest): AlarmResponse | CoreError {
  const { alarm, memberId } = request;
  const { alarms } = state;
  const at = alarms.findIndex((a) => a.alarm === alarm && a.memberId === memberId);
  const answer: AlarmResponse = { kind: 'alarm', revision: state.space.revision, alarms: [{ alarm, memberId }] };
  if (request.action === 'activate') {
    if (at < 0 && alarms.length >= ALARMS_MAX) {
      return coreError('invalid-request', { detail: `there are ${ALARMS_MAX} alarms already` });
    }
    if (at < 0) alarms.push({ alarm, memberId });
    return answer;
  }
  if (at < 0) return { ...answer, alarms: [] };
  alarms.splice(at, 1);
  return answer;
}

export function applyMemberPut(state: CoreState, request: MemberPutRequest): MemberChangeResponse | CoreError {
  const { members } = state;
  const { member } = request;
  if (!members.has(member.id) && members.size >= MEMBERS_MAX) {
    return coreError('invalid-request', { detail: `there are ${MEMBERS_MAX} members already` });
  }
  members.set(member.id, member);
  return memberList(state);
}

export function applyMemberRemove(state: CoreState, request: MemberRemoveRequest): MemberChangeResponse | CoreError {
  if (!state.members.delete(request.id)) return coreError('member-not-found');
  return memberList(state);
}

function memberList(state: CoreState): MemberChangeResponse {
  return { kind: 'member', revision: state.space.revision, members: [...state.members.values()] };
}
