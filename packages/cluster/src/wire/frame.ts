/**
 * The native protocol's outermost layer. Each side opens with `PREFACE`; from then on there are only frames:
 *
 *     u32 length (little-endian; of what follows: 1 + payload)   u8 kind   payload
 *
 * `docs/wire.md` has the whole format and the rules for changing it.
 */

/** "QUORATE" and a byte that no text protocol starts a second line with, so that a foreign first line never matches by accident. */
export const PREFACE: Uint8Array = new Uint8Array([0x51, 0x55, 0x4f, 0x52, 0x41, 0x54, 0x45, 0x00]);

/** The protocol versions that this release reads and writes. A release reads the one before it. */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_VERSION_MIN = 1;

export const FRAME_HEADER_BYTES = 5;
/** The longest frame after the handshake, without its length field. */
export const FRAME_BYTES_MAX: number = 16 * 1024 * 1024;
/** The longest frame before the handshake is done: an unknown caller may not make us hold more. */
export const HANDSHAKE_BYTES_MAX = 1024;

/** Frame kinds. 1–15 belong to every connection, 16–63 to those between nodes, 64–255 to those of clients. A number is never reused. */
export const FrameKind = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  ping: 4,
  pong: 5,
  goodbye: 6,
  peerMessage: 16,
  peerRequest: 17,
  peerReply: 18,
  peerRefused: 19,
  /** The first kind that a client's connection may use for its own frames. */
  clientFirst: 64,
} as const;
