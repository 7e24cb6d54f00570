import { randomFillSync } from 'node:crypto';
import type { Random, RandomStream } from '../random.ts';

/**
 * Doty-Humphrey's sfc32: 128 bits of state, passes PractRand, four additions per number. Not for secrets: keys and tokens
 * come from the platform's generator.
 */
class Sfc32 implements RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(a: number, b: number, c: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const out = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  float(): number {
    return ((this.uint32() >>> 6) * 2 ** 27 + (this.uint32() >>> 5)) / 2 ** 53;
  }

  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`below: the bound must be a positive safe integer, got ${bound}`);
    }
    if (bound > 2 ** 32) return this.#belowWide(bound);
    // Lemire's rejection, without the multiplication: the numbers over the last whole multiple of `bound` are drawn again.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < limit) return drawn % bound;
    }
  }

  #belowWide(bound: number): number {
    const limit = 2 ** 53 - (2 ** 53 % bound);
    for (;;) {
      const drawn = (this.uint32() >>> 11) * 2 ** 32 + this.uint32();
      if (drawn < limit) return drawn % bound;
    }
  }

  fill(target: Uint8Array): Uint8Array {
    let word = 0;
    for (let i = 0; i < target.length; i++) {
      word = i % 4 === 0 ? this.uint32() : word >>> 8;
      target[i] = word;
    }
    return target;
  }
}

/** Streams by name. With a seed, a stream is a function of seed and name; without, each run draws its own seed. */
export class NodeRandom implements Random {
  readonly #seed: readonly [number, number];
  readonly #streams = new Map<string, RandomStream>();

  constructor(seed: number | undefined) {
    if (seed === undefined) {
      const words = randomFillSync(new Uint32Array(2));
      this.#seed = [words[0]!, words[1]!];
    } else {
      this.#seed = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    }
  }

  stream(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new Sfc32(this.#seed[0], this.#seed[1], fnv1a(name));
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

/** Fowler-Noll-Vo, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
