import { hex32 } from '../random/seed.ts';

/**
 * A rolling 64-bit digest of everything that happened. Two runs with equal digests did the same things in the same
 * order; it is no defence against somebody who looks for collisions. Integer operations only, so equal on every engine.
 */
export class Digest {
  #a = 0x6a09e667 | 0;
  #b = 0xbb67ae85 | 0;

  /** Takes in 32 bits. */
  fold(word: number): void {
    const a = Math.imul(this.#a ^ word, 0x9e3779b1);
    const b = Math.imul((this.#b + word) ^ (a >>> 15), 0x85ebca77);
    this.#a = a ^ (b >>> 13);
    this.#b = ((b << 11) | (b >>> 21)) + 0x165667b1;
  }

  /** Takes in a non-negative integer below 2^53. */
  foldWide(value: number): void {
    this.fold(value | 0);
    if (value > 0xffffffff) this.fold((value / 4294967296) | 0);
  }

  foldText(text: string): void {
    this.fold(text.length);
    for (let i = 0; i < text.length; i++) this.fold(text.charCodeAt(i));
  }

  /** Sixteen hex digits. */
  hex(): string {
    return hex32(mix(this.#a)) + hex32(mix(this.#b ^ this.#a));
  }
}

/** A 32-bit hash of a byte sequence: four bytes per step. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = 0x2f0b4f1d ^ bytes.length;
  const whole = bytes.length & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash = Math.imul(hash ^ word, 0xcc9e2d51);
    hash ^= hash >>> 15;
  }
  for (; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x1b873593);
  return hash | 0;
}

function mix(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  return once ^ (once >>> 13);
}
