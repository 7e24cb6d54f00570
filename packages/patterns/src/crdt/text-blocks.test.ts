import { expect, test } from 'vitest';
import { DotContext } from '../time/index.ts';
import type { TextBlock } from './text-block.ts';
import { TextBlocks } from './text-blocks.ts';

const block = (actor: string, counter: number): TextBlock => ({
  id: { actor, counter },
  parent: undefined,
  offset: 1,
  runs: [{ from: 0, length: 1, text: 'x' }],
});
const blocks = TextBlocks.of([
  [block('a', 1), block('a', 2)],
  [block('b', 7), block('b', 40), block('b', 50)],
]);

test('merging shares what it can: nothing is made anew of what one side has', () => {
  expect(TextBlocks.empty.merge(blocks, DotContext.empty)).toBe(blocks);
  expect(blocks.merge(TextBlocks.ofOne(block('b', 40)), DotContext.empty)).toBe(blocks);
});

test('what was collected is not taken over, and counters that were used stay so', () => {
  const left = TextBlocks.empty.merge(
    blocks,
    DotContext.of([block('a', 1), block('a', 2), block('b', 50)].map(({ id }) => id)),
  );
  expect(left.sorted().map((ofActor) => ofActor.map(({ id }) => `${id.actor}${id.counter}`))).toEqual([['b7', 'b40']]);
  expect([left.size, left.last('a'), left.last('b')]).toEqual([2, 0, 50]);
});

test('all but one are the rest, of which the largest counter stays known', () => {
  const left = blocks.without({ actor: 'b', counter: 50 }).without({ actor: 'a', counter: 1 });
  expect([left.size, left.last('b'), left.get({ actor: 'b', counter: 50 })]).toEqual([3, 50, undefined]);
  expect(left.without({ actor: 'a', counter: 2 }).equals(TextBlocks.of([[block('b', 7), block('b', 40)]]))).toBe(true);
});
