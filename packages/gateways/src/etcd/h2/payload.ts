import { ConnectionError, ErrorCode, Flag } from './protocol.ts';

const PRIORITY_BYTES = 5;
const HEADER_BLOCK_MAX_BYTES = 64 * 1024;

/** The payload of a frame without the padding that its flags announce (RFC 9113, section 6.1). */
export function unpad(flags: number, payload: Buffer): Buffer {
  if ((flags & Flag.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    throw new ConnectionError(ErrorCode.protocol, `padding of ${padding} bytes in a payload of ${payload.length}`);
  }
  return payload.subarray(1, payload.length - padding);
}

export interface HeaderBlock {
  readonly streamId: number;
  readonly ended: boolean;
  readonly block: Buffer;
}

/** Puts header blocks together from HEADERS and CONTINUATION frames. */
export class HeaderGatherer {
  #open:
    | { readonly streamId: number; readonly ended: boolean; readonly parts: Buffer[]; sizeBytes: number }
    | undefined;

  /** A block has begun: nothing but its continuation may come. */
  get open(): boolean {
    return this.#open !== undefined;
  }

  headers(flags: number, streamId: number, padded: Buffer): HeaderBlock | undefined {
    const payload = unpad(flags, padded);
    const skip = (flags & Flag.priority) === 0 ? 0 : PRIORITY_BYTES;
    if (payload.length < skip) throw new ConnectionError(ErrorCode.frameSize, 'HEADERS too short for its priority');
    const block = skip === 0 ? payload : payload.subarray(skip);
    const ended = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return { streamId, ended, block };
    this.#open = { streamId, ended, parts: [Buffer.from(block)], sizeBytes: block.length };
    return undefined;
  }

  continuation(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    const open = this.#open;
    if (open === undefined || open.streamId !== streamId) {
      throw new ConnectionError(
        ErrorCode.protocol,
        `CONTINUATION of stream ${streamId}, which has no open header block`,
      );
    }
    open.sizeBytes += payload.length;
    open.parts.push(Buffer.from(payload));
    // Counting parts as well bounds a flood of empty frames.
    if (open.sizeBytes > HEADER_BLOCK_MAX_BYTES || open.parts.length > 64) {
      throw new ConnectionError(
        ErrorCode.enhanceYourCalm,
        `a header block of more than ${HEADER_BLOCK_MAX_BYTES} bytes`,
      );
    }
    if ((flags & Flag.endHeaders) === 0) return undefined;
    this.#open = undefined;
    return { streamId, ended: open.ended, block: Buffer.concat(open.parts) };
  }
}
