import { ByteReader, ByteWriter } from '@quorate/patterns/base';
import { NodeId } from '@quorate/patterns/consensus/raft';
import { decoding, WireError } from './error.ts';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from './frame.ts';

/** What the dialling side says first. */
export type Hello = {
  readonly versionMin: number;
  readonly versionMax: number;
  /** 0 from a client that does not know it yet; `Welcome` tells. */
  readonly clusterId: number;
} & (
  | {
      readonly role: 'peer';
      readonly from: NodeId;
      /** Whom the caller believes to reach. */
      readonly to: NodeId;
      /** Drawn at random when the process started: tells a second connection of one process from the first of its successor. */
      readonly incarnation: number;
    }
  | { readonly role: 'client'; readonly clientId: string }
);

/** The answer when all is well. */
export interface Welcome {
  /** The highest version that both sides know. */
  readonly version: number;
  readonly clusterId: number;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  /** The longest frame that this side accepts. */
  readonly frameBytesMax: number;
}

export type RefusalCode =
  | 'wrong-protocol'
  | 'wrong-version'
  | 'wrong-cluster'
  | 'wrong-node'
  | 'unknown-peer'
  /** There is a connection between these two nodes already, and it is kept. */
  | 'duplicate'
  | 'overloaded'
  | 'stopping'
  /** A code of a later version. */
  | 'other';

/** The answer when not: what was wrong, what was expected, what to do. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** By their number on the wire. A number is never reused. */
const REFUSALS: readonly RefusalCode[] = [
  'wrong-protocol',
  'wrong-version',
  'wrong-cluster',
  'wrong-node',
  'unknown-peer',
  'duplicate',
  'overloaded',
  'stopping',
  'other',
];

const TEXT_BYTES_MAX = 900;
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const TEXT_UNITS_MAX = TEXT_BYTES_MAX / 3;

export function encodeHello(hello: Hello): Uint8Array {
  const w = new ByteWriter(64);
  w.uint(hello.versionMin);
  w.uint(hello.versionMax);
  w.uint(hello.clusterId);
  if (hello.role === 'peer') {
    w.u8(0);
    w.uint(hello.from);
    w.uint(hello.to);
    w.uint(hello.incarnation);
  } else {
    w.u8(1);
    w.text(hello.clientId.slice(0, TEXT_UNITS_MAX));
  }
  return w.take();
}

/**
 * Bytes behind the known fields are skipped: a later version may have added some. The version is read before anything else, so that a
 * caller of an unknown version is told so and not that its frame is malformed.
 */
export function decodeHello(payload: Uint8Array): Hello | Refusal {
  return decoding('hello', () => {
    const r = new ByteReader(payload);
    const versionMin = r.uint();
    const versionMax = r.uint();
    if (versionMin > PROTOCOL_VERSION || versionMax < PROTOCOL_VERSION_MIN) {
      const message = `protocol versions ${versionMin} to ${versionMax} offered, ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION} spoken here: upgrade one release at a time`;
      return { code: 'wrong-version', message };
    }
    const clusterId = r.uint();
    const role = r.u8();
    if (role === 0) {
      const from = NodeId.of(r.uint());
      const to = NodeId.of(r.uint());
      return { versionMin, versionMax, clusterId, role: 'peer', from, to, incarnation: r.uint() };
    }
    if (role === 1) return { versionMin, versionMax, clusterId, role: 'client', clientId: r.text(TEXT_BYTES_MAX) };
    throw new WireError('malformed', `hello: role ${role} is unknown: 0 (peer) or 1 (client) expected`);
  });
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  const w = new ByteWriter(64);
  w.uint(welcome.version);
  w.uint(welcome.clusterId);
  w.uint(welcome.nodeId);
  w.uint(welcome.incarnation);
  w.uint(welcome.frameBytesMax);
  return w.take();
}

export function decodeWelcome(payload: Uint8Array): Welcome {
  return decoding('welcome', () => {
    const r = new ByteReader(payload);
    const version = r.uint();
    if (version < PROTOCOL_VERSION_MIN || version > PROTOCOL_VERSION) {
      throw new WireError('malformed', `welcome: version ${version} was not offered`);
    }
    const clusterId = r.uint();
    const nodeId = NodeId.of(r.uint());
    return { version, clusterId, nodeId, incarnation: r.uint(), frameBytesMax: r.uint() };
  });
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  const w = new ByteWriter(128);
  w.uint(REFUSALS.indexOf(refusal.code));
  w.text(refusal.message.slice(0, TEXT_UNITS_MAX));
  return w.take();
}

export function decodeRefusal(payload: Uint8Array): Refusal {
  return decoding('refusal', () => {
    const r = new ByteReader(payload);
    const code = REFUSALS[r.uint()] ?? 'other';
    return { code, message: r.text(TEXT_BYTES_MAX) };
  });
}
