import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { VectorClock } from './index.ts';

const clock = (counters: Record<string, number>): VectorClock => VectorClock.of(Object.entries(counters));

test('Dynamo, figure 3: the evolution of an object over time', () => {
  const d1 = VectorClock.empty.advance('Sx');
  const d2 = d1.advance('Sx');
  const d3 = d2.advance('Sy');
  const d4 = d2.advance('Sz');
  const d5 = d3.merge(d4).advance('Sx');
  expect(d2.compare(d1)).toBe('after');
  expect(d3.compare(d4)).toBe('concurrent');
  expect(d5.toString()).toBe('{Sx:3, Sy:1, Sz:1}');
  expect([d3.compare(d5), d5.compare(d4)]).toEqual(['before', 'after']);
});

test('an actor that is absent is an actor at 0', () => {
  expect(clock({ a: 1, b: 0 }).equals(clock({ a: 1 }))).toBe(true);
  expect(clock({ a: 1 }).get('b')).toBe(0);
  expect(clock({ b: 1 }).compare(clock({ a: 1, b: 1 }))).toBe('before');
});

test('what adds nothing to a clock gives the same clock, not a copy', () => {
  const both = clock({ a: 2, b: 3 });
  expect(both.merge(clock({ b: 3 }))).toBe(both);
  expect(both.merge(VectorClock.empty)).toBe(both);
  expect(VectorClock.empty.merge(both)).toBe(both);
  expect(clock({ b: 4 }).merge(both).toString()).toBe('{a:2, b:4}');
});

test('a clock that breaks its form is refused', () => {
  expect(() => clock({ a: -1 })).toThrow(/above 0/);
  expect(() => VectorClock.of([['a', 1], ['a', 2]])).toThrow(/named once/); // biome-ignore format: short
  expect(() => clock({ a: 2 ** 53 - 1 }).advance('a')).toThrow(/safe integer/);
  const bytes = (...of: number[]): ByteReader => new ByteReader(Uint8Array.from(of));
  expect(() => VectorClock.read(bytes(2, 1, 98, 1, 1, 97, 1))).toThrow(/ascending/);
  expect(() => VectorClock.read(bytes(2, 1, 97, 1, 1, 97, 1))).toThrow(/ascending/);
  expect(() => VectorClock.read(bytes(1, 1, 97, 0))).toThrow(/counter of 0/);
  expect(() => VectorClock.read(bytes(9, 1, 97, 1))).toThrow(/truncated/);
});

test('two clocks side by side take a byte per counter, a byte per length, and the names', () => {
  const writer = new ByteWriter();
  clock({ a: 1, b: 300 }).write(writer);
  const bytes = writer.take();
  expect([...bytes]).toEqual([2, 1, 97, 1, 1, 98, 0xac, 2]);
  expect(VectorClock.read(new ByteReader(bytes)).toString()).toBe('{a:1, b:300}');
});

const limits = { smallCount: 3, bigCount: 5, youngMs: 1000, oldMs: 10_000 };
/** Actors a, b, c, …, of which the n-th advanced last at the n-th time. */
const touched = (...timesMs: number[]): VectorClock =>
  timesMs.reduce((c, atMs, n) => c.advance(String.fromCharCode(97 + n), 1, atMs), VectorClock.empty);

test('Riak: a small clock is never pruned, however old', () => {
  const small = touched(0, 0, 0);
  expect(small.prune(1e9, limits)).toBe(small);
});

test('Riak: a young clock is never pruned, however big', () => {
  const young = touched(0, 0, 0, 0, 0, 0, 0);
  expect(young.prune(999, limits)).toBe(young);
});

test('Riak: a big clock loses its oldest actors until it is no longer big', () => {
  expect(touched(4, 1, 2, 3, 7, 6, 5).prune(2000, limits).actors).toEqual(['a', 'd', 'e', 'f', 'g']);
});

test('Riak: between small and big, only what is old goes', () => {
  expect(touched(0, 1, 2, 3, 9000).prune(10_001, limits).actors).toEqual(['b', 'c', 'd', 'e']);
  expect(touched(0, 0, 0, 9000, 9000).prune(20_000, limits).actors).toEqual(['c', 'd', 'e']);
});

test('actors that advanced at the same time go in the order of their names, so that replicas prune alike', () => {
  expect(touched(1, 1, 1, 1, 1, 1, 1).prune(5000, limits).actors).toEqual(['c', 'd', 'e', 'f', 'g']);
});

test('a merge takes the time of the larger counter, and of equal counters the later', () => {
  const a = VectorClock.empty.advance('x', 1, 50).advance('x', 1, 20).advance('y', 1, 10);
  const b = VectorClock.empty.advance('x', 1, 90).advance('y', 1, 30);
  const one = { smallCount: 1, bigCount: 1, youngMs: 0, oldMs: 0 };
  // x is 2 at 50 (not 90, which is the time of an older x); y is 1 at 30.
  expect(a.merge(b).prune(100, one).actors).toEqual(['x']);
  expect(a.merge(b).prune(100, { ...one, youngMs: 70 }).actors).toEqual(['x']);
  expect(a.merge(b).prune(100, { ...one, youngMs: 71 }).actors).toEqual(['x', 'y']);
  expect(b.merge(a).prune(100, { ...one, youngMs: 71 }).actors).toEqual(['x', 'y']);
});

test('a pruned clock costs a false sibling, never a false order', () => {
  const whole = touched(1, 2, 3, 4, 5, 6);
  const pruned = whole.prune(5000, limits);
  expect(pruned.advance('f').compare(whole)).toBe('concurrent');
});
