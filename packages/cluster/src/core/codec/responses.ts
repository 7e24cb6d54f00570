/**
 * Answers. Each begins with its kind; a refusal is an answer of the kind `error`. Inside a transaction's answer the parts
 * have the same form.
 */
import { ByteReader, BytesError, ByteWriter, unreachable, withoutStack } from '@quorate/patterns/base';
import { CoreError } from '../errors.ts';
import type {
  AlarmResponse,
  DeleteRangeResponse,
  MemberChangeResponse,
  PutResponse,
  RangeResponse,
  TxnOperationResponse,
  TxnResponse,
  WriteResponse,
} from '../requests.ts';
import { readAlarm, readMember, writeAlarm, writeMember } from './admin-requests.ts';
import { readKeyValues, readOptionalKeyValue, writeKeyValues, writeOptionalKeyValue } from './key-values.ts';
import { errorCodes, Kind, outcomes } from './kinds.ts';
import { decoding, unknownKind } from './malformed.ts';
import { readName, writeName } from './named.ts';
import { TXN_DEPTH_MAX } from './txn-requests.ts';

export interface SessionResponse {
  readonly kind: 'session';
  readonly revision: number;
  /** 0 when it was closed. */
  readonly session: number;
}
export interface LeaseEpochResponse {
  readonly kind: 'lease-epoch';
  readonly revision: number;
  /** The term whose leader keeps the leases now. */
  readonly term: number;
}
/** The answer to any command, or to a range. */
export type Response = WriteResponse | RangeResponse | SessionResponse | LeaseEpochResponse;

/** The longest error message that is read. */
const MESSAGE_BYTES_MAX = 64 * 1024;

export function writeResponse(writer: ByteWriter, response: Response | CoreError): void {
  if (response instanceof CoreError) {
    writeError(writer, response);
    return;
  }
  switch (response.kind) {
    case 'put':
    case 'range':
    case 'delete-range':
    case 'txn':
      writeKeyResponse(writer, response);
      break;
    case 'compact':
      writeHead(writer, Kind.compact, response.revision);
      break;
    case 'lease-grant':
      writeHead(writer, Kind.leaseGrant, response.revision);
      writer.uint(response.id);
      writer.uint(response.ttlSeconds);
      break;
    case 'lease-revoke':
      writeHead(writer, Kind.leaseRevoke, response.revision);
      break;
    case 'alarm':
      writeAlarms(writer, response);
      break;
    case 'member':
      writeMembers(writer, response);
      break;
    case 'session':
      writeHead(writer, Kind.session, response.revision);
      writer.uint(response.session);
      break;
    case 'lease-epoch':
      writeHead(writer, Kind.epoch, response.revision);
      writer.uint(response.term);
      break;
    default:
      unreachable(response);
  }
}

export function readResponse(reader: ByteReader): Response | CoreError {
  const kind = reader.u8();
  switch (kind) {
    case Kind.compact:
      return { kind: 'compact', revision: reader.uint() };
    case Kind.leaseGrant:
      return { kind: 'lease-grant', revision: reader.uint(), id: reader.uint(), ttlSeconds: reader.uint() };
    case Kind.leaseRevoke:
      return { kind: 'lease-revoke', revision: reader.uint() };
    case Kind.alarm:
      return readAlarms(reader);
    case Kind.member:
      return readMembers(reader);
    case Kind.session:
      return { kind: 'session', revision: reader.uint(), session: reader.uint() };
    case Kind.epoch:
      return { kind: 'lease-epoch', revision: reader.uint(), term: reader.uint() };
    case Kind.error:
      return readError(reader);
    default:
      return readKeyResponse(reader, kind, 1);
  }
}

function writeHead(writer: ByteWriter, kind: number, revision: number): void {
  writer.u8(kind);
  writer.uint(revision);
}

