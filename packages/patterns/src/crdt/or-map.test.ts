import { expect, test } from 'vitest';
import {
  embedded,
  enableWinsFlag,
  gCounter,
  listOf,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  text,
  textCodec,
} from './index.ts';

const carts = orMap(orSet);
type Carts = typeof carts.empty;
const add = (state: Carts, key: string, element: string, actor: string): Carts =>
  carts.merge(
    state,
    carts.update(state, key, (cart) => orSet.add(cart, element, actor)),
  );
const shown = (state: Carts, key: string): string[] | undefined => {
  const cart = carts.get(state, key);
  return cart && orSet.value(cart).sort();
};

test('reset-remove: a removed key keeps what was added meanwhile, unseen, and nothing else', () => {
  const before = add(carts.empty, 'ann', 'milk', 'a');
  const removed = carts.merge(before, carts.remove(before, 'ann'));
  const meanwhile = add(before, 'ann', 'eggs', 'b');
  expect(shown(carts.merge(removed, meanwhile), 'ann')).toEqual(['eggs']);
  expect(shown(carts.merge(meanwhile, removed), 'ann')).toEqual(['eggs']);
  expect(shown(removed, 'ann')).toBeUndefined();
});

test('a key whose value is empty is not there', () => {
  const before = add(carts.empty, 'ann', 'milk', 'a');
  const emptied = carts.merge(
    before,
    carts.update(before, 'ann', (cart) => orSet.remove(cart, 'milk')),
  );
  expect([carts.get(emptied, 'ann'), carts.keys(emptied), emptied.store.entries.size]).toEqual([undefined, [], 0]);
  expect(carts.merge(emptied, carts.remove(emptied, 'ann'))).toBe(emptied);
});

test('a change of one key does not touch another, though they share a context', () => {
  let state = add(carts.empty, 'ann', 'milk', 'a');
  state = add(state, 'ben', 'tea', 'a');
  state = carts.merge(state, carts.remove(state, 'ann'));
  expect([shown(state, 'ann'), shown(state, 'ben'), carts.keys(state)]).toEqual([undefined, ['tea'], ['ben']]);
});

test('maps nest to any depth, and a removal above reaches what was seen below', () => {
  const atlas = orMap(carts);
  let state = atlas.empty;
  const put = (key: string, inner: string, element: string, actor: string) =>
    atlas.update(state, key, (map) => carts.update(map, inner, (set) => orSet.add(set, element, actor)));
  state = atlas.merge(state, put('eu', 'fr', 'paris', 'a'));
  const removed = atlas.remove(state, 'eu');
  state = atlas.merge(state, put('eu', 'fr', 'lyon', 'b'));
  state = atlas.merge(state, put('eu', 'it', 'rome', 'b'));
  state = atlas.merge(state, removed);
  const eu = atlas.get(state, 'eu')!;
  expect(carts.keys(eu).sort()).toEqual(['fr', 'it']);
  expect(orSet.value(carts.get(eu, 'fr')!)).toEqual(['lyon']);
});

test('flags and multi-value registers nest as they are', () => {
  const flags = orMap(enableWinsFlag);
  const on = flags.merge(
    flags.empty,
    flags.update(flags.empty, 'dark', (flag) => enableWinsFlag.enable(flag, 'a')),
  );
  expect(enableWinsFlag.value(flags.get(on, 'dark')!)).toBe(true);
  const names = mvRegister(textCodec);
  const people = orMap(names);
  const one = people.update(people.empty, 'x', (name) => names.set(name, 'Ann', 'a'));
  const two = people.update(people.empty, 'x', (name) => names.set(name, 'Anne', 'b'));
  expect(names.value(people.get(people.merge(one, two), 'x')!)).toEqual(['Ann', 'Anne']);
});

const score = embedded(pnCounter);
const scores = orMap(score);
const count = (state: typeof scores.empty, key: string, actor: string, by: number): typeof state =>
  scores.merge(
    state,
    scores.update(state, key, (s) => score.update(s, actor, (c) => pnCounter.increment(c, actor, by))),
  );
const valueOf = (state: typeof scores.empty, key: string): number | undefined => {
  const found = scores.get(state, key);
  return found && pnCounter.value(score.inner(found));
};

