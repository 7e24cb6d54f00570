import type { Core, MemberStatus } from '@quorate/cluster/core';
import { CoreError } from '@quorate/cluster/core';
import type { Method, UnaryMethod } from '../grpc/method.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import * as pb from '../messages/cluster.ts';
import { callOptions, type Headers } from './answers.ts';

/** etcd's Cluster service. A member's peer URL is its native address with `http://` in front. */
export function clusterService(core: Core, headers: Headers): [path: string, method: Method][] {
  // Like etcd, answers of this service carry no revision.
  const answer = (members: readonly MemberStatus[]): pb.MembersResponse => ({
    header: headers.at(0),
    members: members.map(toMember),
  });
  /** The members after a change that this one may not have heard of yet. */
  const answerWith = (changed: MemberStatus): pb.MembersResponse =>
    answer([...membersWithout(core, changed.id), changed].sort((a, b) => a.id - b.id));
  const add: UnaryMethod<pb.MemberAddRequest, pb.MemberAddResponse> = {
    kind: 'unary',
    request: pb.MemberAddRequest,
    response: pb.MemberAddResponse,
    async handle({ peerUrls, isLearner }, context) {
      const record = { name: '', peerAddress: peerAddressOf(peerUrls), clientUrls: [] };
      const member = await core.addMember(record, { ...callOptions(context), learner: isLearner });
      return { ...answerWith(member), member: toMember(member) };
    },
  };
  const remove: UnaryMethod<pb.MemberIdRequest, pb.MembersResponse> = {
    kind: 'unary',
    request: pb.MemberRemoveRequest,
    response: pb.MemberRemoveResponse,
    async handle({ id }, context) {
      await core.removeMember(memberOf(core, id).id, callOptions(context));
      return answer(membersWithout(core, id));
    },
  };
  const update: UnaryMethod<pb.MemberUpdateRequest, pb.MembersResponse> = {
    kind: 'unary',
    request: pb.MemberUpdateRequest,
    response: pb.MemberUpdateResponse,
    async handle({ id, peerUrls }, context) {
      const peerAddress = peerAddressOf(peerUrls);
      const { name, clientUrls, isLearner } = memberOf(core, id);
      await core.updateMember({ id, name, clientUrls, peerAddress }, callOptions(context));
      return answerWith({ id, name, clientUrls, peerAddress, isLearner });
    },
  };
  const list: UnaryMethod<pb.MemberListRequest, pb.MembersResponse> = {
    kind: 'unary',
    request: pb.MemberListRequest,
    response: pb.MemberListResponse,
    handle: async () => answer(core.members),
  };
  const promote: UnaryMethod<pb.MemberIdRequest, pb.MembersResponse> = {
    kind: 'unary',
    request: pb.MemberPromoteRequest,
    response: pb.MemberPromoteResponse,
    async handle({ id }, context) {
      const member = memberOf(core, id);
      await core.promoteMember(id, callOptions(context));
      return answerWith({ ...member, isLearner: false });
    },
  };
  return [
    ['/etcdserverpb.Cluster/MemberAdd', add],
    ['/etcdserverpb.Cluster/MemberRemove', remove],
    ['/etcdserverpb.Cluster/MemberUpdate', update],
    ['/etcdserverpb.Cluster/MemberList', list],
    ['/etcdserverpb.Cluster/MemberPromote', promote],
  ];
}

function toMember(member: MemberStatus): pb.Member {
  const { id, name, peerAddress, clientUrls, isLearner } = member;
  return { id, name, peerUrls: [`http://${peerAddress}`], clientUrls, isLearner };
}

function membersWithout(core: Core, id: number): MemberStatus[] {
  return core.members.filter((member) => member.id !== id);
}

function memberOf(core: Core, id: number): MemberStatus {
  const member = core.members.find((candidate) => candidate.id === id);
  if (member === undefined) throw new CoreError('member-not-found', `member ${id.toString(16)} is not in this cluster`);
  return member;
}

/** `http://host:port` → `host:port`. One address per member; no path. */
function peerAddressOf(urls: readonly string[]): string {
  const [text] = urls;
  if (urls.length === 1 && text !== undefined && URL.canParse(text)) {
    const url = new URL(text);
    const plain = url.pathname === '/' && url.search === '' && url.username === '';
    if ((url.protocol === 'http:' || url.protocol === 'https:') && plain && url.port !== '') return url.host;
  }
  throw new GrpcError(GrpcCode.invalidArgument, 'etcdserver: given member URLs are invalid');
}
