/** Fills an array with uniform random bytes: `crypto.getRandomValues`, or a seeded stream in simulation. */
export type RandomFill = (target: Uint8Array) => unknown;

const POOL_BYTES = 4096;

/** Draws random bytes in large lots, because a call of the platform costs as much as hundreds of bytes. */
export class RandomPool {
  readonly #fill: RandomFill;
  readonly #bytes: Uint8Array = new Uint8Array(POOL_BYTES);
  #at = POOL_BYTES;

  constructor(fill: RandomFill) {
    this.#fill = fill;
  }

  /** A uniform integer in [0, 2^16). */
  uint16(): number {
    if (this.#at === POOL_BYTES) this.#refill();
    const at = this.#at;
    this.#at = at + 2;
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16();
  }

  #refill(): void {
    this.#fill(this.#bytes);
    this.#at = 0;
  }
}
