import { expect, test } from 'vitest';
import { decodeCrdt, encodeCrdt, text } from './index.ts';

type Text = typeof text.empty;
const typed = (state: Text, actor: string, index: number, what: string): Text =>
  text.merge(state, text.insert(state, index, what, actor));
const erased = (state: Text, index: number, count: number): Text => text.merge(state, text.delete(state, index, count));
const shown = (...states: Text[]): string => {
  const forwards = text.value(states.reduce(text.merge));
  expect(text.value([...states].reverse().reduce(text.merge))).toBe(forwards);
  return forwards;
};
/** Types a text one character after the other, from `index` on; backwards: each before the last. */
const letters = (state: Text, actor: string, index: number, what: string, backwards = false): Text =>
  [...what].reduce((s, letter, n) => typed(s, actor, backwards ? index : index + n, letter), state);

test('insertions and deletions at any index are those of a string', () => {
  let state = typed(text.empty, 'a', 0, 'held');
  state = typed(state, 'a', 3, 'lo worl');
  expect(shown(state)).toBe('hello world');
  state = erased(state, 4, 2);
  expect(shown(state)).toBe('hellworld');
  state = typed(state, 'b', 4, '! ');
  expect(shown(state)).toBe('hell! world');
  expect(text.length(state)).toBe(11);
  expect(shown(erased(state, 0, 11))).toBe('');
  expect(text.merge(state, text.delete(state, 3, 0))).toBe(state);
});

test('Fugue: what two type at the same spot is not mixed, forwards', () => {
  const base = typed(text.empty, 'a', 0, '[]');
  const a = letters(base, 'a', 1, 'milk');
  const b = letters(base, 'b', 1, 'eggs');
  expect(['[milkeggs]', '[eggsmilk]']).toContain(shown(a, b));
});

test('Fugue: what two type at the same spot is not mixed, backwards', () => {
  const base = typed(text.empty, 'a', 0, '[]');
  const a = letters(base, 'a', 1, 'klim', true);
  const b = letters(base, 'b', 1, 'sgge', true);
  expect(['[milkeggs]', '[eggsmilk]']).toContain(shown(a, b));
  expect(['milkeggs', 'eggsmilk']).toContain(
    shown(letters(text.empty, 'a', 0, 'klim', true), letters(text.empty, 'b', 0, 'sgge', true)),
  );
});

test('three who begin an empty text, each in their own way, keep their words whole', () => {
  const merged = shown(
    letters(text.empty, 'a', 0, 'abc'),
    letters(text.empty, 'b', 0, 'fed', true),
    typed(text.empty, 'c', 0, 'ghi'),
  );
  for (const word of ['abc', 'def', 'ghi']) expect(merged).toContain(word);
});

test('a deletion takes what it saw, not what was typed into it meanwhile', () => {
  const base = typed(text.empty, 'a', 0, 'hello world');
  const gone = erased(base, 2, 7);
  const within = typed(base, 'b', 5, ',');
  expect(shown(gone, within)).toBe('he,ld');
});

test('what is typed where the rest was deleted stands before what another types further behind', () => {
  const base = typed(text.empty, 'm', 0, 'abcdef');
  for (const [one, other] of [
    ['a', 'z'],
    ['z', 'a'],
  ] as const) {
    const cut = typed(erased(base, 2, 4), one, 2, 'X');
    for (const index of [2, 3, 4]) expect(shown(cut, typed(base, other, index, 'Y'))).toBe('abXY');
    expect(shown(cut, typed(base, other, 1, 'Y'))).toBe('aYbX');
  }
});

test('two who delete the same delete it once', () => {
  const base = typed(text.empty, 'a', 0, 'abcdef');
  expect(shown(erased(base, 1, 3), erased(base, 2, 3))).toBe('af');
});

test('a delta that comes before those it hangs on waits for them, unseen', () => {
  const first = text.insert(text.empty, 0, 'ad', 'a');
  const one = text.merge(text.empty, first);
  const second = text.insert(one, 1, 'bc', 'b');
  const late = text.merge(text.empty, second);
  expect(text.value(late)).toBe('');
  expect(text.value(text.merge(late, first))).toBe('abcd');
});

