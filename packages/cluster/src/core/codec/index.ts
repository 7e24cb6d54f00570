export { readAlarm, readMember, writeAlarm, writeMember } from './admin-requests.ts';
export {
  type Command,
  type DecodedCommand,
  decodeCommand,
  encodeBatch,
  encodeCommand,
  type LeaseEpochCommand,
  readBody,
  readHeader,
  type SessionCloseCommand,
  type SessionHeader,
  type SessionOpenCommand,
  writeCommand,
} from './commands.ts';
export {
  KeyedPut,
  readDeleteRange,
  readPut,
  readRange,
  writeDeleteRange,
  writePut,
  writeRange,
} from './key-requests.ts';
export { readKeyValue, type SelfWritingKeyValue, writeKeyValue } from './key-values.ts';
export { CODEC_VERSION, Kind } from './kinds.ts';
export { decoding, malformed } from './malformed.ts';
export {
  decodeResponse,
  encodeResponse,
  type LeaseEpochResponse,
  type Response,
  readResponse,
  type SessionResponse,
  writeResponse,
} from './responses.ts';
export { readLeaseStatus, readMemberStatus, writeLeaseStatus, writeMemberStatus } from './statuses.ts';
export { readTxn, TXN_DEPTH_MAX, writeTxn } from './txn-requests.ts';
export {
  decodeWatchMessage,
  encodeWatchMessage,
  readWatchMessage,
  readWatchRequest,
  writeWatchMessage,
  writeWatchRequest,
} from './watches.ts';
