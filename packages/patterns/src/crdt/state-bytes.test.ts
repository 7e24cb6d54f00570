import { expect, test } from 'vitest';
import { decodeCrdt, encodeCrdt, orSet, StateReader, StateWriter } from './index.ts';

const names = Array.from({ length: 30 }, (_, n) => `node-${n}`);

test('a name is written once, then as its number, however many there are', () => {
  const writer = new StateWriter();
  for (let at = 0; at < names.length; at++) {
    writer.name(names[at]!);
    // Each of those before, too.
    for (let before = 0; before <= at; before++) {
      expect(writer.numberOf(names[before]!)).toBe(before);
      writer.name(names[before]!);
    }
  }
  const bytes = writer.take();
  const reader = new StateReader(bytes);
  for (let at = 0; at < names.length; at++) {
    expect(reader.name()).toBe(names[at]);
    for (let before = 0; before <= at; before++) expect(reader.name()).toBe(names[before]);
    expect(reader.nameOf(at)).toBe(names[at]);
  }
  reader.expectEnd();
  const spelled = names.reduce((sum, name) => sum + 1 + name.length, 0);
  expect(bytes.length).toBe(spelled + 30 + (30 * 31) / 2);
});

test('a name that did not come before has no number', () => {
  const writer = new StateWriter();
  expect(() => writer.numberOf('ann')).toThrow(/ann must be written before/);
  for (const name of names) writer.name(name);
  expect(() => writer.numberOf('ann')).toThrow(/ann must be written before/);
  const reader = new StateReader(Uint8Array.from([0, 1, 97, 0, 2]));
  expect(() => reader.nameOf(0)).toThrow(/0 must be the number of a name that came before/);
  expect([reader.name(), reader.name()]).toEqual(['a', 'a']);
  expect(() => reader.name()).toThrow(/2 exceeds the bound of 1/);
});

test('the names of one state are not those of the next', () => {
  let many = orSet.empty;
  for (const name of names) many = orSet.merge(many, orSet.add(many, 'x', name));
  const one = orSet.add(orSet.empty, 'x', names[29]!);
  const before = encodeCrdt(orSet, one);
  expect(orSet.equals(decodeCrdt(orSet, encodeCrdt(orSet, many)), many)).toBe(true);
  expect([...encodeCrdt(orSet, one)]).toEqual([...before]);
  expect(orSet.equals(decodeCrdt(orSet, before), one)).toBe(true);
});
