import { expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { ClockBoundWait, type ClockBoundWaitEffect, type ClockBoundWaitInput, type ClockUncertainty } from './index.ts';

const unknown: ClockUncertainty = { kind: 'unknown', why: 'expired' };
/** The wall clock agrees with the instant, give or take 5 ms. */
const around = (nowMs: number): ClockUncertainty => ({ kind: 'bounded', earliestMs: nowMs - 5, latestMs: nowMs + 5 });
const step = (w: ClockBoundWait, now: number, input: ClockBoundWaitInput, uncertainty = around(now)): string[] => {
  const out: ClockBoundWaitEffect[] = [];
  w.step(input, uncertainty, Instant.of(now), out);
  return out.map((effect) => `${effect.kind} ${effect.id}${effect.kind === 'refused' ? ` ${effect.why}` : ''}`);
};
const wait = (id: number, timestampMs: number): ClockBoundWaitInput => ({ kind: 'wait', id, timestampMs });
const tick: ClockBoundWaitInput = { kind: 'tick' };

test('Spanner 4.1.2: an acknowledgement is held until its timestamp is surely past: twice the uncertainty', () => {
  const waits = new ClockBoundWait();
  expect(step(waits, 100, wait(1, 105))).toEqual([]);
  expect(waits.deadline).toBe(110);
  expect(step(waits, 110, tick)).toEqual([]);
  expect(waits.deadline).toBe(111);
  expect(step(waits, 111, tick)).toEqual(['released 1']);
  expect([waits.deadline, waits.size]).toEqual([undefined, 0]);
});

test('a timestamp that is past already is not held', () => {
  expect(step(new ClockBoundWait(), 100, wait(1, 94))).toEqual(['released 1']);
});

test('nor does it need a place among those that wait', () => {
  const waits = new ClockBoundWait({ waitsMax: 1 });
  step(waits, 100, wait(1, 105));
  expect(step(waits, 100, wait(2, 94))).toEqual(['released 2']);
});

test('waits with the same timestamp are released in the order in which they came', () => {
  const waits = new ClockBoundWait();
  for (const id of [1, 2, 3]) step(waits, 100, wait(id, 105));
  expect(step(waits, 111, tick)).toEqual(['released 1', 'released 2', 'released 3']);
});

test('effects are put behind those that are there', () => {
  const waits = new ClockBoundWait({ waitsMax: 1 });
  const out: ClockBoundWaitEffect[] = [];
  waits.step(wait(1, 105), around(100), Instant.of(100), out);
  waits.step(wait(2, 94), around(100), Instant.of(100), out);
  waits.step(wait(3, 105), around(100), Instant.of(100), out);
  waits.step(wait(4, 105), unknown, Instant.of(100), out);
  waits.step(wait(5, 94), around(100), Instant.of(100), out);
  expect(out.map(({ id }) => id)).toEqual([2, 3, 4, 5]);
});

test('it is worth looking again in the whole millisecond after which the timestamp is past', () => {
  const waits = new ClockBoundWait();
  step(waits, 100, wait(1, 105.5));
  expect(waits.deadline).toBe(111);
});

test('by default a wait takes a second; the deadline is that of the one that gives up next', () => {
  const waits = new ClockBoundWait();
  for (const [id, now] of [[1, 100], [2, 120], [3, 130]] as const) step(waits, now, wait(id, 9000)); // biome-ignore format: three
  step(waits, 140, tick, unknown);
  expect(waits.deadline).toBe(1100);
  expect(step(waits, 1100, tick, unknown)).toEqual(['refused 1 timed-out']);
  expect(waits.deadline).toBe(1120);
});

test('waits are released in the order of their timestamps', () => {
  const waits = new ClockBoundWait();
  for (const [id, at] of [[1, 120], [2, 110], [3, 115]] as const) step(waits, 100, wait(id, at)); // biome-ignore format: three
  expect(waits.deadline).toBe(115);
  expect(step(waits, 121, tick)).toEqual(['released 2', 'released 3']);
  expect(step(waits, 126, tick)).toEqual(['released 1']);
});

test('it fails closed: while the uncertainty is unknown nothing is released, and a new wait is refused', () => {
  const waits = new ClockBoundWait({ maxWaitMs: 50 });
  step(waits, 100, wait(1, 105));
  expect(step(waits, 130, wait(2, 1), unknown)).toEqual(['refused 2 uncertain']);
  expect(step(waits, 149, tick, unknown)).toEqual([]);
  expect(waits.deadline).toBe(150);
  expect(step(waits, 150, tick, unknown)).toEqual(['refused 1 timed-out']);
  expect(waits.size).toBe(0);
});

test('a wait outlives an unknown spell when the bound comes back in time', () => {
  const waits = new ClockBoundWait({ maxWaitMs: 50 });
  step(waits, 100, wait(1, 105));
  step(waits, 130, tick, unknown);
  expect(step(waits, 131, tick)).toEqual(['released 1']);
});

test('a wait that takes too long is refused, the others go on, and at the last moment past wins', () => {
  const waits = new ClockBoundWait({ maxWaitMs: 50 });
  step(waits, 100, wait(1, 1000));
  step(waits, 120, wait(2, 1000));
  expect(step(waits, 150, wait(3, 145.1))).toEqual(['refused 1 timed-out']);
  expect(waits.deadline).toBe(151);
  expect(step(waits, 170, tick)).toEqual(['released 3', 'refused 2 timed-out']);
});

test('beyond the bound of waits, more are refused; nonsense is an error', () => {
  const waits = new ClockBoundWait({ waitsMax: 1 });
  step(waits, 100, wait(1, 105));
  expect(step(waits, 100, wait(2, 105))).toEqual(['refused 2 too-many']);
  expect(() => step(waits, 100, wait(3, Number.NaN))).toThrow(/timestamp/);
  expect(() => new ClockBoundWait({ maxWaitMs: 0 })).toThrow(/maxWaitMs/);
  expect(new ClockBoundWait({ maxWaitMs: 0.5 }).size).toBe(0);
  expect(() => new ClockBoundWait({ waitsMax: 0 })).toThrow(/waitsMax/);
});
