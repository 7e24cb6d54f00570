import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { TimingWheel, WheelTimer } from './index.ts';

const at = Instant.of;

class Named extends WheelTimer {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}
function takeAll(wheel: TimingWheel<Named>, now: number): string[] {
  const names: string[] = [];
  for (let timer = wheel.takeDue(at(now)); timer !== undefined; timer = wheel.takeDue(at(now))) names.push(timer.name);
  return names;
}

describe('a timing wheel (Varghese and Lauck 1987, scheme 7)', () => {
  test('gives timers when they are due, earlier ones first, whatever level they were in', () => {
    const wheel = new TimingWheel<Named>(at(0));
    for (const ms of [5_000_000, 70, 1, 4096, 63, 64, 300_000]) wheel.start(new Named(`${ms}`), at(ms));
    expect(wheel.size).toBe(7);
    for (const ms of [1, 63, 64, 70, 4096, 300_000, 5_000_000]) {
      expect(wheel.deadline).toBe(ms);
      expect(takeAll(wheel, ms - 1)).toEqual([]);
      expect(takeAll(wheel, ms)).toEqual([`${ms}`]);
    }
    expect([wheel.size, wheel.deadline]).toEqual([0, undefined]);
  });
  test('a time that is past, or between two ticks, is never early, and late by less than a tick', () => {
    const wheel = new TimingWheel<Named>(at(10));
    wheel.start(new Named('past'), at(3));
    wheel.start(new Named('between'), at(12.3));
    expect([wheel.deadline, takeAll(wheel, 10.5)]).toEqual([10, ['past']]);
    expect([takeAll(wheel, 12.9), wheel.deadline, takeAll(wheel, 13)]).toEqual([[], 13, ['between']]);
  });
  test('a stopped timer does not come, and can be started again', () => {
    const wheel = new TimingWheel<Named>(at(0));
    const timer = new Named('it');
    wheel.start(timer, at(100));
    expect(() => wheel.start(timer, at(200))).toThrow(/started once/);
    expect([wheel.stop(timer), wheel.stop(timer), wheel.isWaiting(timer), wheel.deadline]).toEqual([
      true,
      false,
      false,
      undefined,
    ]);
    wheel.start(timer, at(200));
    expect([takeAll(wheel, 199), takeAll(wheel, 200), wheel.isWaiting(timer)]).toEqual([[], ['it'], false]);
  });
  test('what is further away than the wheel reaches comes at its time, all the same', () => {
    const wheel = new TimingWheel<Named>(at(0));
    const far = 3 * 365 * 24 * 60 * 60 * 1000 + 17;
    wheel.start(new Named('far'), at(far));
    let now = 0;
    let wakes = 0;
    while (takeAll(wheel, now).length === 0) {
      expect(wheel.deadline).toBeGreaterThan(now);
      now = wheel.deadline!;
      wakes += 1;
    }
    expect(now).toBe(far);
    expect(wakes).toBeLessThan(12);
  });
  test('many that are due within a slot of a higher level: it is early, not late', () => {
    const wheel = new TimingWheel<Named>(at(0));
    for (let i = 0; i < 100; i++) wheel.start(new Named(`${i}`), at(70_000 + i));
    expect(wheel.deadline).toBe(Math.floor(70_000 / 4096) * 4096);
    expect([takeAll(wheel, 69_999).length, wheel.deadline, takeAll(wheel, 70_099).length]).toEqual([0, 70_000, 100]);
  });
  test('emptied, it holds nothing, and what was in it can be started elsewhere', () => {
    const wheel = new TimingWheel<Named>(at(0));
    const timers = [1, 100, 10_000].map((ms) => new Named(`${ms}`));
    for (const timer of timers) wheel.start(timer, at(Number(timer.name)));
    wheel.clear();
    expect([wheel.size, wheel.deadline, takeAll(wheel, 1e6)]).toEqual([0, undefined, []]);
    for (const timer of timers) wheel.start(timer, at(2e6));
    expect(takeAll(wheel, 2e6)).toHaveLength(3);
  });
});

test('against a list that is searched each time: the same timers, in order of their ticks, and a deadline that is never too late', () => {
  const wait = fc.constantFrom(0, 1, 3, 62, 63, 64, 65, 500, 4095, 4096, 300_000);
  const action = fc.record({
    kind: fc.constantFrom('start', 'start', 'stop', 'pass', 'pass', 'jump'),
    id: fc.nat(7),
    ms: wait,
    part: fc.constantFrom(0, 0, 0.5),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.constantFrom(0, 7, 4095, 1e9), (actions, begin) => {
      const wheel = new TimingWheel<Named>(at(begin));
      const timers = Array.from({ length: 8 }, (_, i) => new Named(`${i}`));
      const model = new Map<string, number>();
      let now: number = begin;
      for (const { kind, id, ms, part } of actions) {
        const timer = timers[id]!;
        if (kind === 'start' && !model.has(timer.name)) {
          wheel.start(timer, at(now + ms + part));
          model.set(timer.name, Math.ceil(now + ms + part));
        } else if (kind === 'stop') expect(wheel.stop(timer)).toBe(model.delete(timer.name));
        else if (kind !== 'start') {
          now = kind === 'jump' ? Math.max(now, wheel.deadline ?? now) : now + ms + part;
          const taken = takeAll(wheel, now);
          const due = [...model].filter(([, tick]) => tick <= Math.floor(now));
          expect(taken.toSorted()).toEqual(due.map(([name]) => name).toSorted());
          const ticks = taken.map((name) => Math.max(model.get(name)!, 0));
          expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
          for (const name of taken) model.delete(name);
        }
        const earliest = Math.min(...model.values());
        expect(wheel.size).toBe(model.size);
        if (model.size === 0) expect(wheel.deadline).toBeUndefined();
        else expect(wheel.deadline).toBe(earliest);
      }
    }),
    { numRuns: 500 },
  );
});

test('a timer that is due at no number is refused', () => {
  const wheel = new TimingWheel<WheelTimer>(Instant.of(0));
  expect(() => wheel.start(new WheelTimer(), Number.NaN as Instant)).toThrow(/dueAt must be a number/);
  expect(wheel.size).toBe(0);
});

test('of what is due in more than two years the deadline is never too late, whichever was started first', () => {
  const wheel = new TimingWheel<WheelTimer>(Instant.of(0));
  const years = (count: number) => Instant.of(count * 365 * 86_400_000);
  wheel.start(new WheelTimer(), years(4));
  wheel.takeDue(years(0.5));
  wheel.start(new WheelTimer(), years(3));
  let [looks, at] = [0, Instant.of(0)];
  for (let taken: WheelTimer | undefined; taken === undefined; taken = wheel.takeDue(at)) {
    at = wheel.deadline!;
    expect(at).toBeLessThanOrEqual(years(3));
    looks += 1;
  }
  expect([at, looks < 10, wheel.size]).toEqual([years(3), true, 1]);
});
