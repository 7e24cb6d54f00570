/** gRPC's message framing: one flag byte, four bytes of length, the message. */

export const PREFIX_BYTES = 5;

/** What a chunk of a call's body can be wrong about. */
export type FrameFault = { readonly kind: 'compressed' } | { readonly kind: 'too-large'; readonly sizeBytes: number };

/**
 * Cuts a call's body into messages, whatever the chunks they arrive in. A message that lies within one chunk is a view of
 * it; one that spans chunks is copied once. At most one message's worth of bytes is held.
 */
export class MessageAssembler {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Bytes that the message being gathered needs in all, with its prefix; the prefix's length until that is complete. */
  #needed = PREFIX_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a message has begun and not ended. */
  get partial(): boolean {
    return this.#held > 0;
  }

  /** Calls `deliver` for each message that is complete. Stops at a fault; the call cannot go on after one. */
  push(chunk: Uint8Array, deliver: (message: Uint8Array) => void): FrameFault | undefined {
    let rest = chunk;
    if (this.#held > 0) {
      const joined = this.#join(rest);
      if (joined === undefined) return undefined;
      rest = joined;
    }
    while (rest.length >= PREFIX_BYTES) {
      const fault = this.#fault(rest);
      if (fault !== undefined) return fault;
      const size = PREFIX_BYTES + lengthOf(rest);
      if (rest.length < size) {
        this.#needed = size;
        break;
      }
      deliver(rest.subarray(PREFIX_BYTES, size));
      rest = rest.subarray(size);
    }
    if (rest.length > 0) this.#hold(rest);
    return undefined;
  }

  /** Everything held and `chunk` as one, once that makes progress possible. */
  #join(chunk: Uint8Array): Uint8Array | undefined {
    this.#hold(chunk);
    if (this.#held < this.#needed) return undefined;
    const joined = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#held);
    this.#parts = [];
    this.#held = 0;
    this.#needed = PREFIX_BYTES;
    return joined;
  }

  #hold(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#held += chunk.length;
  }

  #fault(prefix: Uint8Array): FrameFault | undefined {
    if (prefix[0] !== 0) return { kind: 'compressed' };
    const sizeBytes = lengthOf(prefix);
    return sizeBytes > this.#maxBytes ? { kind: 'too-large', sizeBytes } : undefined;
  }
}

function lengthOf(prefix: Uint8Array): number {
  return prefix[1]! * 0x1000000 + ((prefix[2]! << 16) | (prefix[3]! << 8) | prefix[4]!);
}
