import { expect, test } from 'vitest';
import { BytesError, InvariantError } from '../base/index.ts';
import { decodeCrdt, encodeCrdt, gCounter, orSet, pnCounter, text, twoPhaseSet } from './index.ts';
import { randomFrom, subjects } from './laws.fixture.ts';

test('a state is a version, a type, and a few bytes', () => {
  expect([...encodeCrdt(gCounter, gCounter.increment(gCounter.empty, 'a', 5))]).toEqual([2, 1, 1, 1, 97, 5]);
  let set = orSet.empty;
  for (let n = 0; n < 100; n++) set = orSet.merge(set, orSet.add(set, `${100 + n}`, 'some-node~7'));
  // Context and flags, then per element: length, three letters, one dot: actor and counter.
  expect(encodeCrdt(orSet, set).length).toBeLessThanOrEqual(22 + 100 * 6);
});

test('another version or type, and bytes too many, are refused', () => {
  const bytes = encodeCrdt(gCounter, gCounter.increment(gCounter.empty, 'a'));
  expect(() => decodeCrdt(gCounter, Uint8Array.from([1, ...bytes.subarray(1)]))).toThrow(/format 1/);
  expect(() => decodeCrdt(pnCounter, bytes)).toThrow(/type 1 is not a pn-counter/);
  expect(() => decodeCrdt(gCounter, Uint8Array.from([...bytes, 0]))).toThrow(/too many/);
});

test('states that nobody writes are refused', () => {
  const read =
    (crdt: typeof orSet | typeof text | typeof twoPhaseSet, ...body: number[]) =>
    () =>
      decodeCrdt<unknown>(crdt as typeof orSet as never, Uint8Array.from([2, crdt.code, ...body]));
  const context = [1, 0, 1, 97, 1, 0, 0]; // a: 1
  expect(read(orSet, ...context, 2, 1, 120, 2, 1)).not.toThrow();
  expect(read(orSet, ...context, 2, 1, 120, 2, 2)).toThrow(/in its context/);
  expect(read(orSet, ...context, 2, 1, 120, 3, 1)).toThrow(/1 must be the number of a name/);
  expect(read(orSet, ...context, 2, 1, 120, 0)).toThrow(/must not be empty/);
  expect(read(orSet, ...context, 2, 1, 120, 1, 2, 0, 1, 0, 1)).toThrow(/ascending/);
  expect(read(orSet, ...context, 2, 1, 120, 1, 1, 0, 1)).toThrow(/more than one/);
  expect(read(orSet, ...context, 2, 1, 120, 1, 0)).toThrow(/more than one/);
  expect(read(orSet, ...context, 5, 1, 120, 0, 1, 120, 0)).toThrow(/must come once/);
  expect(read(orSet, ...context, 8, 1, 120, 2, 1)).toThrow(/4 items claimed/);
  expect(read(orSet, 1, 1, 1, 97, 1, 0, 0, 0)).toThrow(/1 exceeds the bound of 0/);
  expect(read(twoPhaseSet, 1, 1, 120, 1, 1, 120)).toThrow(/both present and removed/);
  const block = [0, 1, 0, 1]; // a.1 on the root, one run
  expect(read(text, 0, 1, 1, 97, 1, ...block, 1, 1, 120)).not.toThrow();
  expect(read(text, 0, 1, 1, 97, 1, ...block, 0, 0)).toThrow(/not be empty/);
  expect(read(text, 0, 1, 1, 97, 1, 0, 1, 0, 2, 1, 1, 120, 1, 1, 120)).toThrow(/could be one/);
  expect(read(text, 0, 1, 1, 97, 1, 1, 1, 0, 1, 1, 1, 120)).toThrow(/must be listed/);
  expect(read(text, 0, 1, 1, 97, 1, 0, 0, 0, 1, 1, 1, 120)).toThrow(/above 0/);
  expect(read(text, 1, 1, 97, 1, 0, 0, 1, 1, 97, 1, ...block, 1, 1, 120)).toThrow(/both present and collected/);
});

test('damaged bytes give a state or one of two errors, never another', () => {
  const random = randomFrom(7);
  for (const { crdt, mutate } of subjects) {
    let state = crdt.empty;
    for (let n = 0; n < 6; n++) state = crdt.merge(state, mutate(state, 'ab'[n % 2]!, random) ?? state);
    const whole = encodeCrdt(crdt, state);
    for (let n = 0; n < 150; n++) {
      const bytes = whole.slice(0, random(3) ? whole.length : random(whole.length + 1));
      if (bytes.length > 2) bytes[2 + random(bytes.length - 2)] = random(256);
      try {
        const read = decodeCrdt(crdt, bytes);
        expect(crdt.equals(crdt.merge(read, read), read)).toBe(true);
      } catch (error) {
        expect(error instanceof BytesError || error instanceof InvariantError).toBe(true);
      }
    }
  }
});
