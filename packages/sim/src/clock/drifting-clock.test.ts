import { Instant } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import { World } from '../world/index.ts';
import { DriftingClock, WORLD_EPOCH_MS } from './index.ts';

test('a clock that gains 200 ppm is 720 ms ahead after an hour', () => {
  const source = { nowUs: 0 };
  const clock = new DriftingClock(source);
  clock.setDriftPpm(200);
  source.nowUs = 3600e6;
  expect(clock.errorMs).toBeCloseTo(720, 6);
  expect(clock.wallMs()).toBe(WORLD_EPOCH_MS + 3_600_720);
});

test('a change of rate neither jumps nor goes back', () => {
  const source = { nowUs: 0 };
  const clock = new DriftingClock(source);
  let before = clock.elapsedMs();
  for (const ppm of [1000, -1000, 0, 499_999, -499_999]) {
    source.nowUs += 1000;
    clock.setDriftPpm(ppm);
    const now = clock.elapsedMs();
    expect(now - before).toBeGreaterThan(0.4);
    expect(now - before).toBeLessThan(1.6);
    before = now;
  }
  expect(() => clock.setDriftPpm(500_000)).toThrow(RangeError);
});

test('a jump moves the wall clock only, and healing sets it right without moving the monotonic one', () => {
  const source = { nowUs: 5e6 };
  const clock = new DriftingClock(source);
  clock.setDriftPpm(10_000);
  source.nowUs = 10e6;
  const elapsed = clock.elapsedMs();
  clock.jump(-60_000);
  expect(clock.elapsedMs()).toBe(elapsed);
  expect(clock.errorMs).toBeCloseTo(-59_950, 6);
  clock.heal();
  expect(clock.elapsedMs()).toBe(elapsed);
  expect(clock.errorMs).toBeCloseTo(0, 6);
  expect(clock.rate).toBe(1);
});

test('timers follow their own node’s clock, and never fire before their time on it', async () => {
  const world = new World({ seed: 1n, turnMs: 0.001 });
  const firedAtMs: number[] = [];
  for (const [name, ppm] of [
    ['fast', 100_000],
    ['true', 0],
    ['slow', -100_000],
  ] as const) {
    world.node(name).clock.setDriftPpm(ppm);
    world.node(name).start((env) => {
      const due = Instant.add(env.clock.monotonic(), 1000);
      env.timers.at(due, () => {
        expect(env.clock.monotonic()).toBeGreaterThanOrEqual(due);
        firedAtMs.push(world.nowMs);
      });
    });
  }
  await world.run({ forMs: 2000 });
  expect(firedAtMs.map(Math.round)).toEqual([909, 1000, 1111]);
});

test('a timer armed before its clock slowed down still does not fire early', async () => {
  const world = new World({ seed: 1n });
  let late = Number.NaN;
  world.node('a').start((env) => {
    const due = Instant.add(env.clock.monotonic(), 1000);
    env.timers.at(due, () => {
      late = env.clock.monotonic() - due;
    });
  });
  await world.run({ forMs: 500 });
  world.node('a').clock.setDriftPpm(-200_000);
  await world.run({ forMs: 2000 });
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(1);
});
