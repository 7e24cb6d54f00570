import { clear } from '@quorate/patterns/base';
import type { Slab } from './slab.ts';

/** Bytes that the process has written and the system has not taken. Bounded by its owner, who is told `congested`. */
export class Outbox {
  sizeBytes = 0;
  readonly #slab: Slab;
  #chunks: Uint8Array[] = [];
  #head = 0;
  /** Bytes of the first chunk that have been taken. */
  #offset = 0;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.sizeBytes += chunk.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#offset = 0;
    this.sizeBytes = 0;
  }

  /** The next `sizeBytes` bytes, as a copy that belongs to the receiver. */
  take(sizeBytes: number): Uint8Array {
    const taken = this.#slab.take(sizeBytes);
    let filled = 0;
    while (filled < sizeBytes) {
      const chunk = this.#chunks[this.#head]!;
      const count = Math.min(chunk.length - this.#offset, sizeBytes - filled);
      taken.set(count === chunk.length ? chunk : chunk.subarray(this.#offset, this.#offset + count), filled);
      filled += count;
      this.#offset += count;
      if (this.#offset === chunk.length) this.#next();
    }
    this.sizeBytes -= sizeBytes;
    return taken;
  }

  #next(): void {
    this.#offset = 0;
    this.#head += 1;
    if (this.#head === this.#chunks.length) {
      clear(this.#chunks);
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
