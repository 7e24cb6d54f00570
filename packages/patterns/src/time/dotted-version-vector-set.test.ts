/** Cases of the authors' reference implementation (ricardobcl/Dotted-Version-Vectors, `dvvset.erl`, its tests), as sentences. */
import { expect, test } from 'vitest';
import { DottedVersionVectorSet as Dvv, VectorClock } from './index.ts';

type D = Dvv<string>;
const blind = (value: string): D => Dvv.write(VectorClock.empty, value);
const after = (read: D, value: string): D => Dvv.write(read.context, value);
/** `a2[v2,v1] | x`: entries, then anonymous values. */
const show = (d: Dvv<unknown>): string =>
  [
    d.entries.map((e) => `${e.actor}${e.counter}[${e.values}]`).join(' '),
    ...(d.anonymous.length ? [`| ${d.anonymous}`] : []),
  ].join(' ');
const of = <V>(entries: readonly [string, number, V[]][], anonymous: V[] = []): Dvv<V> =>
  Dvv.of(
    entries.map(([actor, counter, values]) => ({ actor, counter, values })),
    anonymous,
  );

test('update: a write replaces what its writer had read and stands beside what it had not', () => {
  const a0 = blind('v1').update('a');
  const a1 = after(a0, 'v2').update('a', a0);
  const a2 = after(a1, 'v3').update('b', a1);
  const a3 = after(a0, 'v4').update('b', a1);
  const a4 = after(a0, 'v5').update('a', a1);
  expect([a0, a1, a2, a3, a4].map(show)).toEqual(['a1[v1]', 'a2[v2]', 'a2[] b1[v3]', 'a2[v2] b1[v4]', 'a3[v5,v2]']);
});

test('sync: neither side knows better than the other, or the one that does wins', () => {
  const x = of<string>([['x', 1, []]]);
  const a = blind('v1').update('a');
  const y = blind('v2').update('b');
  const a1 = after(a, 'v2').update('a', a);
  const a3 = after(a1, 'v3').update('b');
  const a4 = after(a1, 'v3').update('c');
  const w = of<string>([['a', 1, []]]);
  const z = of([['a', 2, ['v2', 'v1']]]);
  const both: [D, D, string][] = [
    [w, z, 'a2[v2]'],
    [a, a1, 'a2[v2]'],
    [a4, a3, 'a2[] b1[v3] c1[v3]'],
    [x, a, 'a1[v1] x1[]'],
    [a, y, 'a1[v1] b1[v2]'],
  ];
  for (const [left, right, expected] of both) {
    expect(show(left.merge(right))).toBe(expected);
    expect(show(right.merge(left))).toBe(expected);
  }
});

test('sync and update: Mary writes twice without reading, Peter writes after reading the first', () => {
  const a0 = blind('v1').update('a');
  const peter = a0.context;
  const a1 = blind('v2').update('a', a0);
  expect(show(a1)).toBe('a2[v2,v1]');
  expect(show(Dvv.write(peter, 'v3').update('a', a1))).toBe('a3[v3,v2]');
});

test('siblings do not explode: two clients that write in turns through one server leave two siblings, not one per write', () => {
  let server = blind('x0').update('s');
  let [x, y] = [server.context, VectorClock.empty];
  for (let n = 1; n <= 50; n++) {
    server = Dvv.write(y, `y${n}`).update('s', server);
    y = server.context;
    server = Dvv.write(x, `x${n}`).update('s', server);
    x = server.context;
    expect(server.size).toBeLessThanOrEqual(2);
  }
});

test('less: the order of what has been seen', () => {
  const a = blind('v1').update('a');
  const b = after(a, 'v2').update('a');
  const b2 = after(a, 'v2').update('b');
  const b3 = after(a, 'v2').update('z');
  const c = after(b, 'v3').update('c', a);
  const d = after(c, 'v4').update('d', b2);
  for (const [lower, upper] of [[a, b], [a, c], [b, c], [b, d], [b2, d], [a, d]] as const) // biome-ignore format: pairs
    expect(lower.compare(upper)).toBe('before');
  for (const [left, right] of [
    [b2, c],
    [b, b2],
    [b3, d],
  ] as const)
    expect(left.compare(right)).toBe('concurrent');
  expect(a.compare(a)).toBe('equal');
  expect(d.compare(b2)).toBe('after');
});

test('equal: what has been seen counts, values do not', () => {
  const a = of([['a', 4, ['v5', 'v0']], ['b', 1, []], ['c', 1, ['v3']]], ['v0']); // biome-ignore format: one set
  const b = of([['a', 4, ['v555', 'v0']], ['b', 1, []], ['c', 1, ['v3']]]); // biome-ignore format: one set
  const c = of([['a', 4, ['v5', 'v0']], ['b', 1, []]], ['v6', 'v1']); // biome-ignore format: one set
  expect([a.compare(b), b.compare(a), a.compare(c)]).toEqual(['equal', 'equal', 'after']);
});

