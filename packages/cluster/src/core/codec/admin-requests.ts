/** Requests about members and alarms. */
import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import type { Alarm, AlarmRequest, MemberRecord } from '../requests.ts';
import { alarmActions, alarmKinds } from './kinds.ts';
import { readName, writeName } from './named.ts';

/** Longest name, address or URL of a member, in bytes of UTF-8. */
export const MEMBER_TEXT_BYTES_MAX: number = 1024;

export function writeAlarmRequest(writer: ByteWriter, request: AlarmRequest): void {
  writeName(writer, alarmActions, request.action);
  writeAlarm(writer, request);
}

export function readAlarmRequest(reader: ByteReader): AlarmRequest {
  return { kind: 'alarm', action: readName(reader, alarmActions), ...readAlarm(reader) };
}

export function writeAlarm(writer: ByteWriter, alarm: Alarm): void {
  writeName(writer, alarmKinds, alarm.alarm);
  writer.uint(alarm.memberId);
}

export function readAlarm(reader: ByteReader): Alarm {
  return { alarm: readName(reader, alarmKinds), memberId: reader.uint() };
}

export function writeMember(writer: ByteWriter, member: MemberRecord): void {
  writer.uint(member.id);
  writer.text(member.name);
  writer.text(member.peerAddress);
  writer.uint(member.clientUrls.length);
  for (const url of member.clientUrls) writer.text(url);
}

export function readMember(reader: ByteReader): MemberRecord {
  const id = reader.uint();
  const name = reader.text(MEMBER_TEXT_BYTES_MAX);
  const peerAddress = reader.text(MEMBER_TEXT_BYTES_MAX);
  const clientUrls: string[] = [];
  for (let left = reader.count(); left > 0; left--) clientUrls.push(reader.text(MEMBER_TEXT_BYTES_MAX));
  return { id, name, peerAddress, clientUrls };
}
