import { type ByteReader, BytesError } from '@quorate/patterns/base';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';

/** Runs `decode`; what it finds wrong with the bytes becomes an `invalid-request` that names `what` was being read. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw malformed(what, error);
  }
}

/** The `CoreError` for bytes that could not be read; passes on what is not about bytes. */
export function malformed(what: string, error: unknown): unknown {
  if (!(error instanceof BytesError)) return error;
  return invalidBytes(what, error);
}

export function invalidBytes(what: string, error: BytesError): CoreError {
  return coreError('invalid-request', { detail: `malformed ${what}, ${error.message}`, cause: error });
}

export function unknownKind(reader: ByteReader, kind: number, what: string): never {
  throw new BytesError(`${kind} is not a kind of ${what}`, reader.offset);
}
