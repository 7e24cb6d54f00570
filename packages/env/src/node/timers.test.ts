import { Instant, WallTime } from '@quorate/patterns/base';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Clock } from '../clock.ts';
import { NodeEventLoop } from './clock.ts';
import { NodeTimers } from './timers.ts';

let now = 0;
const clock: Clock = { monotonic: () => Instant.of(now), wall: () => WallTime.of(0) };

/** Lets time pass. `lag`: by so much the platform's timers run ahead of the clock. */
function pass(ms: number, lag = 0): void {
  for (let i = 0; i < ms; i++) {
    now += 1;
    vi.advanceTimersByTime(1 + lag);
  }
}

beforeEach(() => {
  now = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('timers', () => {
  test('a platform that is early does not make them early', () => {
    const timers = new NodeTimers(clock);
    const fired: number[] = [];
    for (const when of [2.5, 7, 7.25, 12]) timers.at(Instant.of(when), () => fired.push(now - when));
    pass(40, 1);
    expect(fired).toHaveLength(4);
    expect(Math.min(...fired)).toBeGreaterThanOrEqual(0);
  });

  test('disposed ones are forgotten at once, and nothing stays armed for them', () => {
    const timers = new NodeTimers(clock);
    const live = Array.from({ length: 1000 }, (_, i) => timers.at(Instant.of(1000 + ((i * 7919) % 1000)), () => {}));
    expect([timers.size, vi.getTimerCount()]).toEqual([1000, 1]);
    for (const timer of live) timer[Symbol.dispose]();
    expect([timers.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('one that always sets itself again for now does not keep the others waiting', () => {
    const timers = new NodeTimers(clock);
    let again = 0;
    const rearm = (): void => {
      again += 1;
      timers.at(Instant.of(now), rearm);
    };
    let other = false;
    rearm();
    timers.at(Instant.of(5), () => {
      other = true;
    });
    pass(10);
    expect(other).toBe(true);
    expect(again).toBeLessThan(20);
  });

  test('one that throws does not stop the rest', () => {
    const timers = new NodeTimers(clock);
    let fired = false;
    timers.at(Instant.of(3), () => {
      throw new Error('on purpose');
    });
    timers.at(Instant.of(3), () => {
      fired = true;
    });
    expect(() => pass(3)).toThrow('on purpose');
    pass(5);
    expect(fired).toBe(true);
  });

  test('one further away than the platform can count fires when it should', () => {
    const timers = new NodeTimers(clock);
    let fired = 0;
    const month = 31 * 24 * 3600 * 1000;
    timers.at(Instant.of(month), () => {
      fired = now;
    });
    for (; now < 2 * month && fired === 0; now += 3_600_000) vi.advanceTimersByTime(3_600_000);
    expect(fired).toBeGreaterThanOrEqual(month);
    expect(fired).toBeLessThan(month + 2 * 3_600_000);
  });

  test('an instant that is not a number is refused', () => {
    expect(() => new NodeTimers(clock).at(Instant.of(Number.NaN), () => {})).toThrow(RangeError);
  });
});

describe('event-loop delay', () => {
  test('is what the probe was late by, for about a second', () => {
    const loop = new NodeEventLoop(clock);
    pass(300);
    expect(loop.delayMs()).toBe(0);
    now += 250; // The thread is blocked: the clock goes on, timers do not.
    pass(100);
    expect(loop.delayMs()).toBeGreaterThan(200);
    pass(1500);
    expect(loop.delayMs()).toBeLessThan(10);
    loop[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('shows a stall before the probe has run', () => {
    const loop = new NodeEventLoop(clock);
    pass(200);
    now += 500;
    expect(loop.delayMs()).toBeGreaterThan(350);
    loop[Symbol.dispose]();
  });
});