test('a counter under a removed key starts anew: old increments do not leak', () => {
  let state = count(scores.empty, 'k', 'a', 5);
  state = count(state, 'k', 'b', 2);
  state = count(state, 'k', 'a', 1);
  expect(valueOf(state, 'k')).toBe(8);
  const old = state;
  state = scores.merge(state, scores.remove(state, 'k'));
  state = count(state, 'k', 'a', 1);
  expect(valueOf(state, 'k')).toBe(1);
  expect(valueOf(scores.merge(old, state), 'k')).toBe(1);
});

test('each actor holds its own part, under one dot, however often it counts', () => {
  let state = scores.empty;
  for (const actor of ['a', 'b', 'a', 'b', 'a']) state = count(state, 'k', actor, 1);
  const parts = state.store.entries.get('k')!;
  expect(listOf(parts).map(({ actor, value }) => [actor, value.up.toString()])).toEqual([
    ['a', '{a:3}'],
    ['b', '{b:2}'],
  ]);
});

test('a count that the removal did not see stays, with what its actor had counted, and nothing of others', () => {
  let before = count(scores.empty, 'k', 'a', 5);
  before = count(before, 'k', 'b', 2);
  const removed = scores.remove(before, 'k');
  const meanwhile = count(before, 'k', 'b', 1);
  expect(valueOf(scores.merge(meanwhile, removed), 'k')).toBe(3);
});

test('text under a key survives a removal that did not see the last edit, as its editor saw it', () => {
  const note = embedded(text, 'everything');
  const notes = orMap(note);
  const type = (state: typeof notes.empty, actor: string, index: number, typed: string): typeof state =>
    notes.merge(
      state,
      notes.update(state, 'n', (n) => note.update(n, actor, (t) => text.insert(t, index, typed, actor))),
    );
  const before = type(notes.empty, 'a', 0, 'hello');
  const removed = notes.merge(before, notes.remove(before, 'n'));
  const edited = type(before, 'b', 5, ' world');
  const both = notes.merge(removed, edited);
  expect(text.value(note.inner(notes.get(both, 'n')!))).toBe('hello world');
  expect(notes.get(removed, 'n')).toBeUndefined();
});

test('an embedded counter alone can be reset', () => {
  const counter = embedded(gCounter);
  const five = counter.update(counter.empty, 'a', (c) => gCounter.increment(c, 'a', 5));
  expect(gCounter.value(counter.inner(counter.merge(five, counter.reset(five))))).toBe(0);
});

test('a replica that knows nothing takes a whole state as it is, and a part of one as its entries', () => {
  const carts = orMap(orSet);
  let here = carts.update(carts.empty, 'ann', (cart) => orSet.add(cart, 'milk', 'a'));
  here = carts.merge(carts.empty, here);
  const gone = carts.merge(here, carts.remove(here, 'ann'));
  expect(carts.merge(carts.empty, here).store).toBe(here.store);
  expect(carts.keys(carts.merge(carts.empty, gone))).toEqual([]);
  const removal = carts.merge(carts.empty, carts.remove(here, 'ann'));
  expect(removal.store.part).toBe(false);
  expect(carts.keys(carts.merge(removal, here))).toEqual([]);
});

test('a removal itself has no keys, and no value at the key that it removes', () => {
  const before = add(carts.empty, 'ann', 'milk', 'a');
  const removal = carts.remove(before, 'ann');
  expect([carts.get(removal, 'ann'), carts.keys(removal)]).toEqual([undefined, []]);
  expect([removal.store.part, carts.remove(before, 'ben').store.part]).toEqual([true, true]);
});

test('a removal within a map within a map has no keys at any depth', () => {
  const atlas = orMap(carts);
  const before = atlas.update(atlas.empty, 'eu', (map) =>
    carts.update(map, 'fr', (set) => orSet.add(set, 'paris', 'a')),
  );
  const removal = atlas.update(before, 'eu', (map) => carts.remove(map, 'fr'));
  expect([atlas.keys(before), atlas.keys(removal), atlas.get(removal, 'eu')]).toEqual([['eu'], [], undefined]);
});

test('deltas that merge with each other stay parts all the way down, so that merging them costs what they change', () => {
  const ann = carts.update(carts.empty, 'ann', (cart) => orSet.add(cart, 'milk', 'a'));
  const ben = carts.update(carts.empty, 'ben', (cart) => orSet.add(cart, 'tea', 'b'));
  for (const group of [carts.merge(ann, ben), carts.merge(ben, ann)]) {
    const parts = [group.store.part, ...['ann', 'ben'].map((key) => group.store.entries.get(key)!.part)];
    expect(parts).toEqual([true, true, true]);
  }
});
