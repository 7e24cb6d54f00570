/** What people do to a text, as edits of one character or a few, from a seed. */

export interface Edit {
  readonly at: number;
  /** Characters that are deleted; then nothing is inserted. */
  readonly removed: number;
  readonly inserted: string;
}

const SEED = 20_250_101;
const LETTERS = 'the quick brown fox jumps over a lazy dog ';

/** A linear congruential generator: how good it is does not matter, that it is the same everywhere does. */
function random(): (below: number) => number {
  let state = SEED;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const letter = (i: number): string => LETTERS[i % LETTERS.length]!;

/** One character after the other, at the end. */
export const typing = (count: number): Edit[] =>
  Array.from({ length: count }, (_, i) => ({ at: i, removed: 0, inserted: letter(i) }));

/** Each character anywhere: worse than what people do. */
export function randomPlaces(count: number): Edit[] {
  const below = random();
  return Array.from({ length: count }, (_, i) => ({ at: below(i + 1), removed: 0, inserted: letter(i) }));
}

/**
 * Somebody writes: bursts of up to thirty characters, most of them where the last one ended and some elsewhere, one character in ten taken back at once,
 * and now and then up to twenty that stood there before.
 */
export function writing(count: number): Edit[] {
  const below = random();
  const edits: Edit[] = [];
  let length = 0;
  let cursor = 0;
  const insert = (): void => {
    edits.push({ at: cursor, removed: 0, inserted: letter(edits.length) });
    cursor += 1;
    length += 1;
  };
  const remove = (at: number, removed: number): void => {
    edits.push({ at, removed, inserted: '' });
    cursor = at;
    length -= removed;
  };
  while (edits.length < count) {
    if (below(4) === 0) cursor = below(length + 1);
    for (let left = 1 + below(30); left > 0 && edits.length < count; left--) {
      if (below(10) === 0 && cursor > 0) remove(cursor - 1, 1);
      else insert();
    }
    if (below(8) === 0 && edits.length < count && length > cursor)
      remove(cursor, 1 + below(Math.min(20, length - cursor)));
  }
  return edits;
}
