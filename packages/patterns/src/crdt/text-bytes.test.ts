import { expect, test } from 'vitest';
import { DotContext } from '../time/index.ts';
import { decodeCrdt, encodeCrdt, StateReader, StateWriter, text } from './index.ts';
import { readText } from './text-bytes.ts';

/** One actor, a, with one block on the root, of runs as they are written. */
function ofRuns(...runs: readonly (readonly [head: number, length: number])[]): StateReader {
  const writer = new StateWriter();
  writer.uint(2);
  writer.name('a');
  writer.uint(1);
  writer.uint(0);
  writer.uint((runs.length - 1) * 3);
  for (const [head, length] of runs) {
    writer.uint(head);
    writer.uint(length);
  }
  return new StateReader(writer.take());
}

test('bytes are refused at once where they claim more actors, blocks or runs than there is room for', () => {
  const read = (...bytes: number[]) => readText(new StateReader(Uint8Array.from(bytes)));
  // The name takes three bytes, the number of blocks one.
  const actor = [2, 0, 1, 97, 1];
  const whole = read(...actor, 0, 0, 1, 1, 98);
  expect(whole.all).toEqual([
    [{ id: { actor: 'a', counter: 1 }, parent: undefined, offset: 1, runs: [{ from: 0, length: 1, text: 'b' }] }],
  ]);
  expect(() => read(...actor, 0)).toThrow(/1 items claimed, 5 bytes left/);
  expect(() => read(...actor, 0, 0, 1)).toThrow(/1 items claimed, 3 bytes left/);
  expect(() => read(...actor, 0, 3, 1, 1, 98)).toThrow(/2 items claimed, 3 bytes left/);
});

test('runs end within safe integers', () => {
  const half = 2 ** 52;
  expect(readText(ofRuns([2 * (half - 1), half])).all[0]![0]!.runs).toEqual([
    { from: half - 1, length: half, text: undefined },
  ]);
  expect(() => readText(ofRuns([2 * (half - 1), half + 1]))).toThrow(/run of text/);
  expect(() => readText(ofRuns([0, 0]))).toThrow(/must not be empty/);
});

test('a text that was read goes on with names that were never used, and is written as it was', () => {
  let state = text.empty;
  // Each at the front of what is there, so that it is a block of its own.
  for (const actor of ['b', 'a', 'a', 'c', 'b', 'a', 'b', 'c'])
    state = text.merge(state, text.insert(state, 0, actor, actor));
  const bytes = encodeCrdt(text, state);
  const read = decodeCrdt(text, bytes);
  expect(encodeCrdt(text, read)).toEqual(bytes);
  expect(['a', 'b', 'c', 'd'].map((actor) => read.blocks.last(actor))).toEqual([3, 3, 2, 0]);
  for (const actor of ['a', 'b', 'c', 'd'])
    expect(text.value(text.merge(read, text.insert(read, 0, '!', actor)))).toBe(`!${text.value(state)}`);
  expect(read.collected).toBe(DotContext.empty);
});
