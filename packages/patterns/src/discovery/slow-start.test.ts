import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  Endpoints,
  LeastRequest,
  OutstandingRequests,
  type Picker,
  SlowStart,
  SmoothRoundRobin,
  TwoChoices,
} from './index.ts';
import { populate } from './traffic.fixture.ts';

const at = Instant.of;

describe('slow start, by hand', () => {
  test('rises with the time since the endpoint came', () => {
    const slowStart = new SlowStart({ windowMs: 60_000 });
    expect([6_000, 15_000, 30_000, 59_999].map((ms) => slowStart.factor(ms))).toEqual([
      0.1,
      0.25,
      0.5,
      59_999 / 60_000,
    ]);
  });

  test('never falls below its minimum, and is over with the window', () => {
    const slowStart = new SlowStart({ windowMs: 60_000, minShare: 0.2 });
    expect([0, 1_000, 60_000, 1e9].map((ms) => slowStart.factor(ms))).toEqual([0.2, 0.2, 1, 1]);
  });

  test('counts the first second as one second', () => {
    const slowStart = new SlowStart({ windowMs: 4_000, minShare: 0.01 });
    expect([0, 500, 1_000].map((ms) => slowStart.factor(ms))).toEqual([0.25, 0.25, 0.25]);
    expect(new SlowStart({ windowMs: 500 }).factor(0)).toBe(1);
  });

  test('with an aggression of 2 follows the root, with 0.5 the square', () => {
    expect(new SlowStart({ windowMs: 100_000, aggression: 2 }).factor(25_000)).toBe(0.5);
    expect(new SlowStart({ windowMs: 100_000, aggression: 0.5 }).factor(50_000)).toBe(0.25);
  });
});

describe('a new endpoint among nine that are warm', () => {
  const slowStart = new SlowStart({ windowMs: 100_000 });
  const shareAt = (pickerOf: (endpoints: Endpoints) => Picker, ageMs: number, weight = 1): number => {
    const endpoints = populate(new Endpoints(), 9, () => ({ weight }));
    const slot = endpoints.add({ id: 'new', weight }, at(0));
    const picker = pickerOf(endpoints);
    let hits = 0;
    for (let i = 0; i < 20_000; i++) if (picker.pick(at(ageMs)) === slot) hits += 1;
    return hits / 20_000;
  };
  const choices = (endpoints: Endpoints): Picker =>
    new TwoChoices(seeded(5), { endpoints, metric: new OutstandingRequests(endpoints), slowStart });

  test.each([
    ['two choices', choices, 1],
    ['weighted least request', (endpoints: Endpoints) => new LeastRequest(seeded(5), { endpoints, slowStart }), 2],
    ['smooth round robin', (endpoints: Endpoints) => new SmoothRoundRobin({ endpoints, slowStart }), 1],
  ] as const)('%s gives it its factor of a share', (_name, pickerOf, weight) => {
    for (const [ageMs, factor] of [
      [20_000, 0.2],
      [50_000, 0.5],
      [100_000, 1],
    ] as const)
      expect(shareAt(pickerOf, ageMs, weight)).toBeCloseTo(factor / (9 + factor), 2);
  });

  test('and when all are new, all get the same', () => {
    const endpoints = new Endpoints();
    for (let i = 0; i < 4; i++) endpoints.add({ id: `${i}` }, at(0));
    const picker = choices(endpoints);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[picker.pick(at(1000))]! += 1;
    for (const count of counts) expect(count / 8000).toBeCloseTo(0.25, 1);
  });
});
