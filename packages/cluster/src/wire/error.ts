import { BytesError } from '@quorate/patterns/base';

export type WireErrorCode =
  /** The first bytes are not this protocol's. */
  | 'wrong-protocol'
  /** A frame is longer than allowed at this point of the conversation. */
  | 'too-large'
  /** A frame whose content does not follow the format. */
  | 'malformed'
  /** A frame that is well formed but must not come here and now. */
  | 'unexpected';

/** What a decoder throws, and all that it throws, when bytes from the network are not what they should be. The connection must be closed. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Runs `decode`; a reader's `BytesError` becomes a `WireError` that names `what` was being read. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw malformed(what, error);
  }
}

/** The `WireError` for whatever a decoder of `what` threw; errors that are not about the bytes are passed on as they are. */
export function malformed(what: string, error: unknown): unknown {
  if (error instanceof BytesError) return new WireError('malformed', `${what}: ${error.message}`, { cause: error });
  return error;
}
