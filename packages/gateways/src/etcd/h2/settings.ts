import { ConnectionError, ErrorCode, FRAME_MAX_BYTES, Setting, WINDOW_MAX_BYTES } from './protocol.ts';

const ENTRY_BYTES = 6;

export type SettingEntry = readonly [id: number, value: number];

export function encodeSettings(entries: readonly SettingEntry[]): Buffer {
  const payload = Buffer.alloc(entries.length * ENTRY_BYTES);
  entries.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * ENTRY_BYTES);
    payload.writeUInt32BE(value, i * ENTRY_BYTES + 2);
  });
  return payload;
}

/** @throws ConnectionError for a value that the protocol rules out. Entries with unknown ids are kept: the caller ignores them. */
export function decodeSettings(payload: Buffer): SettingEntry[] {
  if (payload.length % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.frameSize, `SETTINGS of ${payload.length} bytes, expected a multiple of 6`);
  }
  const entries: SettingEntry[] = [];
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const entry: SettingEntry = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
    check(entry);
    entries.push(entry);
  }
  return entries;
}

function check([id, value]: SettingEntry): void {
  if (id === Setting.initialWindowSize && value > WINDOW_MAX_BYTES) {
    throw new ConnectionError(ErrorCode.flowControl, `initial window of ${value} bytes, at most 2^31 − 1 is allowed`);
  }
  if (id === Setting.maxFrameSize && (value < FRAME_MAX_BYTES || value > 0xffffff)) {
    throw new ConnectionError(ErrorCode.protocol, `frame size limit ${value}, expected 16,384 to 16,777,215`);
  }
  if (id === Setting.enablePush && value > 1) {
    throw new ConnectionError(ErrorCode.protocol, `ENABLE_PUSH ${value}, expected 0 or 1`);
  }
}
