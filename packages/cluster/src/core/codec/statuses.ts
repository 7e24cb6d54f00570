/** What a server reports: leases and members. Each reader throws `BytesError` on malformed bytes; wrap it in `decoding`. */
import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import type { LeaseStatus, MemberStatus } from '../core.ts';
import { readMember, writeMember } from './admin-requests.ts';

export function writeLeaseStatus(writer: ByteWriter, status: LeaseStatus): void {
  writer.uint(status.id);
  writer.int(status.grantedSeconds);
  writer.int(status.remainingSeconds);
  writer.uint(status.keys.length);
  for (const key of status.keys) writer.bytes(key);
}

export function readLeaseStatus(reader: ByteReader): LeaseStatus {
  const id = reader.uint();
  const grantedSeconds = reader.int();
  const remainingSeconds = reader.int();
  const keys: Uint8Array[] = [];
  for (let left = reader.count(); left > 0; left--) keys.push(reader.bytes());
  return { id, grantedSeconds, remainingSeconds, keys };
}

export function writeMemberStatus(writer: ByteWriter, status: MemberStatus): void {
  writeMember(writer, status);
  writer.boolean(status.isLearner);
}

export function readMemberStatus(reader: ByteReader): MemberStatus {
  return { ...readMember(reader), isLearner: reader.boolean() };
}
