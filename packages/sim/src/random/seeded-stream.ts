/**
 * A named random stream: sfc32 (Doty-Humphrey, PractRand), which needs only 32-bit integer operations and so gives
 * the same numbers on every engine. The exponential avoids `Math.log`, which engines may round differently.
 */
import type { RandomStream } from '@quorate/env';
import { assert } from '@quorate/patterns/base';
import { exponentialQuantile } from './exponential.ts';
import { expandSeed, type Seed } from './seed.ts';

const TWO_32 = 4294967296;

/** A delay in milliseconds: a floor plus an exponentially distributed part with that mean. */
export interface Delay {
  readonly minMs: number;
  readonly meanMs: number;
}

export class SeededStream implements RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: Seed, label: string) {
    const words = new Uint32Array(4);
    expandSeed(seed, label, words);
    this.#a = words[0]! | 0;
    this.#b = words[1]! | 0;
    this.#c = words[2]! | 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  float(): number {
    return this.uint32() / TWO_32;
  }

  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound <= 0) {
      throw new RangeError(`bound must be a positive safe integer, but was ${bound}`);
    }
    if (bound <= TWO_32) {
      const limit = TWO_32 - (TWO_32 % bound);
      let word = this.uint32();
      while (word >= limit) word = this.uint32();
      return word % bound;
    }
    const range = 2 ** 53;
    const limit = range - (range % bound);
    for (;;) {
      const wide = (this.uint32() >>> 11) * TWO_32 + this.uint32();
      if (wide < limit) return wide % bound;
    }
  }

  fill(target: Uint8Array): Uint8Array {
    for (let i = 0; i < target.length; ) {
      let word = this.uint32();
      for (const end = Math.min(i + 4, target.length); i < end; i++) {
        target[i] = word;
        word >>>= 8;
      }
    }
    return target;
  }

  /** True with the given probability. Draws nothing when it is 0, so that a fault switched off costs nothing. */
  chance(probability: number): boolean {
    return probability > 0 && this.float() < probability;
  }

  /** A uniform integer in [min, max]. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** A sample of `delay`, in whole microseconds. */
  delayUs(delay: Delay): number {
    const extraMs = delay.meanMs > 0 ? delay.meanMs * exponentialQuantile(this.uint32()) : 0;
    return Math.round((delay.minMs + extraMs) * 1000);
  }

  /** An exponential sample with that mean. At most about 22 times the mean. */
  exponential(mean: number): number {
    return mean * exponentialQuantile(this.uint32());
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'cannot pick from an empty list');
    return items[this.below(items.length)]!;
  }

  /** A new array, shuffled (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }
}
