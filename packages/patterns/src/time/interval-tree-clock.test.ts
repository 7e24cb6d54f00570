import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { IntervalTreeClock as Itc, type ItcEvents, type ItcId } from './index.ts';

const shown = (id: ItcId, events: ItcEvents): string => Itc.of(id, events).toString();

test('section 5.2: normal form', () => {
  expect(shown([1, 1], 0)).toBe('(1,0)');
  expect(shown([0, [0, 0]], 0)).toBe('(0,0)');
  expect(shown(1, [2, 1, 1])).toBe('(1,3)');
  expect(shown(1, [2, [2, 1, 0], 3])).toBe('(1,(4,(0,1,0),1))');
});

test('section 5.3.1: a fork splits the share and keeps the past', () => {
  const forked = (id: ItcId): string[] => Itc.of(id, 0).fork().map(String);
  expect(forked(1)).toEqual(['((1,0),0)', '((0,1),0)']);
  expect(forked([0, 1])).toEqual(['((0,(1,0)),0)', '((0,(0,1)),0)']);
  expect(forked([1, 0])).toEqual(['(((1,0),0),0)', '(((0,1),0),0)']);
  expect(forked([1, [0, 1]])).toEqual(['((1,0),0)', '((0,(0,1)),0)']);
  expect(forked([0, [[1, 0], 0]])).toEqual(['((0,(((1,0),0),0)),0)', '((0,(((0,1),0),0)),0)']);
});

test('section 4, the example: forks, events, a join that retires a member, and the stamp that simplifies', () => {
  const [a, b] = Itc.seed.fork();
  const a1 = a.event();
  const b1 = b.event().event();
  expect([a1, b1].map(String)).toEqual(['((1,0),(0,1,0))', '((0,1),(0,0,2))']);
  const [a2, c] = a1.fork();
  const a3 = a2.event();
  expect(String(a3)).toBe('(((1,0),0),(0,(1,1,0),0))');
  const joined = b1.join(c);
  expect(String(joined)).toBe('(((0,1),1),(1,0,1))');
  const [d, e] = joined.fork();
  expect([d, e].map(String)).toEqual(['(((0,1),0),(1,0,1))', '((0,1),(1,0,1))']);
  const f = a3.join(d);
  expect(String(f)).toBe('((1,0),(1,(0,1,0),1))');
  expect(String(f.event())).toBe('((1,0),2)');
});

test('an event fills where that simplifies, else grows where that is cheapest', () => {
  expect(String(Itc.of(1, [1, 0, 2]).event())).toBe('(1,3)');
  expect(String(Itc.of(1, [1, 2, 0]).event())).toBe('(1,3)');
  expect(String(Itc.of([1, 0], [0, 0, 2]).event())).toBe('((1,0),2)');
  expect(String(Itc.of([1, [0, 1]], [0, 0, [1, 0, 2]]).event())).toBe('((1,(0,1)),(1,0,(0,0,2)))');
  expect(String(Itc.of([[0, 1], [1, 0]], 3).event())).toBe('(((0,1),(1,0)),(3,0,(0,1,0)))'); // biome-ignore format: one id
  expect(String(Itc.of([[0, 1], 1], [0, [1, 0, 1], 0]).event())).toBe('(((0,1),1),(1,(0,0,1),0))');
});

test('an event fills each half by its own share, and leaves alone what it has no share of, however deep', () => {
  const halves = Itc.of([[1, 0], [0, 1]], [0, [0, 0, 1], [0, 1, 0]]); // biome-ignore format: one stamp
  expect(String(halves.event())).toBe('(((1,0),(0,1)),1)');
  const right = Itc.of([0, 1], [0, [0, [1, 0, 1], 0], 2]);
  expect(String(right.event())).toBe('((0,1),(0,(0,(1,0,1),0),3))');
});

test('to make the tree deeper costs more than to go down to any place that is there', () => {
  const there = Itc.of([[1, 0], [1, 0]], [0, [0, 1, 0], 0]); // biome-ignore format: one stamp
  expect(String(there.event())).toBe('(((1,0),(1,0)),(0,(0,2,0),0))');
});

test('of two places to grow, the one nearer to the root is taken, whichever the turns on the way', () => {
  const twoRight: [ItcId, ItcEvents] = [[0, [0, 1]], [0, 0, [0, 0, 1]]]; // biome-ignore format: a share and its events
  const threeLeft: [ItcId, ItcEvents] = [[[[1, 0], 0], 0], [0, [0, [0, 1, 0], 0], 0]]; // biome-ignore format: a share and its events
  const grown = (left: [ItcId, ItcEvents], right: [ItcId, ItcEvents]): string =>
    String(Itc.of([left[0], right[0]], [0, left[1], right[1]]).event());
  expect(grown(twoRight, threeLeft)).toBe('(((0,(0,1)),(((1,0),0),0)),(0,(0,0,(0,0,2)),(0,(0,(0,1,0),0),0)))');
  expect(grown(threeLeft, twoRight)).toBe('(((((1,0),0),0),(0,(0,1))),(0,(0,(0,(0,1,0),0),0),(0,0,(0,0,2))))');
});

