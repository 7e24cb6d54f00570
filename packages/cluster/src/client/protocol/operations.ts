/**
 * What a client may ask a server for, by its number on the wire. Numbers are never reused.
 *
 * After the handshake a connection carries frames of two kinds. A `requests` frame holds all requests of one turn, a `replies` frame all
 * answers of one turn, in any order:
 *
 *     requests: { u32 id   u8 operation | flags   u32 length   body }*
 *     replies:  { u32 id   u8 status              u32 length   body }*
 *
 * The id is the client's; a watch keeps its id until it is canceled, and all its messages carry it.
 */
import { FrameKind } from '../../wire/index.ts';

export const ClientFrame: { readonly requests: number; readonly replies: number } = {
  requests: FrameKind.clientFirst,
  replies: FrameKind.clientFirst + 1,
};

export const Operation = {
  write: 1,
  range: 2,
  serializableRange: 3,
  openSession: 4,
  closeSession: 5,
  keepAlive: 6,
  leaseStatus: 7,
  leases: 8,
  watch: 9,
  unwatch: 10,
  watchProgress: 11,
  watchPause: 12,
  watchResume: 13,
  status: 14,
  members: 15,
  addMember: 16,
  promoteMember: 17,
  removeMember: 18,
  updateMember: 19,
  moveLeader: 20,
  hash: 21,
  snapshot: 22,
  snapshotNext: 23,
  snapshotClose: 24,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

/** Set on an operation: a server that does not lead shall pass the request on instead of naming the leader. */
export const FORWARD = 0x80;

export const Status = {
  ok: 0,
  error: 1,
  /** One of the messages of a watch. */
  watch: 2,
} as const;

/** A request's body; larger ones are refused. etcd's default, too. */
export const REQUEST_BYTES_MAX: number = 1.5 * 1024 * 1024;
