/** One command, carried out on the state. Total: an answer or a refusal, never an exception. */
import { ByteReader, BytesError, unreachable } from '@quorate/patterns/base';
import {
  type Command,
  type KeyedPut,
  Kind,
  malformed,
  type Response,
  readBody,
  readHeader,
  type SessionHeader,
} from '../codec/index.ts';
import { SESSION_FLAG } from '../codec/kinds.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { DeleteRangeRequest, TxnOperation, TxnRequest } from '../requests.ts';
import { checkDeleteRange, checkKeyedPut, checkTxn } from '../validation.ts';
import {
  applyAlarm,
  applyCompact,
  applyLeaseEpoch,
  applyLeaseGrant,
  applyLeaseRevoke,
  applyMemberPut,
  applyMemberRemove,
} from './administration.ts';
import { Reply } from './reply.ts';
import type { CoreState } from './state.ts';
import { applyTxn } from './txn.ts';
import { applyDeleteRange, applyPut, objectToPut } from './writes.ts';

/** Reads one command, in `input` from `start` to `end`, and carries it out, unless its session says that this has been done. */
export function applyCommand(state: CoreState, input: Uint8Array, start: number, end: number): Reply {
  state.ordinal += 1;
  const reader = new ByteReader(input, start, end);
  let first: number;
  let header: SessionHeader | undefined;
  try {
    first = reader.u8();
    header = readHeader(reader, first);
  } catch (error) {
    return Reply.of(refusal(error));
  }
  const kind = first & ~SESSION_FLAG;
  if (header === undefined) return Reply.of(carryOut(state, kind, reader, input));
  const { session, sequence, acknowledgedBelow } = header;
  const verdict = state.sessions.receive(session, sequence, acknowledgedBelow);
  switch (verdict) {
    case 'new': {
      const reply = Reply.of(carryOut(state, kind, reader, input)).kept();
      state.sessions.record(session, sequence, reply);
      return reply;
    }
    case 'unknown-session':
      // It may have been carried out before the session was forgotten.
      return Reply.of(coreError('session-expired', { outcome: 'unknown' }));
    case 'acknowledged':
      return Reply.of(
        coreError('invalid-request', { detail: `sequence ${sequence} was acknowledged`, outcome: 'unknown' }),
      );
    case 'window-full':
      return Reply.of(
        coreError('too-many-requests', { detail: 'too many answers of this session are unacknowledged' }),
      );
    default:
      return verdict;
  }
}

function refusal(error: unknown): CoreError {
  if (error instanceof BytesError) return malformed('command', error) as CoreError;
  throw error;
}

function carryOut(state: CoreState, kind: number, reader: ByteReader, input: Uint8Array): Response | CoreError {
  let command: Command;
  try {
    if (kind === Kind.put) {
      state.put.read(reader, input);
      reader.expectEnd();
      return carryOutPut(state, state.put);
    }
    command = readBody(reader, kind);
  } catch (error) {
    return refusal(error);
  }
  return carryOutDecoded(state, command);
}

function carryOutDecoded(state: CoreState, command: Command): Response | CoreError {
  if (state.alarms.length > 0 && isStopped(command) && state.hasAlarm('corrupt')) return coreError('corrupt');
  switch (command.kind) {
    case 'put':
      // Puts are read in another form.
      return coreError('invalid-request');
    case 'delete-range':
      return carryOutDeleteRange(state, command);
    case 'txn':
      return carryOutTxn(state, command);
    case 'compact':
      return applyCompact(state, command);
    case 'lease-grant':
      return applyLeaseGrant(state, command);
    case 'lease-revoke':
      return applyLeaseRevoke(state, command);
    case 'alarm':
      return applyAlarm(state, command);
    case 'member-put':
      return applyMemberPut(state, command);
    case 'member-remove':
      return applyMemberRemove(state, command);
    case 'session-open':
      state.sessions.open(state.ordinal);
      return { kind: 'session', revision: state.space.revision, session: state.ordinal };
    case 'session-close':
      state.sessions.close(command.session);
      return { kind: 'session', revision: state.space.revision, session: 0 };
    case 'lease-epoch':
      return applyLeaseEpoch(state, command);
    default:
      return unreachable(command);
  }
}

/** What a cluster that knows its data to be corrupt does not do any more. */
function isStopped(command: Command): boolean {
  switch (command.kind) {
    case 'delete-range':
    case 'txn':
    case 'compact':
    case 'lease-grant':
    case 'lease-revoke':
      return true;
    default:
      return false;
  }
}

function carryOutPut(state: CoreState, put: KeyedPut): Response | CoreError {
  const { space, leases, alarms } = state;
  const objection = checkKeyedPut(put, put.length);
  if (objection !== undefined) return objection;
  if (alarms.length > 0) return coreError(state.hasAlarm('corrupt') ? 'corrupt' : 'no-space');
  const against = objectToPut(space, leases, put);
  if (against !== undefined) return against;
  const response = applyPut(space, put);
  space.commit();
  return response;
}

function carryOutDeleteRange(state: CoreState, request: DeleteRangeRequest): Response | CoreError {
  const objection = checkDeleteRange(request);
  if (objection !== undefined) return objection;
  const response = applyDeleteRange(state.space, request);
  state.space.commit();
  return response;
}

function carryOutTxn(state: CoreState, request: TxnRequest): Response | CoreError {
  const objection = checkTxn(request);
  if (objection !== undefined) return objection;
  if (state.alarms.length > 0 && puts(request)) return coreError('no-space');
  const response = applyTxn(state.space, state.leases, request);
  state.space.commit();
  return response;
}

function puts(request: TxnRequest): boolean {
  const adds = (operation: TxnOperation): boolean =>
    operation.kind === 'put' || (operation.kind === 'txn' && puts(operation));
  return request.success.some(adds) || request.failure.some(adds);
}

/** Whether the request makes the state larger, so that it is refused while there is no space. */
export function needsSpace(request: Command): boolean {
  return request.kind === 'put' || request.kind === 'lease-grant' || (request.kind === 'txn' && puts(request));
}