test('typing on makes one block, however many letters: a byte each', () => {
  const state = letters(text.empty, 'a', 0, 'the quick brown fox jumps over the lazy dog'.repeat(20));
  expect(state.blocks.size).toBe(1);
  expect(encodeCrdt(text, state).length).toBeLessThan(43 * 20 + 20);
  // Also where the end of it was deleted: the places behind are used, not those of the deleted.
  const on = typed(erased(state, 850, 10), 'a', 850, '!');
  expect(text.value(on).endsWith('!')).toBe(true);
});

test('another actor never writes into a block that is not its own', () => {
  const base = typed(text.empty, 'a', 0, 'ab');
  expect(shown(typed(base, 'b', 2, 'c'), typed(base, 'a', 2, 'd'))).toMatch(/^ab(cd|dc)$/);
});

test('a text that is typed backwards is deep, and still read without recursion', () => {
  const state = letters(text.empty, 'a', 0, 'z'.repeat(3000), true);
  expect(text.value(decodeCrdt(text, encodeCrdt(text, state))).length).toBe(3000);
});

test('indexes outside the text, in the middle of a character, and text that is none are refused', () => {
  const state = typed(text.empty, 'a', 0, 'a😀b');
  expect(() => text.insert(state, 5, 'x', 'a')).toThrow(/index 5 must be within/);
  expect(() => text.insert(state, -1, 'x', 'a')).toThrow(/within/);
  expect(() => text.insert(state, 1.5, 'x', 'a')).toThrow(/within/);
  expect(() => text.insert(state, 2, 'x', 'a')).toThrow(/surrogate/);
  expect(() => text.delete(state, 1, 1)).toThrow(/surrogate/);
  expect(() => text.delete(state, 0, 5)).toThrow(/within/);
  expect(() => text.delete(state, 0, -1)).toThrow(/not negative/);
  expect(() => text.delete(state, 0, 0.5)).toThrow(/safe integer/);
  expect(() => text.delete(state, 2, 1)).toThrow(/surrogate/);
  expect(() => text.insert(state, 0, '', 'a')).toThrow(/not empty/);
  expect(() => text.insert(state, 0, '\ud800', 'a')).toThrow(/must be text/);
  expect(shown(erased(state, 1, 2))).toBe('ab');
  // Pairs from the first to the last, at the start of a text; and what is the last that takes no pair.
  for (const pair of ['\u{10000}', '\u{10ffff}'])
    expect(() => text.insert(typed(text.empty, 'a', 0, pair), 1, 'x', 'a')).toThrow(/surrogate/);
  expect(shown(typed(typed(text.empty, 'a', 0, '\uffff'), 'a', 1, 'x'))).toBe('\uffffx');
  expect(shown(typed(typed(text.empty, 'a', 0, '\uffffy'), 'a', 1, 'x'))).toBe('\uffffxy');
});

test('collection drops blocks that are gone everywhere, and an old delta does not bring them back', () => {
  const first = text.insert(text.empty, 0, 'draft', 'a');
  let state = text.merge(text.empty, first);
  state = typed(state, 'b', 5, ' two');
  const before = erased(state, 0, 9);
  const after = text.collect(before, before);
  expect([before.blocks.size, after.blocks.size, text.value(after)]).toEqual([2, 0, '']);
  expect(text.value(text.merge(after, first))).toBe('');
  expect(text.merge(after, first)).toBe(after);
  expect(text.merge(before, after).blocks.size).toBe(0);
  expect(encodeCrdt(text, after).length).toBeLessThan(encodeCrdt(text, before).length);
  // What was collected is known also where nothing of it ever was, and is part of a state.
  const elsewhere = text.merge(typed(text.empty, 'z', 0, 'else'), after);
  expect(text.value(text.merge(elsewhere, first))).toBe('else');
  expect([text.equals(after, text.empty), text.equals(after, text.collect(before, before))]).toEqual([false, true]);
  // Names are not used again.
  const again = typed(after, 'a', 0, 'new');
  expect(text.value(again)).toBe('new');
  expect(text.value(text.merge(again, before))).toBe('new');
});

