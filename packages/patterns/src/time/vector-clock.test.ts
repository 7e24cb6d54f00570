import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { DotContext, VectorClock } from './index.ts';

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

test('a clock lists its actors and counters', () => {
  expect([...clock({ b: 2, a: 1 }).entries()]).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
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
  for (const by of [0, -1, 0.5]) expect(() => VectorClock.empty.advance('a', by)).toThrow(/above 0/);
  expect(() => VectorClock.of([['a', 1], ['a', 2]])).toThrow(/named once/); // biome-ignore format: short
  expect(() => clock({ a: 2 ** 53 - 1 }).advance('a')).toThrow(/safe integer/);
  const bytes = (...of: number[]): ByteReader => new ByteReader(Uint8Array.from(of));
  expect(() => VectorClock.read(bytes(2, 1, 98, 1, 1, 97, 1))).toThrow(/ascending/);
  expect(() => VectorClock.read(bytes(2, 1, 97, 1, 1, 97, 1))).toThrow(/ascending/);
  expect(() => VectorClock.read(bytes(1, 1, 97, 0))).toThrow(/counter of 0/);
  expect(() => VectorClock.read(bytes(9, 1, 97, 1))).toThrow(/truncated/);
  // A counter and the length of a name take a byte each at the least.
  expect(() => VectorClock.read(bytes(2, 0, 1, 1))).toThrow(/2 items claimed/);
  expect(VectorClock.read(bytes(1, 0, 1)).toString()).toBe('{:1}');
});

test('two clocks side by side take a byte per counter, a byte per length, and the names', () => {
  const writer = new ByteWriter();
  clock({ a: 1, b: 300 }).write(writer);
  const bytes = writer.take();
  expect([...bytes]).toEqual([2, 1, 97, 1, 1, 98, 0xac, 2]);
  expect(VectorClock.read(new ByteReader(bytes)).toString()).toBe('{a:1, b:300}');
  expect(VectorClock.read(new ByteReader(Uint8Array.of(0)))).toBe(VectorClock.empty);
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

/** As many actors, the n-th of which advanced last at n ms. */
const many = (count: number): VectorClock => touched(...Array.from({ length: count }, (_, n) => n));

test('unless told otherwise, at most 50 actors are left of those that have not advanced for 20 s', () => {
  expect(many(50).prune(1e9).size).toBe(50);
  expect(many(53).prune(20_060).actors).toEqual(many(53).actors.slice(3));
  expect(many(53).prune(20_001).actors).toEqual(many(53).actors.slice(2));
});

test('unless told otherwise, fewer than 50 lose only actors that have not advanced for more than a day', () => {
  expect(many(51).prune(30_000, { smallCount: 40 }).size).toBe(50);
  expect(many(50).prune(30_000, { smallCount: 40 }).size).toBe(50);
  expect(many(50).prune(86_400_003, { smallCount: 40 }).actors).toEqual(many(50).actors.slice(3));
});

/** The actors that advanced at `atMs` or later: what is left when all others go. */
const since = (c: VectorClock, atMs: number): string =>
  c.prune(atMs, { smallCount: 0, bigCount: 0, youngMs: 1 }).actors.join('');
/** When each actor advanced last. */
const timesOf = (c: VectorClock): Record<string, number> =>
  Object.fromEntries(
    c.actors.map((actor) => [actor, [...Array(100).keys()].findLast((t) => since(c, t).includes(actor))!]),
  );

test('a merge takes the time of the larger counter, and of equal counters the later', () => {
  const a = VectorClock.empty.advance('x', 1, 50).advance('x', 1, 20).advance('y', 1, 10).advance('z', 1, 40);
  const b = VectorClock.empty.advance('w', 1, 5).advance('x', 1, 90).advance('y', 1, 30);
  // x is 2 at 50: 90 is the time of an older x.
  const both = { w: 5, x: 50, y: 30, z: 40 };
  expect([timesOf(a.merge(b)), timesOf(b.merge(a))]).toEqual([both, both]);
});

test('an actor whose time nobody gave advanced before all others, whatever it is merged with', () => {
  const untimed = clock({ a: 1, x: 2 });
  const timed = VectorClock.empty.advance('x', 1, 50).advance('y', 1, 60);
  const both = { a: 0, x: 0, y: 60 };
  expect([timesOf(untimed.merge(timed)), timesOf(timed.merge(untimed))]).toEqual([both, both]);
  expect(timesOf(untimed.advance('b', 1, 7).advance('c').advance('b'))).toEqual({ a: 0, b: 7, c: 0, x: 0 });
  expect(timesOf(untimed.advance('b', 1, 7).advance('a').advance('c').advance('c', 1, 8))).toEqual({
    a: 0,
    b: 7,
    c: 8,
    x: 0,
  });
  expect(timesOf(untimed)).toEqual({ a: 0, x: 0 });
  // Equal counters: the time that is known.
  expect(timesOf(clock({ x: 1 }).merge(timed))).toEqual({ x: 50, y: 60 });
});

test('a clock with times is not copied either when nothing is added, to its counters or to its times', () => {
  const timed = VectorClock.empty.advance('x', 1, 50).advance('y', 1, 60);
  for (const less of [timed, VectorClock.empty, clock({ x: 1 }), VectorClock.empty.advance('y', 1, 60)])
    expect(timed.merge(less)).toBe(timed);
  expect(timesOf(timed.merge(VectorClock.empty.advance('x', 1, 51)))).toEqual({ x: 51, y: 60 });
});

test('what comes of a clock leaves it as it was, and keeps the times of the actors that are left', () => {
  const before = VectorClock.empty.advance('x', 1, 50).advance('y', 1, 60);
  expect(timesOf(before.advance('x', 1, 70).advance('a', 1, 80))).toEqual({ a: 80, x: 70, y: 60 });
  expect(timesOf(before)).toEqual({ x: 50, y: 60 });
  const pruned = before.prune(55, { smallCount: 0, bigCount: 0, youngMs: 1 });
  expect(timesOf(pruned.advance('a', 1, 80))).toEqual({ a: 80, y: 60 });
});

test('a pruned clock costs a false sibling, never a false order', () => {
  const whole = touched(1, 2, 3, 4, 5, 6);
  const pruned = whole.prune(5000, limits);
  expect(pruned.advance('f').compare(whole)).toBe('concurrent');
});

test('an actor with half of a surrogate pair is not written: whoever reads it would have another clock', () => {
  const half = 'a\ud83d';
  expect(() => VectorClock.of([[half, 1]]).write(new ByteWriter())).toThrow(/an actor must be well-formed text/);
  expect(() => DotContext.ofOne(half, 1).write(new ByteWriter())).toThrow(/an actor must be well-formed text/);
});
