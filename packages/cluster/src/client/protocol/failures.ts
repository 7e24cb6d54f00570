import type { Address } from '@quorate/env';
import { type ByteReader, BytesError, type ByteWriter } from '@quorate/patterns/base';
import { readResponse, writeResponse } from '../../core/codec/responses.ts';
import { CoreError } from '../../core/errors.ts';

const HOST_BYTES_MAX = 255;

/** A server's refusal, with the way to the leader where it knows one. */
export interface Failure {
  readonly error: CoreError;
  readonly leader: Address | undefined;
}

export function writeFailure(writer: ByteWriter, error: CoreError, leader?: Address): void {
  writeResponse(writer, error);
  writer.text(leader?.host ?? '');
  writer.uint(leader?.port ?? 0);
}

export function readFailure(reader: ByteReader): Failure {
  const error = readResponse(reader);
  if (!(error instanceof CoreError)) throw new BytesError('an error was expected, and not an answer', reader.offset);
  const host = reader.text(HOST_BYTES_MAX);
  const port = reader.uint(65_535);
  return { error, leader: host === '' ? undefined : { host, port } };
}
