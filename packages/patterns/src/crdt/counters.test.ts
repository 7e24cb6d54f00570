import { expect, test } from 'vitest';
import { boundedCounter, CRDT_FORMAT_VERSION, decodeCrdt, gCounter, pnCounter } from './index.ts';

test('a counter counts what each actor added, whoever hears of it how often', () => {
  const a = gCounter.increment(gCounter.empty, 'a', 3);
  const b = gCounter.increment(gCounter.empty, 'b');
  const both = gCounter.merge(gCounter.merge(a, b), a);
  expect(gCounter.value(both)).toBe(4);
  expect(gCounter.merge(both, b)).toBe(both);
  expect(gCounter.value(gCounter.merge(both, gCounter.increment(both, 'a', 2)))).toBe(6);
});

test('a delta holds one actor only', () => {
  const big = gCounter.merge(gCounter.increment(gCounter.empty, 'a'), gCounter.increment(gCounter.empty, 'b'));
  expect(gCounter.increment(big, 'b').toString()).toBe('{b:2}');
});

test('a counter grows only by whole numbers above 0', () => {
  const three = gCounter.increment(gCounter.empty, 'a', 3);
  for (const by of [0, -1, 0.5, Number.NaN, 2 ** 53])
    expect(() => gCounter.increment(three, 'a', by)).toThrow('a counter grows by a safe integer above 0');
});

test('up and down are counted apart, so that what was taken off is not added again', () => {
  let state = pnCounter.merge(pnCounter.empty, pnCounter.increment(pnCounter.empty, 'a', 5));
  state = pnCounter.merge(state, pnCounter.decrement(state, 'b', 7));
  expect(pnCounter.value(state)).toBe(-2);
  expect(pnCounter.merge(state, pnCounter.decrement(pnCounter.empty, 'b', 7))).toBe(state);
});

const step = <S>(merge: (a: S, b: S) => S, state: S, delta: S | undefined): S => merge(state, delta!);

test('bounded counter: who adds may take off, others only what was handed over to them', () => {
  const { merge } = boundedCounter;
  let state = step(merge, boundedCounter.empty, boundedCounter.increment(boundedCounter.empty, 'a', 10));
  expect(boundedCounter.decrement(state, 'b')).toBeUndefined();
  expect(boundedCounter.transfer(state, 'a', 'b', 11)).toBeUndefined();
  state = step(merge, state, boundedCounter.transfer(state, 'a', 'b', 4));
  state = step(merge, state, boundedCounter.transfer(state, 'b', 'c', 1));
  expect(['a', 'b', 'c', 'd'].map((actor) => boundedCounter.rights(state, actor))).toEqual([6, 3, 1, 0]);
  expect(boundedCounter.decrement(state, 'a', 7)).toBeUndefined();
  state = step(merge, state, boundedCounter.decrement(state, 'a', 6));
  state = step(merge, state, boundedCounter.decrement(state, 'b', 3));
  expect(boundedCounter.value(state)).toBe(1);
  expect(boundedCounter.rights(state, 'a')).toBe(0);
});

test('bounded counter: rights go back and forth, each transfer once', () => {
  const { merge } = boundedCounter;
  let state = step(merge, boundedCounter.empty, boundedCounter.increment(boundedCounter.empty, 'a', 2));
  for (const [from, to] of [['a', 'b'], ['b', 'a'], ['a', 'b']] as const) // biome-ignore format: three transfers
    state = step(merge, state, boundedCounter.transfer(state, from, to, 2));
  expect(['a', 'b'].map((actor) => boundedCounter.rights(state, actor))).toEqual([0, 2]);
  expect(() => boundedCounter.transfer(state, 'a', 'a', 1)).toThrow(/another/);
  for (const by of [0, -1, 0.5, Number.NaN]) {
    const moves = 'a bounded counter moves by a safe integer above 0';
    expect(() => boundedCounter.increment(state, 'a', by)).toThrow(moves);
    expect(() => boundedCounter.decrement(state, 'b', by)).toThrow(moves);
    expect(() => boundedCounter.transfer(state, 'b', 'a', by)).toThrow(moves);
  }
});

test('bounded counter: replicas that never talk cannot take it below 0', () => {
  const start = boundedCounter.increment(boundedCounter.empty, 'a', 3);
  const shared = boundedCounter.merge(start, boundedCounter.transfer(start, 'a', 'b', 1)!);
  const apart = (actor: string) => {
    let state = shared;
    for (let delta = boundedCounter.decrement(state, actor); delta; delta = boundedCounter.decrement(state, actor))
      state = boundedCounter.merge(state, delta);
    return state;
  };
  expect(boundedCounter.value(boundedCounter.merge(apart('a'), apart('b')))).toBe(0);
});

test('counters move by one when nobody says by how much', () => {
  const up = pnCounter.increment(pnCounter.empty, 'a');
  expect([pnCounter.value(up), pnCounter.value(pnCounter.decrement(pnCounter.empty, 'a'))]).toEqual([1, -1]);
  const one = boundedCounter.increment(boundedCounter.empty, 'a');
  expect([boundedCounter.value(one), boundedCounter.rights(one, 'a')]).toEqual([1, 1]);
  expect(boundedCounter.value(boundedCounter.merge(one, boundedCounter.decrement(one, 'a')!))).toBe(0);
});

test('bounded counter: states that differ in who handed rights over are not equal', () => {
  const start = ['a', 'b'].reduce(
    (state, actor) => boundedCounter.merge(state, boundedCounter.increment(state, actor, 2)),
    boundedCounter.empty,
  );
  const handed = (from: string, to: string, count: number) =>
    boundedCounter.merge(start, boundedCounter.transfer(start, from, to, count)!);
  const states = [start, handed('a', 'c', 1), handed('a', 'c', 2), handed('b', 'c', 1), handed('a', 'd', 1)];
  for (const x of states) for (const y of states) expect(boundedCounter.equals(x, y)).toBe(x === y);
});

test('bounded counter: bytes of rights handed over to nobody, to the giver or in no order are refused, short ones read', () => {
  const read = (...given: number[]) =>
    decodeCrdt(boundedCounter, Uint8Array.from([CRDT_FORMAT_VERSION, boundedCounter.code, 0, 0, ...given]));
  const fromNobodyToA = [0, 1, 1, 97, 1];
  const fromAToB = [1, 97, 1, 1, 98, 1];
  expect(boundedCounter.rights(read(1, ...fromNobodyToA), 'a')).toBe(1);
  expect(read(2, ...fromNobodyToA, ...fromAToB).given.size).toBe(2);
  expect(() => read(1, ...fromNobodyToA.slice(0, 4))).toThrow(/1 items claimed, 4 bytes left/);
  expect(() => read(2, ...fromAToB, ...fromNobodyToA)).toThrow(/givers .* ascending/);
  expect(() => read(2, ...fromAToB, ...fromAToB)).toThrow(/givers .* ascending/);
  expect(() => read(1, 1, 97, 1, 1, 97, 1)).toThrow(/another actor/);
  expect(() => read(1, 1, 97, 0, 0, 0, 0)).toThrow(/another actor/);
});
