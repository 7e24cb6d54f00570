/**
 * What goes into a log entry: a batch, which is commands one after the other, each behind its length. A command is
 *
 *     kind (1 byte, 0x80 set when a session header follows) · [session · sequence · acknowledgedBelow] · body
 *
 * and is written once, by the client: a server moves the bytes from the socket into an entry as they are.
 */
import { ByteReader, ByteWriter, uintSize, unreachable } from '@quorate/patterns/base';
import type { WriteRequest } from '../requests.ts';
import { readAlarmRequest, readMember, writeAlarmRequest, writeMember } from './admin-requests.ts';
import { readDeleteRange, readPut, writeDeleteRange, writePut } from './key-requests.ts';
import { Kind, SESSION_FLAG } from './kinds.ts';
import { decoding, unknownKind } from './malformed.ts';
import { readTxn, writeTxn } from './txn-requests.ts';

/** Opens a session, for retries that are applied once. The answer carries its id. */
export interface SessionOpenCommand {
  readonly kind: 'session-open';
}
export interface SessionCloseCommand {
  readonly kind: 'session-close';
  readonly session: number;
}
/** From here on, leases are kept by the leader of `term`: what leaders of earlier terms thought of expiry is void. */
export interface LeaseEpochCommand {
  readonly kind: 'lease-epoch';
  readonly term: number;
}
export type Command = WriteRequest | SessionOpenCommand | SessionCloseCommand | LeaseEpochCommand;

/** Makes a command's retries one: the idempotent receiver's key. */
export interface SessionHeader {
  readonly session: number;
  /** Counts up from 1 within the session; a retry repeats it. */
  readonly sequence: number;
  /** The answers to all sequences below have arrived and need not be kept. */
  readonly acknowledgedBelow: number;
}

export interface DecodedCommand {
  readonly header: SessionHeader | undefined;
  readonly command: Command;
}

const kinds: Readonly<Record<Command['kind'], number>> = {
  put: Kind.put,
  'delete-range': Kind.deleteRange,
  txn: Kind.txn,
  compact: Kind.compact,
  'lease-grant': Kind.leaseGrant,
  'lease-revoke': Kind.leaseRevoke,
  alarm: Kind.alarm,
  'member-put': Kind.memberPut,
  'member-remove': Kind.memberRemove,
  'session-open': Kind.sessionOpen,
  'session-close': Kind.sessionClose,
  'lease-epoch': Kind.leaseEpoch,
};

export function writeCommand(writer: ByteWriter, command: Command, header?: SessionHeader): void {
  const kind = kinds[command.kind];
  if (header === undefined) writer.u8(kind);
  else {
    writer.u8(kind | SESSION_FLAG);
    writer.uint(header.session);
    writer.uint(header.sequence);
    writer.uint(header.acknowledgedBelow);
  }
  writeBody(writer, command);
}

function writeBody(writer: ByteWriter, command: Command): void {
  switch (command.kind) {
    case 'put':
      writePut(writer, command);
      break;
    case 'delete-range':
      writeDeleteRange(writer, command);
      break;
    case 'txn':
      writeTxn(writer, command);
      break;
    case 'compact':
      writer.int(command.revision);
      break;
    case 'lease-grant':
      writer.uint(command.id);
      writer.int(command.ttlSeconds);
      break;
    case 'lease-revoke':
      writer.uint(command.id);
      writer.uint(command.leaderTerm ?? 0);
      break;
    case 'alarm':
      writeAlarmRequest(writer, command);
      break;
    case 'member-put':
      writeMember(writer, command.member);
      break;
    case 'member-remove':
      writer.uint(command.id);
      break;
    case 'session-open':
      break;
    case 'session-close':
      writer.uint(command.session);
      break;
    case 'lease-epoch':
      writer.uint(command.term);
      break;
    default:
      unreachable(command);
  }
}

/** What stands behind the first byte, which has `SESSION_FLAG` when there is a header. Throws `BytesError`. */
export function readHeader(reader: ByteReader, first: number): SessionHeader | undefined {
  if ((first & SESSION_FLAG) === 0) return undefined;
  return { session: reader.uint(), sequence: reader.uint(), acknowledgedBelow: reader.uint() };
}

/** The body of a command of that kind, to its end. Throws `BytesError`. */
export function readBody(reader: ByteReader, kind: number): Command {
  const command = readFields(reader, kind);
  reader.expectEnd();
  return command;
}

function readFields(reader: ByteReader, kind: number): Command {
  switch (kind) {
    case Kind.put:
      return readPut(reader);
    case Kind.deleteRange:
      return readDeleteRange(reader);
    case Kind.txn:
      return readTxn(reader);
    case Kind.compact:
      return { kind: 'compact', revision: reader.int() };
    case Kind.leaseGrant:
      return { kind: 'lease-grant', id: reader.uint(), ttlSeconds: reader.int() };
    case Kind.leaseRevoke:
      return { kind: 'lease-revoke', id: reader.uint(), leaderTerm: reader.uint() };
    case Kind.alarm:
      return readAlarmRequest(reader);
    case Kind.memberPut:
      return { kind: 'member-put', member: readMember(reader) };
    case Kind.memberRemove:
      return { kind: 'member-remove', id: reader.uint() };
    case Kind.sessionOpen:
      return { kind: 'session-open' };
    case Kind.sessionClose:
      return { kind: 'session-close', session: reader.uint() };
    case Kind.leaseEpoch:
      return { kind: 'lease-epoch', term: reader.uint() };
    default:
      return unknownKind(reader, kind, 'command');
  }
}

export function encodeCommand(command: Command, header?: SessionHeader): Uint8Array {
  const writer = new ByteWriter(command.kind === 'put' ? 40 + command.key.length + command.value.length : 128);
  writeCommand(writer, command, header);
  return writer.take();
}

/** Total: any bytes give a command or a `CoreError` with the code `invalid-request`. Keys and values are views of `bytes`. */
export function decodeCommand(bytes: Uint8Array): DecodedCommand {
  return decoding('command', () => {
    const reader = new ByteReader(bytes);
    const first = reader.u8();
    const header = readHeader(reader, first);
    return { header, command: readBody(reader, first & ~SESSION_FLAG) };
  });
}

/** Joins encoded commands into one entry's payload. */
export function encodeBatch(commands: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const command of commands) size += uintSize(command.length) + command.length;
  const writer = new ByteWriter(size);
  for (const command of commands) writer.bytes(command);
  return writer.take();
}
