import type { RandomNumber } from '../base/index.ts';

/** A seeded generator for tests: 32 bits of state, a multiply-and-xorshift mix of a counter. */
export function seeded(seed: number): RandomNumber {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
