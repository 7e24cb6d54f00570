import { ByteWriter } from '@quorate/patterns/base';
import { decodeResponse, type Response, writeResponse } from '../codec/index.ts';
import { CoreError } from '../errors.ts';
import type { TxnOperationResponse } from '../requests.ts';
import { plainKeyValue } from './stored-version.ts';

/** What a remembered answer counts beside its bytes. */
const KEPT_REPLY_BYTES = 64;

/** Where every answer is encoded, one at a time. */
let encoding = new ByteWriter();
/** After a larger answer its memory is given back. */
const ENCODING_BYTES_MAX = 64 * 1024;

/**
 * The answer to one command. It is encoded when somebody wants the bytes, decoded when somebody wants the fields, each at most once:
 * on followers nobody wants either.
 */
export class Reply {
  #response: Response | CoreError | undefined;
  #bytes: Uint8Array | undefined;

  private constructor(response: Response | CoreError | undefined, bytes: Uint8Array | undefined) {
    this.#response = response;
    this.#bytes = bytes;
  }

  static of(response: Response | CoreError): Reply {
    return new Reply(response, undefined);
  }

  static encoded(bytes: Uint8Array): Reply {
    return new Reply(undefined, bytes);
  }

  /** The encoded answer. Must not be changed. */
  get bytes(): Uint8Array {
    if (this.#bytes === undefined) {
      encoding.reset();
      writeResponse(encoding, this.#response!);
      this.#bytes = encoding.copy();
      if (this.#bytes.length > ENCODING_BYTES_MAX) encoding = new ByteWriter();
    }
    return this.#bytes;
  }

  /** Appends the encoded answer to a message that is being built: cheaper than `bytes` when they are wanted once. */
  writeTo(writer: ByteWriter): void {
    if (this.#bytes !== undefined) writer.raw(this.#bytes);
    else writeResponse(writer, this.#response!);
  }

  /** The answer, or the refusal, for a caller in this process: with keys and values of its own. */
  get value(): Response | CoreError {
    this.#response ??= decodeResponse(this.#bytes!);
    return plainResponse(this.#response);
  }

  /** The same answer in the form in which it can be kept: not holding on to versions of keys. */
  kept(): Reply {
    if (this.#response !== undefined && isSmall(this.#response)) return this;
    if (this.#response === undefined) {
      const decoded = decodeResponse(this.#bytes!);
      return isSmall(decoded) ? Reply.of(decoded) : this;
    }
    return Reply.encoded(this.bytes);
  }

  /** Bytes that a kept answer takes, as a function of the answer alone. */
  get weight(): number {
    if (this.#response !== undefined && isSmall(this.#response)) return KEPT_REPLY_BYTES;
    return KEPT_REPLY_BYTES + this.bytes.length;
  }
}

/** An answer that is a few numbers: kept as it is. */
function isSmall(response: Response | CoreError): boolean {
  if (response instanceof CoreError) return false;
  switch (response.kind) {
    case 'put':
      return response.prevKv === undefined;
    case 'delete-range':
      return response.prevKvs.length === 0;
    case 'compact':
    case 'lease-grant':
    case 'lease-revoke':
    case 'session':
    case 'lease-epoch':
      return true;
    default:
      return false;
  }
}

/** Copies of all keys and values, so that a caller can keep and change what it got. */
export function plainResponse<T extends Response | CoreError>(response: T): T {
  if (response instanceof CoreError) return response;
  const known = response as Response;
  switch (known.kind) {
    case 'put':
    case 'range':
    case 'delete-range':
    case 'txn':
      return plainPart(known) as Response as T;
    default:
      return response;
  }
}

function plainPart(part: TxnOperationResponse): TxnOperationResponse {
  switch (part.kind) {
    case 'put':
      return part.prevKv === undefined ? part : { ...part, prevKv: plainKeyValue(part.prevKv) };
    case 'delete-range':
      return { ...part, prevKvs: part.prevKvs.map(plainKeyValue) };
    case 'range':
      return { ...part, kvs: part.kvs.map(plainKeyValue) };
    case 'txn':
      return { ...part, responses: part.responses.map(plainPart) };
  }
}
