import { ByteReader, BytesError, type ByteWriter } from '@quorate/patterns/base';
import type { RaftMessage } from '@quorate/patterns/consensus/raft';
import { malformed } from './error.ts';
import { readEntries } from './raft-entries.ts';

/**
 * Raft's messages on the wire. One frame carries any number of (group, message) pairs, so that the heartbeats of all groups to one
 * node are one frame:
 *
 *     { uint group   u8 kind | flags << 4   fields }*
 */
const VOTE_REQUEST = 0;
const VOTE_RESPONSE = 1;
const APPEND_REQUEST = 2;
const APPEND_ACCEPTED = 3;
const APPEND_REJECTED = 4;
const HEARTBEAT = 5;
const HEARTBEAT_RESPONSE = 6;
const TIMEOUT_NOW = 7;
const READ_REQUEST = 8;
const READ_RESPONSE = 9;
const REPAIR_REQUEST = 10;
const REPAIR_RESPONSE = 11;

const FLAG_A = 0x10;
const FLAG_B = 0x20;

/** Writes everything but an append's entries, which the caller adds (encoded once for all followers). */
export function writeRaftMessage(w: ByteWriter, group: number, message: RaftMessage): void {
  w.uint(group);
  switch (message.kind) {
    case 'vote-request':
      w.u8(VOTE_REQUEST | (message.preVote ? FLAG_A : 0) | (message.transfer ? FLAG_B : 0));
      w.uint(message.term);
      w.uint(message.lastIndex);
      w.uint(message.lastTerm);
      return;
    case 'vote-response':
      w.u8(VOTE_RESPONSE | (message.preVote ? FLAG_A : 0) | (message.granted ? FLAG_B : 0));
      w.uint(message.term);
      return;
    case 'append-request':
      w.u8(APPEND_REQUEST);
      w.uint(message.term);
      w.uint(message.prevIndex);
      w.uint(message.prevTerm);
      w.uint(message.commit);
      return;
    case 'append-accepted':
      w.u8(APPEND_ACCEPTED);
      w.uint(message.term);
      w.uint(message.matchIndex);
      return;
    case 'append-rejected':
      w.u8(APPEND_REJECTED);
      w.uint(message.term);
      w.uint(message.rejectedIndex);
      w.uint(message.hintIndex);
      w.uint(message.hintTerm);
      return;
    case 'heartbeat':
      w.u8(HEARTBEAT | (message.quiesce ? FLAG_A : 0));
      w.uint(message.term);
      w.uint(message.commit);
      w.uint(message.round);
      return;
    case 'heartbeat-response':
      w.u8(HEARTBEAT_RESPONSE);
      w.uint(message.term);
      w.uint(message.round);
      return;
    case 'timeout-now':
      w.u8(TIMEOUT_NOW);
      w.uint(message.term);
      return;
    case 'read-request':
      w.u8(READ_REQUEST);
      w.uint(message.term);
      w.uint(message.id);
      return;
    case 'read-response':
      w.u8(READ_RESPONSE | (message.index === undefined ? 0 : FLAG_A));
      w.uint(message.term);
      w.uint(message.id);
      if (message.index !== undefined) w.uint(message.index);
      return;
    case 'repair-request':
      w.u8(REPAIR_REQUEST);
      w.uint(message.term);
      w.uint(message.id);
      return;
    case 'repair-response':
      w.u8(REPAIR_RESPONSE);
      w.uint(message.term);
      w.uint(message.id);
      w.uint(message.index);
      return;
  }
}

export interface GroupMessage {
  readonly group: number;
  readonly message: RaftMessage;
}

/** Appends the pairs of one frame to `out`: all of them or, with a `WireError`, none. Entries' data are views of `payload`. */
export function readRaftMessages(payload: Uint8Array, out: GroupMessage[]): void {
  const before = out.length;
  try {
    const r = new ByteReader(payload);
    while (r.remaining > 0) out.push({ group: r.uint(), message: readMessage(r) });
  } catch (error) {
    out.length = before;
    throw malformed('raft messages', error);
  }
}

function readMessage(r: ByteReader): RaftMessage {
  const tag = r.u8();
  const a = (tag & FLAG_A) !== 0;
  const b = (tag & FLAG_B) !== 0;
  checkFlags(r, tag);
  const term = r.uint();
  switch (tag & 0x0f) {
    case VOTE_REQUEST:
      return { kind: 'vote-request', term, preVote: a, transfer: b, lastIndex: r.uint(), lastTerm: r.uint() };
    case VOTE_RESPONSE:
      return { kind: 'vote-response', term, preVote: a, granted: b };
    case APPEND_REQUEST: {
      const prevIndex = r.uint();
      const prevTerm = r.uint();
      const commit = r.uint();
      const entries = readEntries(r, prevIndex, prevTerm);
      return { kind: 'append-request', term, prevIndex, prevTerm, commit, entries };
    }
    case APPEND_ACCEPTED:
      return { kind: 'append-accepted', term, matchIndex: r.uint() };
    case APPEND_REJECTED:
      return { kind: 'append-rejected', term, rejectedIndex: r.uint(), hintIndex: r.uint(), hintTerm: r.uint() };
    case HEARTBEAT:
      return { kind: 'heartbeat', term, commit: r.uint(), round: r.uint(), quiesce: a };
    case HEARTBEAT_RESPONSE:
      return { kind: 'heartbeat-response', term, round: r.uint() };
    case TIMEOUT_NOW:
      return { kind: 'timeout-now', term };
    case READ_REQUEST:
      return { kind: 'read-request', term, id: r.uint() };
    case READ_RESPONSE:
      return { kind: 'read-response', term, id: r.uint(), index: a ? r.uint() : undefined };
    case REPAIR_REQUEST:
      return { kind: 'repair-request', term, id: r.uint() };
    case REPAIR_RESPONSE:
      return { kind: 'repair-response', term, id: r.uint(), index: r.uint() };
    default:
      throw new BytesError(`message kind ${tag & 0x0f} is unknown`, r.offset);
  }
}

/** Which flags each kind may carry, by its number. An unknown flag changes a message's meaning in a way that we do not know. */
const FLAGS: readonly number[] = [FLAG_A | FLAG_B, FLAG_A | FLAG_B, 0, 0, 0, FLAG_A, 0, 0, 0, FLAG_A, 0, 0];

function checkFlags(r: ByteReader, tag: number): void {
  const allowed = FLAGS[tag & 0x0f] ?? 0xf0;
  if ((tag & 0xf0 & ~allowed) !== 0)
    throw new BytesError(`flags ${tag >> 4} of message kind ${tag & 0x0f} are unknown`, r.offset);
}
