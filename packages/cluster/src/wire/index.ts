export { decoding, malformed, WireError, type WireErrorCode } from './error.ts';
export { describeForeignBytes, type ForeignProtocol, foreignAnswer, foreignProtocol } from './foreign.ts';
export {
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FrameKind,
  HANDSHAKE_BYTES_MAX,
  PREFACE,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
} from './frame.ts';
export { FrameDecoder, type FrameSink } from './frame-decoder.ts';
export { FRUGAL_MEMORY, type FrameMemory, RecyclingMemory, TRUSTING_MEMORY } from './frame-memory.ts';
export { FrameWriter, SHARED_BYTES_MIN } from './frame-writer.ts';
export {
  decodeHello,
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  type Hello,
  type Refusal,
  type RefusalCode,
  type Welcome,
} from './handshake.ts';
export {
  CONFIGURATION_NODES_MAX,
  readConfiguration,
  readEntries,
  readSnapshotMark,
  writeConfiguration,
  writeEntries,
  writeSnapshotMark,
} from './raft-entries.ts';
export { EntryEncoder, RaftFrame } from './raft-frame.ts';
export { type GroupMessage, readRaftMessages, writeRaftMessage } from './raft-messages.ts';
