import type { FramedConnection } from './framed-connection.ts';

/** Bulk bytes that wait for a congested socket; more are not taken. */
export const BULK_QUEUED_BYTES_MAX: number = 64 * 1024 * 1024;
/** Bytes that a socket may hold before even urgent frames are dropped: the peer has long stopped reading. */
export const SOCKET_BYTES_MAX: number = 16 * 1024 * 1024;

/**
 * Two lanes into one socket. Urgent frames are handed to the socket at once; bulk frames only while it is not congested. So an urgent
 * frame waits behind no more than the socket's high-water mark and one bulk frame.
 */
export class Lanes {
  readonly #framed: FramedConnection;
  #bulk: (readonly Uint8Array[])[] = [];
  #head = 0;
  #bulkBytes = 0;

  constructor(framed: FramedConnection) {
    this.#framed = framed;
  }

  get queuedBytes(): number {
    return this.#bulkBytes + this.#framed.connection.bufferedBytes;
  }

  /** False when it was dropped. */
  urgent(pieces: readonly Uint8Array[]): boolean {
    if (this.#framed.connection.bufferedBytes > SOCKET_BYTES_MAX) return false;
    this.#framed.write(pieces);
    return true;
  }

  /** False when it was dropped. */
  bulk(pieces: readonly Uint8Array[]): boolean {
    if (this.#bulkBytes === 0 && !this.#framed.connection.congested) {
      this.#framed.write(pieces);
      return true;
    }
    if (this.#bulkBytes > BULK_QUEUED_BYTES_MAX) return false;
    this.#bulk.push(pieces);
    this.#bulkBytes += size(pieces);
    return true;
  }

  /** The socket takes more again. */
  drained(): void {
    while (this.#head < this.#bulk.length && !this.#framed.connection.congested) {
      const pieces = this.#bulk[this.#head++]!;
      this.#bulkBytes -= size(pieces);
      this.#framed.write(pieces);
    }
    if (this.#head === this.#bulk.length) {
      this.#bulk = [];
      this.#head = 0;
    }
  }
}

function size(pieces: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  return bytes;
}