function writeKeyResponse(writer: ByteWriter, response: TxnOperationResponse): void {
  switch (response.kind) {
    case 'put':
      writeHead(writer, Kind.put, response.revision);
      writeOptionalKeyValue(writer, response.prevKv);
      break;
    case 'delete-range':
      writeHead(writer, Kind.deleteRange, response.revision);
      writer.uint(response.deleted);
      writeKeyValues(writer, response.prevKvs);
      break;
    case 'range':
      writeHead(writer, Kind.range, response.revision);
      writer.boolean(response.more);
      writer.uint(response.count);
      writeKeyValues(writer, response.kvs);
      break;
    case 'txn':
      writeHead(writer, Kind.txn, response.revision);
      writer.boolean(response.succeeded);
      writer.uint(response.responses.length);
      for (const part of response.responses) writeKeyResponse(writer, part);
  }
}

function readKeyResponse(reader: ByteReader, kind: number, depth: number): TxnOperationResponse {
  switch (kind) {
    case Kind.put:
      return readPutResponse(reader);
    case Kind.deleteRange:
      return readDeleteRangeResponse(reader);
    case Kind.range:
      return readRangeResponse(reader);
    case Kind.txn:
      return readTxnResponse(reader, depth);
    default:
      return unknownKind(reader, kind, 'answer');
  }
}

function readPutResponse(reader: ByteReader): PutResponse {
  return { kind: 'put', revision: reader.uint(), prevKv: readOptionalKeyValue(reader) };
}

function readDeleteRangeResponse(reader: ByteReader): DeleteRangeResponse {
  return {
    kind: 'delete-range',
    revision: reader.uint(),
    deleted: reader.uint(),
    prevKvs: readKeyValues(reader),
  };
}

function readRangeResponse(reader: ByteReader): RangeResponse {
  const revision = reader.uint();
  const more = reader.boolean();
  const count = reader.uint();
  return { kind: 'range', revision, kvs: readKeyValues(reader), more, count };
}

function readTxnResponse(reader: ByteReader, depth: number): TxnResponse {
  if (depth > TXN_DEPTH_MAX) throw new BytesError('transactions are nested too deeply', reader.offset);
  const revision = reader.uint();
  const succeeded = reader.boolean();
  const responses: TxnOperationResponse[] = [];
  for (let left = reader.count(2); left > 0; left--) responses.push(readKeyResponse(reader, reader.u8(), depth + 1));
  return { kind: 'txn', revision, succeeded, responses };
}

function writeAlarms(writer: ByteWriter, response: AlarmResponse): void {
  writeHead(writer, Kind.alarm, response.revision);
  writer.uint(response.alarms.length);
  for (const alarm of response.alarms) writeAlarm(writer, alarm);
}

function readAlarms(reader: ByteReader): AlarmResponse {
  const revision = reader.uint();
  const alarms = [];
  for (let left = reader.count(2); left > 0; left--) alarms.push(readAlarm(reader));
  return { kind: 'alarm', revision, alarms };
}

function writeMembers(writer: ByteWriter, response: MemberChangeResponse): void {
  writeHead(writer, Kind.member, response.revision);
  writer.uint(response.members.length);
  for (const member of response.members) writeMember(writer, member);
}

function readMembers(reader: ByteReader): MemberChangeResponse {
  const revision = reader.uint();
  const members = [];
  for (let left = reader.count(4); left > 0; left--) members.push(readMember(reader));
  return { kind: 'member', revision, members };
}

function writeError(writer: ByteWriter, error: CoreError): void {
  writer.u8(Kind.error);
  writeName(writer, errorCodes, error.code);
  writeName(writer, outcomes, error.outcome);
  writer.boolean(error.retryable);
  writer.text(error.message);
}

function readError(reader: ByteReader): CoreError {
  const code = readName(reader, errorCodes);
  const outcome = readName(reader, outcomes);
  const retryable = reader.boolean();
  const message = reader.text(MESSAGE_BYTES_MAX);
  return withoutStack(() => new CoreError(code, message, { retryable, outcome }));
}

export function encodeResponse(response: Response | CoreError): Uint8Array {
  const writer = new ByteWriter(32);
  writeResponse(writer, response);
  return writer.take();
}

/** Total: any bytes give an answer, or throw a `CoreError` with the code `invalid-request`. Keys and values are views of `bytes`. */
export function decodeResponse(bytes: Uint8Array): Response | CoreError {
  return decoding('answer', () => {
    const reader = new ByteReader(bytes);
    const response = readResponse(reader);
    reader.expectEnd();
    return response;
  });
}
