import { expect, test } from 'vitest';
import { compareLamport, LamportClock } from './index.ts';

test('IR1: each event of a process has a later time than the one before', () => {
  const clock = new LamportClock('p');
  expect([clock.tick().time, clock.tick().tick().time]).toEqual([1, 2]);
});

test('IR2: a message is received later than it was sent, and later than all that happened here', () => {
  expect(new LamportClock('q', 3).receive(7).time).toBe(8);
  expect(new LamportClock('q', 9).receive(7).time).toBe(10);
});

test('the total order is by time, then by process', () => {
  const a = { time: 1, node: 'b' };
  expect(compareLamport(a, { time: 2, node: 'a' })).toBeLessThan(0);
  expect(compareLamport({ time: 2, node: 'a' }, a)).toBeGreaterThan(0);
  expect(compareLamport(a, { time: 1, node: 'a' })).toBeGreaterThan(0);
  expect(compareLamport({ time: 1, node: 'a' }, a)).toBeLessThan(0);
  expect(compareLamport(a, { ...a })).toBe(0);
});

test('a stamp names the event, and a time that is no counter is refused', () => {
  expect(new LamportClock('p', 4).stamp).toEqual({ time: 4, node: 'p' });
  expect(() => new LamportClock('p', -1)).toThrow(/not negative/);
  expect(() => new LamportClock('p', 2 ** 53)).toThrow(/safe integer/);
});
