import { assert } from './assert.ts';

/**
 * Throws for text with half of a surrogate pair: UTF-8 cannot hold it, so that whoever reads it back has another text, and two that differed may have
 * become one. `what` it is, in the error.
 */
export function expectWellFormed(text: string, what: string): void {
  // Known to every engine that is supported, though not yet to the compiler's library.
  const { isWellFormed } = text as string & { isWellFormed(): boolean };
  assert(isWellFormed.call(text), `${what} must be well-formed text, without half of a surrogate pair`);
}