test('of two places to grow, the one nearer to the root is taken; of equals, the right one', () => {
  const near = Itc.of(
    [
      [[1, 0], 0],
      [1, 0],
    ],
    [0, [0, [0, 1, 0], 0], [0, 1, 0]],
  );
  expect(String(near.event())).toBe('((((1,0),0),(1,0)),(0,(0,(0,1,0),0),(0,2,0)))');
  const equal = Itc.of([[1, 0], [1, 0]], [0, [0, 1, 0], [0, 1, 0]]); // biome-ignore format: one stamp
  expect(String(equal.event())).toBe('(((1,0),(1,0)),(0,(0,1,0),(0,2,0)))');
});

test('a message carries a past and no share', () => {
  const [a, b] = Itc.seed.fork();
  const message = a.event().peek();
  expect(String(message)).toBe('(0,(0,1,0))');
  expect(String(b.join(message).event())).toBe('((0,1),1)');
  expect([b.compare(message), message.compare(b), message.compare(message)]).toEqual(['before', 'after', 'equal']);
  expect(b.event().compare(message)).toBe('concurrent');
  expect([message.descends(b), b.descends(message)]).toEqual([true, false]);
});

test('an anonymous stamp neither forks nor counts, and a share used twice is found out', () => {
  expect(() => Itc.seed.peek().fork()).toThrow(/no share/);
  expect(() => Itc.seed.peek().event()).toThrow(/no events/);
  const [a] = Itc.seed.fork();
  expect(() => a.join(a)).toThrow(/overlap/);
  expect(() => Itc.seed.join(a)).toThrow(/overlap/);
  const [part] = a.fork();
  expect(() => Itc.seed.join(part)).toThrow(/overlap/);
  expect(() => part.join(Itc.seed)).toThrow(/overlap/);
});

test('a stamp takes a byte per node while counts are small, and one that is not in its form is refused', () => {
  const writer = new ByteWriter();
  Itc.of([0, 1], [3, 0, [0, 2, 0]]).write(writer);
  const bytes = writer.take();
  expect([...bytes]).toEqual([2, 0, 1, 7, 0, 1, 4, 0]);
  expect(String(Itc.read(new ByteReader(bytes)))).toBe('((0,1),(3,0,(0,2,0)))');
  const read =
    (...from: number[]) =>
    () =>
      Itc.read(new ByteReader(Uint8Array.from(from)));
  expect(read(2, 1, 1, 0)).toThrow(/normal form/);
  expect(read(3, 0)).toThrow(/0, 1 or 2/);
  expect(read(1, 1, 2, 2)).toThrow(/normal form/);
  expect(read(1, 1, 2, 4)).toThrow(/normal form/);
  expect(read(1, 1, 0, 0)).toThrow(/normal form/);
});

/** A member that has admitted as many others, one after the other, and has kept this half each time. */
const afterForks = (count: number, half: 0 | 1): Itc => {
  let id: ItcId = 1;
  for (let n = 0; n < count; n++) id = half === 0 ? [id, 0] : [0, id];
  return Itc.of(id, 0);
};

test('a member may admit a thousand others: what it writes is read back; it is told when its share has become too small', () => {
  for (const half of [0, 1] as const) {
    expect(String(afterForks(2, half))).toBe(String(Itc.seed.fork()[half].fork()[half]));
    const clock = afterForks(999, half).fork()[half].event();
    const writer = new ByteWriter();
    clock.write(writer);
    expect(String(Itc.read(new ByteReader(writer.take())))).toBe(String(clock));
    expect(() => clock.fork()).toThrow(/larger share/);
  }
});

test('a stamp that is deeper than any that a fork makes is refused, to the left and to the right', () => {
  const chain = (count: number, ...node: number[]): number[] => Array.from({ length: count }, () => node).flat();
  const read = (...from: number[]): Itc => Itc.read(new ByteReader(Uint8Array.from(from)));
  expect(() => read(...chain(1001, 2), 1, ...chain(1001, 0), 0)).toThrow(/identity must not be deeper/);
  expect(() => read(...chain(1001, 2, 0), 1, 0)).toThrow(/identity must not be deeper/);
  expect(() => read(1, ...chain(1001, 1), 2, ...chain(1001, 0))).toThrow(/event tree must not be deeper/);
  expect(() => read(1, ...chain(1001, 1, 0), 2)).toThrow(/event tree must not be deeper/);
});
