/** gRPC's message framing: one flag byte, four bytes of length, the message. */

export const PREFIX_BYTES = 5;

/** What is wrong with a call's body. */
export type FrameFault =
  | { readonly kind: 'compressed' }
  | { readonly kind: 'unknown-flag'; readonly flag: number }
  | { readonly kind: 'too-large'; readonly sizeBytes: number }
  | { readonly kind: 'too-much-held' };

/** What several assemblers may hold together. */
export interface HoldBudget {
  heldBytes: number;
  readonly maxBytes: number;
}

/**
 * Cuts a call's body into messages, whatever the chunks they arrive in. A message that lies within one chunk is a view of
 * it; one that spans chunks is copied once. At most one message's worth of bytes is held.
 */
export class MessageAssembler {
  readonly #maxBytes: number;
  readonly #budget: HoldBudget | undefined;
  #parts: Uint8Array[] = [];
  #held = 0;
  /** Bytes that the message being gathered needs in all, with its prefix; the prefix's length until that is complete. */
  #needed = PREFIX_BYTES;

  constructor(maxBytes: number, budget?: HoldBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** True while a message has begun and not ended. */
  get partial(): boolean {
    return this.#held > 0;
  }

  /** Calls `deliver` for each message that is complete. Stops at a fault; the call cannot go on after one. */
  push(chunk: Uint8Array, deliver: (message: Uint8Array) => void): FrameFault | undefined {
    let rest = chunk;
    if (this.#held > 0) {
      this.#hold(rest);
      if (this.#held < this.#needed) return this.#overdrawn();
      rest = this.#takeHeld();
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
    if (rest.length === 0) return undefined;
    this.#hold(rest);
    return this.#overdrawn();
  }

  /** Forgets what is held: the call is over. */
  drop(): void {
    if (this.#held > 0) this.#takeHeld();
  }

  #hold(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#budget !== undefined) this.#budget.heldBytes += chunk.length;
  }

  #takeHeld(): Uint8Array {
    const joined = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#held);
    if (this.#budget !== undefined) this.#budget.heldBytes -= this.#held;
    this.#parts = [];
    this.#held = 0;
    this.#needed = PREFIX_BYTES;
    return joined;
  }

  #overdrawn(): FrameFault | undefined {
    const budget = this.#budget;
    return budget !== undefined && budget.heldBytes > budget.maxBytes ? { kind: 'too-much-held' } : undefined;
  }

  #fault(prefix: Uint8Array): FrameFault | undefined {
    const flag = prefix[0]!;
    if (flag !== 0) return flag === 1 ? { kind: 'compressed' } : { kind: 'unknown-flag', flag };
    const sizeBytes = lengthOf(prefix);
    return sizeBytes > this.#maxBytes ? { kind: 'too-large', sizeBytes } : undefined;
  }
}

function lengthOf(prefix: Uint8Array): number {
  return prefix[1]! * 0x1000000 + ((prefix[2]! << 16) | (prefix[3]! << 8) | prefix[4]!);
}