test('collection keeps what is not deleted here, and what has grown since', () => {
  const base = typed(text.empty, 'a', 0, 'draft');
  const gone = erased(base, 0, 5);
  expect(text.collect(base, gone)).toBe(base);
  // Typed by one who had not seen the deletion; somebody may have gone on behind it.
  const grown = erased(text.merge(gone, text.insert(base, 5, '!', 'a')), 0, 1);
  expect([text.value(grown), grown.blocks.size]).toEqual(['', 1]);
  expect(text.collect(grown, gone)).toBe(grown);
  expect(text.collect(grown, grown).blocks.size).toBe(0);
});

test('collection keeps a block of which only the end is known, and that deleted', () => {
  const first = text.insert(text.empty, 0, 'draft', 'a');
  const whole = typed(text.merge(text.empty, first), 'a', 5, '!');
  const late = text.merge(text.empty, text.delete(whole, 5, 1));
  expect(text.collect(late, late)).toBe(late);
  expect(text.value(text.merge(late, first))).toBe('draft');
});

test('what stands at one place is in the order of actors, and of one actor in that in which it was typed', () => {
  const base = typed(text.empty, 'm', 0, '.');
  const names = [...'qwertyuiopasdfghjkl'];
  const each = names.map((name) => text.merge(base, text.insert(base, 0, name, name)));
  const all = each.reduce(text.merge);
  expect(shown(...each)).toBe(`${[...names].sort().join('')}.`);
  expect(text.value(decodeCrdt(text, encodeCrdt(text, all)))).toBe(text.value(all));
  // Deletions that have not arrived: at the same place the same actor types again and again.
  const insertions: Text[] = [];
  let state = base;
  for (const letter of names.join('').repeat(3)) {
    const delta = text.insert(state, 0, letter, 'a');
    insertions.push(delta);
    state = erased(text.merge(state, delta), 0, 1);
  }
  expect(shown(base, ...insertions)).toBe(`${names.join('').repeat(3)}.`);
});

test('collection keeps what others may not have seen deleted, and what something hangs on', () => {
  let state = typed(text.empty, 'a', 0, 'ac');
  state = typed(state, 'b', 1, 'b');
  const whole = state;
  state = erased(erased(state, 2, 1), 0, 1);
  expect(text.value(state)).toBe('b');
  expect(text.collect(state, whole)).toBe(state);
  expect(text.collect(state, text.empty)).toBe(state);
  expect(text.collect(state, state)).toBe(state);
  const gone = erased(state, 0, 1);
  // Stable only up to where b still stood: a's block is gone everywhere, but b hangs on it.
  expect(text.collect(gone, state)).toBe(gone);
  expect(text.collect(gone, gone).blocks.size).toBe(0);
});

test('a delta brings its order with it to the state that it was made from, and to no other', () => {
  const first = text.insert(text.empty, 0, 'ac', 'a');
  expect(text.merge(text.empty, first).spans).toBe(first.hint!.spans);
  const state = typed(text.merge(text.empty, first), 'b', 1, 'x');
  for (const delta of [text.insert(state, 1, 'b', 'a'), text.delete(state, 1, 1)]) {
    expect(text.merge(state, delta).spans).toBe(delta.hint!.spans);
    const other = typed(state, 'c', 0, '!');
    expect(text.value(text.merge(other, delta))).toBe(`!${text.value(text.merge(state, delta))}`);
  }
});

test('a replica that knows nothing takes a state as it is', () => {
  const written = text.merge(text.empty, text.insert(text.empty, 0, 'milk', 'a'));
  const received = decodeCrdt(text, encodeCrdt(text, written));
  expect(text.merge(text.empty, received)).toBe(received);
  expect(text.value(text.merge(text.empty, received))).toBe('milk');
});
