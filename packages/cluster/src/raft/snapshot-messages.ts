import { ByteReader, ByteWriter } from '@quorate/patterns/base';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import { decoding, readSnapshotMark, WireError, writeSnapshotMark } from '../wire/index.ts';

/** A snapshot on its way to a follower, as requests on one channel. A stream is named by its group and its mark's index and term. */
export type SnapshotRequest =
  /** `term` is the sender's as leader. Answered with the position to start from. */
  | {
      readonly kind: 'offer';
      readonly group: number;
      readonly term: number;
      readonly mark: SnapshotMark;
      readonly sizeBytes: number;
    }
  | {
      readonly kind: 'chunk';
      readonly group: number;
      readonly index: number;
      readonly position: number;
      readonly bytes: Uint8Array;
    }
  /** All chunks have been sent. Answered once the snapshot is durable. */
  | { readonly kind: 'finish'; readonly group: number; readonly index: number };

export type SnapshotReply =
  /** Send what is at `position`. */
  | { readonly kind: 'continue'; readonly position: number }
  /** It is durable there, or not needed any more. */
  | { readonly kind: 'done' }
  /** Not now: another stream is under way, or this one is not known (any more). */
  | { readonly kind: 'rejected'; readonly reason: string };

const OFFER = 1;
const CHUNK = 2;
const FINISH = 3;
const CONTINUE = 1;
const DONE = 2;
const REJECTED = 3;
const REASON_BYTES_MAX = 512;

export function encodeSnapshotRequest(request: SnapshotRequest): Uint8Array {
  const w = new ByteWriter(request.kind === 'chunk' ? request.bytes.length + 32 : 128);
  switch (request.kind) {
    case 'offer':
      w.u8(OFFER);
      w.uint(request.group);
      w.uint(request.term);
      writeSnapshotMark(w, request.mark);
      w.uint(request.sizeBytes);
      break;
    case 'chunk':
      w.u8(CHUNK);
      w.uint(request.group);
      w.uint(request.index);
      w.uint(request.position);
      w.raw(request.bytes);
      break;
    case 'finish':
      w.u8(FINISH);
      w.uint(request.group);
      w.uint(request.index);
      break;
  }
  return w.take();
}

export function decodeSnapshotRequest(payload: Uint8Array): SnapshotRequest {
  return decoding('snapshot request', () => {
    const r = new ByteReader(payload);
    const tag = r.u8();
    const group = r.uint();
    if (tag === OFFER) {
      const term = r.uint();
      const mark = readSnapshotMark(r);
      const sizeBytes = r.uint();
      r.expectEnd();
      return { kind: 'offer', group, term, mark, sizeBytes };
    }
    const index = r.uint();
    if (tag === CHUNK) return { kind: 'chunk', group, index, position: r.uint(), bytes: r.rest() };
    if (tag !== FINISH) throw new WireError('malformed', `snapshot request: kind ${tag} is unknown`);
    r.expectEnd();
    return { kind: 'finish', group, index };
  });
}

export function encodeSnapshotReply(reply: SnapshotReply): Uint8Array {
  const w = new ByteWriter(64);
  if (reply.kind === 'continue') {
    w.u8(CONTINUE);
    w.uint(reply.position);
  } else if (reply.kind === 'done') w.u8(DONE);
  else {
    w.u8(REJECTED);
    w.text(reply.reason);
  }
  return w.take();
}

export function decodeSnapshotReply(payload: Uint8Array): SnapshotReply {
  return decoding('snapshot reply', () => {
    const r = new ByteReader(payload);
    const tag = r.u8();
    if (tag === CONTINUE) return { kind: 'continue', position: r.uint() };
    if (tag === DONE) return { kind: 'done' };
    if (tag === REJECTED) return { kind: 'rejected', reason: r.text(REASON_BYTES_MAX) };
    throw new WireError('malformed', `snapshot reply: kind ${tag} is unknown`);
  });
}
