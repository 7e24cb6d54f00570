import { expect } from 'vitest';

/**
 * What a step puts out, in a list that has something in it already: a driver may collect several steps in one list, so what is new must come behind.
 */
export function outOf<Effect>(step: (out: Effect[]) => void): Effect[] {
  const before = {} as Effect;
  const out = [before];
  step(out);
  expect(out[0], 'what was put out before').toBe(before);
  return out.slice(1);
}
