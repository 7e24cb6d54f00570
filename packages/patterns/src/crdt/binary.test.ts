import { expect, test } from 'vitest';
import { BytesError, InvariantError } from '../base/index.ts';
import { compareEncoded } from './binary.ts';
import { type Codec, decodeCrdt, enableWinsFlag, encodeCrdt, gCounter, mvRegister, orSet, pnCounter, text, twoPhaseSet } from './index.ts'; // biome-ignore format: one import
import { randomFrom, subjects } from './laws.fixture.ts';

test('a state is a version, a type, and a few bytes', () => {
  expect([...encodeCrdt(gCounter, gCounter.increment(gCounter.empty, 'a', 5))]).toEqual([3, 1, 1, 1, 97, 5]);
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
    (crdt: typeof orSet | typeof text | typeof twoPhaseSet | typeof enableWinsFlag, ...body: number[]) =>
    () =>
      decodeCrdt<unknown>(crdt as typeof orSet as never, Uint8Array.from([3, crdt.code, ...body]));
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
  expect(read(enableWinsFlag, ...context, 1, 2, 0, 1, 0)).toThrow(/2 items claimed/);
  expect(read(twoPhaseSet, 1, 1, 120, 1, 1, 120)).toThrow(/both present and removed/);
  const a = [0, 1, 97]; // the first name: a
  const block = [0, 0, 1, 1, 120]; // the next counter; on the root, one run; from its beginning, x
  expect(read(text, 2, ...a, 1, ...block)).not.toThrow();
  expect(read(text, 2, ...a, 0, 0, 0, 0, 0)).toThrow(/must have a block/);
  expect(read(text, 2, ...a, 1, 0, 0, 0, 0)).toThrow(/not be empty/);
  expect(read(text, 2, ...a, 1, 0, 0, 1, 0)).toThrow(/not be empty/);
  expect(read(text, 2, ...a, 1, 0, 3, 1, 1, 120, 1, 1, 120)).toThrow(/could be one/);
  expect(read(text, 2, ...a, 1, 0, 3, 0, 1, 0, 1)).toThrow(/could be one/);
  expect(read(text, 2, ...a, 1, 0, 6, 1, 1, 120)).toThrow(/3 items claimed/);
  expect(read(text, 2, ...a, 9, ...block)).toThrow(/9 items claimed/);
  expect(read(text, 4, ...a, 1, ...block, 0, 1, ...block)).toThrow(/ascending/);
  expect(read(text, 6, ...a, 1, ...block)).toThrow(/3 items claimed/);
  expect(read(text, 2, ...a, 2, ...block, 0, 1, 1, 3, 1, 1, 120)).not.toThrow(); // a.2, on the right of the second of a.1
  expect(read(text, 2, ...a, 2, ...block, 0, 1, 2, 3, 1, 1, 120)).toThrow(/above 0/);
  expect(read(text, 2, ...a, 2, ...block, 0, 1, 0, 3, 1, 1, 120)).toThrow(/earlier/);
  expect(read(text, 2, ...a, 1, 0, 2, 1, 1, 98, 1, 3, 1, 1, 120)).not.toThrow(); // a.1, on b.1
  expect(read(text, 2, ...a, 1, 0, 2, 1, 1, 98, 0, 3, 1, 1, 120)).toThrow(/above 0/);
  expect(read(text, 2, ...a, 1, 0, 2, 0, 1, 3, 1, 1, 120)).toThrow(/must say so/);
  expect(read(text, 3, 1, ...a, 1, 0, 0, 0, 1, ...block)).toThrow(/both present and collected/);
  expect(read(text, 3, 1, ...a, 1, 0, 0, 0, 1, 1, ...block.slice(1))).not.toThrow(); // a.1 collected, a.2 present
  expect(read(text, 3, 0, ...a, 1, ...block)).toThrow(/must not be nothing/);
  const last = [254, 255, 255, 255, 255, 255, 255, 15]; // a gap of 2^53 - 2
  expect(read(text, 2, ...a, 1, ...last, ...block.slice(1))).not.toThrow();
  expect(read(text, 2, ...a, 2, ...last, ...block.slice(1), ...block)).toThrow(/safe integer/);
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

test('a codec that throws leaves nothing of its state in the next one', () => {
  const choosy: Codec<string> = {
    write: (value, writer) => {
      writer.name(value);
      if (value === 'bad') throw new Error('not this one');
    },
    read: (reader) => reader.name(),
  };
  const register = mvRegister(choosy);
  const good = register.set(register.empty, 'good', 'a');
  const before = [...encodeCrdt(register, good)];
  expect(() => encodeCrdt(register, register.set(register.empty, 'bad', 'b'))).toThrow('not this one');
  expect([...encodeCrdt(register, good)]).toEqual(before);
});

test('a codec may encode states itself, within a state that is being written', () => {
  const sets: Codec<typeof orSet.empty> = {
    write: (set, writer) => writer.bytes(encodeCrdt(orSet, set)),
    read: (reader) => decodeCrdt(orSet, reader.bytes()),
  };
  const register = mvRegister(sets);
  const set = orSet.add(orSet.empty, 'milk', 'ann');
  const state = register.set(register.empty, set, 'ben');
  const bytes = encodeCrdt(register, state);
  const [read] = register.value(decodeCrdt(register, bytes));
  expect([...encodeCrdt(orSet, read!)]).toEqual([...encodeCrdt(orSet, set)]);
  expect([...encodeCrdt(register, state)]).toEqual([...bytes]);
});

test('values are ordered byte by byte, and one before those that begin with it', () => {
  const raw: Codec<readonly number[]> = {
    write: (value, writer) => writer.raw(Uint8Array.from(value)),
    read: (reader) => [...reader.rest()],
  };
  const inOrder = [[], [7], [7, 0], [7, 0, 0], [7, 1], [8], [255, 0]];
  for (const [i, a] of inOrder.entries())
    for (const [j, b] of inOrder.entries()) expect(Math.sign(compareEncoded(raw, a, b))).toBe(Math.sign(i - j));
});
