/** Carves small buffers out of large ones, which is several times cheaper than an allocation each. */
const SLAB_BYTES = 64 * 1024;
const LARGE_BYTES = 8 * 1024;

export class Slab {
  #slab = new Uint8Array(SLAB_BYTES);
  #used = 0;

  /** A zeroed piece that nobody else has. */
  take(sizeBytes: number): Uint8Array {
    if (sizeBytes > LARGE_BYTES) return new Uint8Array(sizeBytes);
    if (this.#used + sizeBytes > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const piece = this.#slab.subarray(this.#used, this.#used + sizeBytes);
    this.#used += sizeBytes;
    return piece;
  }

  copyOf(bytes: Uint8Array): Uint8Array {
    const copy = this.take(bytes.length);
    copy.set(bytes);
    return copy;
  }
}