test('last and latest: by an order that the caller gives', () => {
  const x = of([['a', 4, [5, 2]], ['b', 1, []], ['c', 1, [3]]]); // biome-ignore format: one set
  const y = of([['a', 4, [5, 2]], ['b', 1, []], ['c', 1, [3]]], [10, 0]); // biome-ignore format: one set
  const z = of([['a', 4, [5, 2]], ['b', 1, [1]]], [3]); // biome-ignore format: one set
  const order = (a: number, b: number): number => a - b;
  expect([x.last(order), y.last(order)]).toEqual([5, 10]);
  expect(show(x.latest(order))).toBe('a4[5] b1[] c1[]');
  expect(show(y.latest(order))).toBe('a4[] b1[] c1[] | 10');
  expect(show(z.latest(order))).toBe('a4[5] b1[]');
  expect(Dvv.of<number>([]).latest(order).size).toBe(0);
});

test('of values that tie, the first is the last; an order may be as fine as it likes', () => {
  const x = of([['a', 2, ['p', 'q']]]);
  expect(x.last(() => 0)).toBe('p');
  expect(of([['a', 2, [1.5, 1]]]).last((a, b) => a - b)).toBe(1.5);
});

test('latest: replicas of which only one has chosen agree after they meet, whichever sibling was chosen', () => {
  const x = of([['a', 4, [5, 2]], ['b', 1, [3]]]); // biome-ignore format: one set
  for (const [chosen, expected] of [
    [5, 'a4[5] b1[]'],
    [2, 'a4[] b1[] | 2'],
    [3, 'a4[] b1[3]'],
  ] as const) {
    const latest = x.latest((a, b) => Number(a === chosen) - Number(b === chosen));
    expect([latest.merge(x), x.merge(latest)].map(show)).toEqual([expected, expected]);
    expect(show(latest)).toBe(expected);
  }
});

test('latest: a value that two servers hold is kept once', () => {
  expect(show(of([['a', 1, ['v']], ['b', 1, ['v']]]).latest(() => 0))).toBe('a1[v] b1[]'); // biome-ignore format: one set
});

test('sync: what has no dot yet goes when the other side knows more, and stays when neither does', () => {
  const less = of([['a', 1, []]], ['old']); // biome-ignore format: one set
  const more = of([['a', 2, []]], ['new']); // biome-ignore format: one set
  const apart = of([['b', 1, []]], ['new', 'other']); // biome-ignore format: one set
  expect([less.merge(more), more.merge(less)].map(show)).toEqual(['a2[] | new', 'a2[] | new']);
  expect(show(more.merge(apart))).toBe('a2[] b1[] | new,other');
  expect(more.merge(more)).toBe(more);
});

test('entries are sorted by actor, in whichever order they were given', () => {
  const expected = 'a1[1] b2[2] c3[3]';
  expect(show(of([['b', 2, [2]], ['c', 3, [3]], ['a', 1, [1]]]))).toBe(expected); // biome-ignore format: one set
  expect(show(of([['c', 3, [3]], ['b', 2, [2]], ['a', 1, [1]]]))).toBe(expected); // biome-ignore format: one set
  expect(() => of([['a', 1, []], ['b', 1, []], ['a', 2, []]])).toThrow(/named once/); // biome-ignore format: one set
});

test('reconcile: one value of all, to be written again', () => {
  const x = of([['a', 4, [5, 2]], ['b', 1, []], ['c', 1, [3]]]); // biome-ignore format: one set
  expect(show(x.reconcile((all) => all.reduce((a, b) => a + b)))).toBe('a4[] b1[] c1[] | 10');
  expect(show(x.reconcile((all) => Math.min(...all)))).toBe('a4[] b1[] c1[] | 2');
});

test('size, values and map', () => {
  const x = of([['a', 4, ['v5', 'v0']], ['c', 1, ['v3']]], ['v4', 'v1']); // biome-ignore format: one set
  expect(x.size).toBe(5);
  expect(x.values.sort()).toEqual(['v0', 'v1', 'v3', 'v4', 'v5']);
  expect(show(of([['a', 4, [5, 1]]], [10]).map((n) => n * 2))).toBe('a4[10,2] | 20'); // biome-ignore format: one set
});

test('a set that cannot have come about is refused, and a write has one value', () => {
  expect(() => of([['a', 1, ['x', 'y']]])).toThrow(/more values than writes/);
  expect(() => of([['a', 1, []], ['a', 2, []]])).toThrow(/named once/); // biome-ignore format: one set
  expect(() => Dvv.write(VectorClock.empty).update('a')).toThrow(/exactly one value/);
});
