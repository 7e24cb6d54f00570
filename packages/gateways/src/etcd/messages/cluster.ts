/** `etcdserverpb` messages of the Cluster service. */
import { bool, embedded, repeated, string, stringList, uint64 } from '../protobuf/fields.ts';
import { type MessageType, message } from '../protobuf/message.ts';
import { ResponseHeader } from './kv.ts';

export interface Member {
  readonly id: number;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}
export const Member: MessageType<Member> = message('Member', {
  id: uint64(1, 'ID'),
  name: string(2),
  peerUrls: stringList(3, 'peerURLs'),
  clientUrls: stringList(4, 'clientURLs'),
  isLearner: bool(5, 'isLearner'),
});

export interface MemberAddRequest {
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}
export const MemberAddRequest: MessageType<MemberAddRequest> = message('MemberAddRequest', {
  peerUrls: stringList(1, 'peerURLs'),
  isLearner: bool(2, 'isLearner'),
});

export interface MemberAddResponse {
  readonly header: ResponseHeader | undefined;
  readonly member: Member | undefined;
  readonly members: readonly Member[];
}
export const MemberAddResponse: MessageType<MemberAddResponse> = message('MemberAddResponse', {
  header: embedded(1, ResponseHeader),
  member: embedded(2, Member),
  members: repeated(3, Member),
});

export interface MemberIdRequest {
  readonly id: number;
}
export const MemberRemoveRequest: MessageType<MemberIdRequest> = message('MemberRemoveRequest', {
  id: uint64(1, 'ID'),
});
export const MemberPromoteRequest: MessageType<MemberIdRequest> = message('MemberPromoteRequest', {
  id: uint64(1, 'ID'),
});

export interface MemberUpdateRequest {
  readonly id: number;
  readonly peerUrls: readonly string[];
}
export const MemberUpdateRequest: MessageType<MemberUpdateRequest> = message('MemberUpdateRequest', {
  id: uint64(1, 'ID'),
  peerUrls: stringList(2, 'peerURLs'),
});

export interface MemberListRequest {
  readonly linearizable: boolean;
}
export const MemberListRequest: MessageType<MemberListRequest> = message('MemberListRequest', {
  linearizable: bool(1),
});

export interface MembersResponse {
  readonly header: ResponseHeader | undefined;
  readonly members: readonly Member[];
}
const members = (name: string): MessageType<MembersResponse> =>
  message(name, { header: embedded(1, ResponseHeader), members: repeated(2, Member) });
export const MemberRemoveResponse: MessageType<MembersResponse> = members('MemberRemoveResponse');
export const MemberUpdateResponse: MessageType<MembersResponse> = members('MemberUpdateResponse');
export const MemberListResponse: MessageType<MembersResponse> = members('MemberListResponse');
export const MemberPromoteResponse: MessageType<MembersResponse> = members('MemberPromoteResponse');
