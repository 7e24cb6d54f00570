/** Where a frame that does not lie within one chunk is put together. */
export interface FrameMemory {
  /** A buffer of any size, to start a payload of `payloadBytes` in: it is exchanged for a larger one when more has arrived than fits. */
  take(payloadBytes: number): Uint8Array;
  /** `buffer`, of whatever size it has grown to, is not needed any more, and nobody looks into it. */
  give?(buffer: Uint8Array): void;
}

const START_BYTES = 64 * 1024;

/** For callers that nobody knows: a claimed length costs nothing until its bytes come. */
export const FRUGAL_MEMORY: FrameMemory = {
  take: (payloadBytes) => new Uint8Array(Math.min(payloadBytes, START_BYTES)),
};

/** For callers that are trusted to send what they announce: a payload is copied once. */
export const TRUSTING_MEMORY: FrameMemory = {
  take: (payloadBytes) => new Uint8Array(payloadBytes),
};

const SPARE_BUFFERS_MAX = 8;
const SPARE_BYTES_MAX: number = 1024 * 1024;

/**
 * For many connections whose payloads are read at once and not kept: the next ones come into the same buffers. Large buffers that are always new
 * cost more than what is done with their bytes: the system clears their pages, and the collector hears of them as memory in use.
 * Keeps at most 8 MiB.
 */
export class RecyclingMemory implements FrameMemory {
  readonly #spare: Uint8Array[] = [];

  take(payloadBytes: number): Uint8Array {
    return this.#spare.pop() ?? FRUGAL_MEMORY.take(payloadBytes);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length <= SPARE_BYTES_MAX && this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(buffer);
  }
}
