import { expect, test } from 'vitest';
import type { Dot } from '../time/index.ts';
import { randomFrom } from './laws.fixture.ts';
import { type TextSpan, TextSpans } from './text-spans.ts';

/** Never the same object twice, as in deltas from elsewhere. */
const dot = (n: number): Dot => ({ actor: 'ab'[n % 2]!, counter: n >>> 1 });
const name = ({ actor, counter }: Dot): string => `${actor}${counter}.`;

/** One per character. */
type Model = { readonly block: Dot; readonly index: number; readonly text: string }[];

const shown = (spans: TextSpans, from?: number, to?: number): string => {
  const all: string[] = [];
  const visit = ({ block, from: at, text }: TextSpan): void => {
    all.push(...[...text].map((c, n) => `${name(block)}${at + n}${c}`));
  };
  spans.forEach(visit, from, to);
  return all.join(' ');
};
const shownModel = (model: Model): string =>
  model.map(({ block, index, text }) => `${name(block)}${index}${text}`).join(' ');

test('after any edits the characters are those of a list, at every index and in every range, and trees before stay as they were', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomFrom(seed);
    const model: Model = [];
    const ends: number[] = [0, 0, 0, 0];
    let spans = TextSpans.of([]);
    let [old, oldShown] = [spans, ''];
    for (let step = 0; step < 400; step++) {
      const from = random(model.length + 1);
      const removed = random(4) === 0 ? random(Math.min(model.length - from, random(8) ? 5 : 200) + 1) : 0;
      // Few blocks, so that many insertions go on in what stands before them.
      const number = random(4);
      const block = dot(number);
      const start = ends[number]!;
      const text = 'xyz'.slice(0, 1 + random(3));
      const inserted = removed > 0 && random(2) ? undefined : { block, from: start, text };
      spans = spans.splice(from, from + removed, inserted);
      model.splice(from, removed, ...(inserted ? [...text].map((c, n) => ({ block, index: start + n, text: c })) : []));
      if (inserted) ends[number] = start + text.length;
      expect(spans.length).toBe(model.length);
      if (step % 20 > 0) continue;
      expect(shown(spans)).toBe(shownModel(model));
      const [first, last] = [random(model.length + 1), random(model.length + 1)].sort((a, b) => a - b);
      expect(shown(spans, first, last)).toBe(shownModel(model.slice(first, last)));
      for (let index = -1; index <= model.length; index++) {
        const at = spans.at(index);
        expect(at && `${name(at.span.block)}${at.span.from + at.within}`).toBe(
          index < 0 || index === model.length ? undefined : `${name(model[index]!.block)}${model[index]!.index}`,
        );
      }
      expect(shown(old)).toBe(oldShown);
      [old, oldShown] = [spans, shown(spans)];
    }
    expect(spans.splice(0, spans.length, undefined).length).toBe(0);
  }
});

test('what goes on in the block before it becomes one span with it', () => {
  const count = (spans: TextSpans): number => {
    let all = 0;
    spans.forEach(() => {
      all += 1;
    });
    return all;
  };
  // Of one character each, and of 200 blocks, so that there are several nodes; on is typed at the end of each.
  const many = Array.from({ length: 200 }, (_, n): TextSpan => ({ block: dot(n), from: 0, text: 'x' }));
  for (let n = 0; n < many.length; n++) {
    const on = TextSpans.of(many).splice(n + 1, n + 1, { block: dot(n), from: 1, text: 'y' });
    expect([count(on), on.at(n + 1)]).toEqual([200, { span: { block: dot(n), from: 0, text: 'xy' }, within: 1 }]);
  }
});

test('nodes are built of 24, grow to 32 before they are halved, and join when they have 12 together', () => {
  const spans = (count: number): TextSpan[] =>
    Array.from({ length: count }, (_, n) => ({ block: dot(n), from: 0, text: 'x' }));
  const depths = (built: readonly number[]): number[] =>
    built.map((count) => {
      const tree = TextSpans.of(spans(count));
      expect(shown(tree).split(' ').length).toBe(count);
      return tree.depth;
    });
  expect(depths([1, 24, 25, 24 * 24, 24 * 24 + 1])).toEqual([1, 1, 2, 2, 3]);
  let typed = TextSpans.of([]);
  const grown = spans(33).map((span) => {
    typed = typed.splice(0, 0, span);
    return typed.depth;
  });
  expect(grown).toEqual([...Array.from({ length: 32 }, () => 1), 2]);
  const two = typed;
  // Seventeen more fill the first leaf again, and the root has place for 32 leaves.
  for (let n = 33; n < 559; n++) typed = typed.splice(0, 0, { block: dot(n), from: 0, text: 'x' });
  expect([typed.depth, typed.splice(0, 0, { block: dot(559), from: 0, text: 'x' }).depth]).toEqual([2, 3]);
  typed = two;
  // A half that is taken away leaves no node behind.
  expect([15, 16].map((count) => typed.splice(0, count, undefined).depth)).toEqual([2, 1]);
  expect([23, 24].map((count) => TextSpans.of(spans(48)).splice(0, count, undefined).depth)).toEqual([2, 1]);
  // Two nodes, of 24 and of 1: the first is taken from.
  const left = (count: number): number => TextSpans.of(spans(25)).splice(0, 25 - count, undefined).depth;
  expect([left(14), left(13), left(12), left(2)]).toEqual([2, 2, 1, 1]);
  // Two nodes, of 6 and of 24: the second is taken from.
  const six = TextSpans.of(spans(48)).splice(0, 18, undefined);
  expect([7, 6].map((count) => six.splice(7, 7 + 24 - count, undefined).depth)).toEqual([2, 1]);
});

test('an edit costs the depth of the tree, however it came about', () => {
  // Typed one by one at the front, at the back and in the middle, then almost all taken away in pieces: what is left is as quick to edit as a small one.
  let spans = TextSpans.of([]);
  for (let n = 0; n < 3000; n++) {
    const at = [0, spans.length, spans.length >>> 1][n % 3]!;
    spans = spans.splice(at, at, { block: dot(n), from: 0, text: 'x' });
  }
  expect(spans.depth).toBeLessThanOrEqual(3);
  while (spans.length > 30) spans = spans.splice(spans.length >>> 2, (spans.length >>> 2) + 7, undefined);
  expect(spans.depth).toBeLessThanOrEqual(2);
  expect(spans.splice(0, spans.length, undefined).depth).toBe(1);
});
