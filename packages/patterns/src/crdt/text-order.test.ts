import { expect, test } from 'vitest';
import type { Dot } from '../time/index.ts';
import type { TextBlock, TextRun } from './text-block.ts';
import { TextBlocks } from './text-blocks.ts';
import { spansOf } from './text-order.ts';

/** Of runs that stand side by side; `-` for each character that was deleted, `?` for each that was not seen yet. */
function block(actor: string, parent: Dot | undefined, offset: number, ...states: string[]): TextBlock[] {
  const runs: TextRun[] = [];
  let from = 0;
  for (const state of states) {
    const { length } = state;
    if (state[0] !== '?') runs.push({ from, length, text: state[0] === '-' ? undefined : state });
    from += length;
  }
  return [{ id: { actor, counter: 1 }, parent, offset, runs }];
}
const on: Dot = { actor: 'm', counter: 1 };

function shown(...blocks: TextBlock[][]): string[] {
  const found: string[] = [];
  spansOf(TextBlocks.of(blocks)).forEach(({ block: { actor }, from, text }) => {
    found.push(`${actor}${from}:${text}`);
  });
  return found;
}

test('what hangs on a block at 2i stands just before its character i, at 2i + 1 just behind, and cuts it there', () => {
  const m = block('m', undefined, 1, 'abc');
  const at = (offset: number): string[] => shown(m, block('x', on, offset, 'X'));
  expect(at(0)).toEqual(['x0:X', 'm0:abc']);
  expect(at(1)).toEqual(['m0:a', 'x0:X', 'm1:bc']);
  expect(at(2)).toEqual(at(1));
  expect(at(3)).toEqual(['m0:ab', 'x0:X', 'm2:c']);
  expect(at(5)).toEqual(['m0:abc', 'x0:X']);
  // Further than any text is long, as bytes from elsewhere may have it.
  for (const offset of [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) expect(at(offset)).toEqual(at(5));
});

test('nothing is left of a block between what hangs on it at the same place', () => {
  const m = block('m', undefined, 1, 'abcd');
  const at = (offset: number, ...actors: string[]): TextBlock[][] =>
    actors.map((actor) => block(actor, on, offset, actor.toUpperCase()));
  expect(shown(m, ...at(3, 'x', 'y', 'z'))).toEqual(['m0:ab', 'x0:X', 'y0:Y', 'z0:Z', 'm2:cd']);
  expect(shown(m, ...at(4, 'y', 'z'), ...at(3, 'x'))).toEqual(['m0:ab', 'x0:X', 'y0:Y', 'z0:Z', 'm2:cd']);
});

test('what was deleted, and what was not seen yet, is passed over on either side', () => {
  const m = block('m', undefined, 1, 'ab', '--', 'ef', '??', 'ij');
  const at = (offset: number): string[] => shown(m, block('x', on, offset, 'X'));
  expect(at(4)).toEqual(['m0:ab', 'x0:X', 'm4:ef', 'm8:ij']);
  expect(at(6)).toEqual(at(4));
  expect(at(8)).toEqual(at(4));
  expect(at(10)).toEqual(['m0:ab', 'm4:e', 'x0:X', 'm5:f', 'm8:ij']);
  expect(at(14)).toEqual(['m0:ab', 'm4:ef', 'x0:X', 'm8:ij']);
  expect(shown(m, block('x', on, 6, 'X'), block('y', on, 14, 'Y'))).toEqual([
    'm0:ab',
    'x0:X',
    'm4:ef',
    'y0:Y',
    'm8:ij',
  ]);
});

test('what stands at one place is in the order of the names of actors, whichever those are', () => {
  const names = ['north', 'n', 'south', 'east-2', 'west', 'east', 'zenith', 'a'];
  const sorted = [...names].sort().map((name) => `${name}0:${name}`);
  expect(shown(...names.map((name) => block(name, undefined, 1, name)))).toEqual(sorted);
  const m = block('m', undefined, 1, '--');
  expect(shown(m, ...names.map((name) => block(name, on, 2, name)))).toEqual(sorted);
  for (const pair of [names.slice(0, 2), names.slice(2, 4), names.slice(4, 6), names.slice(6, 8)])
    expect(shown(...pair.map((name) => block(name, undefined, 1, name)))).toEqual(
      [...pair].sort().map((name) => `${name}0:${name}`),
    );
});
