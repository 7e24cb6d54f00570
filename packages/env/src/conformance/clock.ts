import { Instant } from '@quorate/patterns/base';
import type { Clock, Tasks, Timers } from '../clock.ts';
import { type ConformanceCase, expectEqual, expectThat } from './case.ts';

export interface ClockSubject {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly tasks: Tasks;
}

function after(subject: ClockSubject, ms: number): Instant {
  return Instant.add(subject.clock.monotonic(), ms);
}

function sleep(subject: ClockSubject, ms: number): Promise<void> {
  return new Promise((done) => void subject.timers.at(after(subject, ms), done));
}

const clocks: readonly ConformanceCase<ClockSubject>[] = [
  {
    name: 'the monotonic clock never goes back, and goes on while one waits',
    async run(subject) {
      let last = subject.clock.monotonic();
      for (let i = 0; i < 1000; i++) {
        const now = subject.clock.monotonic();
        expectThat(now >= last, `${now} came after ${last}`);
        last = now;
      }
      const before = subject.clock.monotonic();
      await sleep(subject, 5);
      expectThat(subject.clock.monotonic() >= before + 5, 'the clock must have gone on by what was waited for');
    },
  },
];

const timers: readonly ConformanceCase<ClockSubject>[] = [
  {
    name: 'a timer fires once, and never early',
    async run(subject) {
      const early: number[] = [];
      let fired = 0;
      for (let i = 0; i < 50; i++) {
        const when = after(subject, i * 0.37);
        subject.timers.at(when, () => {
          fired += 1;
          if (subject.clock.monotonic() < when) early.push(i);
        });
      }
      await sleep(subject, 40);
      expectEqual(fired, 50, 'timers fired');
      expectEqual(early, [], 'timers that were early');
    },
  },
  {
    name: 'timers fire in the order of their instants, and equal ones in the order in which they were set',
    async run(subject) {
      const order: number[] = [];
      const when = after(subject, 3);
      for (const id of [1, 2, 3]) subject.timers.at(when, () => order.push(id));
      subject.timers.at(after(subject, 12), () => order.push(5));
      subject.timers.at(after(subject, 8), () => order.push(4));
      await sleep(subject, 20);
      expectEqual(order, [1, 2, 3, 4, 5], 'the order');
    },
  },
  {
    name: 'an instant in the past means soon, but never inside the call',
    async run(subject) {
      let inside = true;
      let firedInside = false;
      const done = new Promise<void>((fired) => {
        subject.timers.at(after(subject, -100), () => {
          firedInside = inside;
          fired();
        });
      });
      inside = false;
      await done;
      expectThat(!firedInside, 'a timer must not fire inside the call that sets it');
    },
  },
  {
    name: 'a disposed timer does not fire, and disposing one that has fired does nothing',
    async run(subject) {
      const order: string[] = [];
      const first = subject.timers.at(after(subject, 2), () => order.push('first'));
      const second = subject.timers.at(after(subject, 2), () => order.push('second'));
      second[Symbol.dispose]();
      second[Symbol.dispose]();
      const killer = subject.timers.at(after(subject, 4), () => victim[Symbol.dispose]());
      const victim = subject.timers.at(after(subject, 4), () => order.push('victim'));
      await sleep(subject, 12);
      first[Symbol.dispose]();
      killer[Symbol.dispose]();
      expectEqual(order, ['first'], 'what fired');
    },
  },
  {
    name: 'a timer that is set and disposed at random fires exactly when it should',
    async run(subject) {
      const fired = new Set<number>();
      const live = new Set<number>();
      const all: Disposable[] = [];
      for (let i = 0; i < 300; i++) {
        all.push(subject.timers.at(after(subject, (i * 7919) % 13), () => fired.add(i)));
        live.add(i);
        const victim = (i * 31) % (i + 1);
        if (i % 3 === 0 && !fired.has(victim)) {
          all[victim]![Symbol.dispose]();
          live.delete(victim);
        }
      }
      await sleep(subject, 30);
      expectEqual(
        [...fired].sort((a, b) => a - b),
        [...live],
        'the timers that fired',
      );
    },
  },
];

const tasks: readonly ConformanceCase<ClockSubject>[] = [
  {
    name: 'what is deferred runs later, in order, and before a timer that is set for later',
    async run(subject) {
      const order: string[] = [];
      const done = new Promise<void>((fired) => {
        subject.timers.at(after(subject, 500), () => {
          order.push('timer');
          fired();
        });
      });
      subject.tasks.defer(() => order.push('a'));
      subject.tasks.defer(() => {
        order.push('b');
        subject.tasks.defer(() => order.push('d'));
      });
      subject.tasks.defer(() => order.push('c'));
      order.push('now');
      await done;
      expectEqual(order, ['now', 'a', 'b', 'c', 'd', 'timer'], 'the order');
    },
  },
];

export const clockConformance: readonly ConformanceCase<ClockSubject>[] = [...clocks, ...timers, ...tasks];
