import { expect, test } from 'vitest';
import { hybridTimestamp } from '../time/index.ts';
import {
  CRDT_FORMAT_VERSION,
  decodeCrdt,
  encodeCrdt,
  lwwRegister,
  orSet,
  StateReader,
  StateWriter,
  textCodec,
} from './index.ts';

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

test('a time takes as many bytes as it is away from the one before it, earlier or later', () => {
  const now = 1_700_000_000_000;
  const times = [now, now, now + 63, now, now - 64, now - 64 + 64, 0, 2 ** 48 - 1, 1];
  const writer = new StateWriter();
  const sizes = times.map((ms) => {
    const before = writer.length;
    writer.time(ms);
    return writer.length - before;
  });
  expect(sizes).toEqual([6, 1, 1, 1, 1, 2, 6, 7, 7]);
  const reader = new StateReader(writer.take());
  expect(times.map(() => reader.time())).toEqual(times);
  reader.expectEnd();
});

test('the last time of one state is not the first of the next', () => {
  const register = lwwRegister(textCodec);
  const at = (wallMs: number) => register.set('x', { at: hybridTimestamp(wallMs), node: 'a' });
  const before = encodeCrdt(register, at(5));
  encodeCrdt(register, at(1_700_000_000_000));
  expect([...encodeCrdt(register, at(5))]).toEqual([...before]);
});

test('a time before all time, or beyond it, is refused', () => {
  const register = lwwRegister(textCodec);
  const bytes = (...time: number[]) =>
    Uint8Array.from([CRDT_FORMAT_VERSION, register.code, 1, ...time, 0, 1, 97, 1, 120]);
  expect(register.value(decodeCrdt(register, bytes(2)))).toBe('x');
  expect(() => decodeCrdt(register, bytes(1))).toThrow(/wallMs must be an integer from 0/);
  expect(() => decodeCrdt(register, bytes(254, 255, 255, 255, 255, 255, 127))).not.toThrow();
  expect(() => decodeCrdt(register, bytes(128, 128, 128, 128, 128, 128, 128, 1))).toThrow(
    /wallMs must be an integer from 0/,
  );
});
