import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';
import { EventCode, IDLE, SimEvent } from './sim-event.ts';

class Noted extends SimEvent {
  readonly atUs: number;
  readonly order: number;
  constructor(atUs: number, order: number) {
    super(EventCode.control, -1);
    this.atUs = atUs;
    this.order = order;
  }
  override fire(): void {}
  override describe(): string {
    return `${this.atUs}#${this.order}`;
  }
}

type Step =
  | { readonly kind: 'add'; readonly atUs: number }
  | { readonly kind: 'cancel'; readonly index: number }
  | { readonly kind: 'next'; readonly limitUs: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), atUs: fc.nat(20) }) },
  fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(60) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('next' as const), limitUs: fc.nat(25) }) },
);

test('events come by instant and then in the order they were asked for, whatever is cancelled', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue();
      const all: Noted[] = [];
      let waiting: Noted[] = [];
      for (const action of steps) {
        if (action.kind === 'add') {
          // The oracle: an instant that has passed counts as now.
          const event = new Noted(Math.max(action.atUs, queue.nowUs), all.length);
          queue.schedule(event, action.atUs);
          all.push(event);
          waiting.push(event);
        } else if (action.kind === 'cancel') {
          const event = all[action.index];
          if (event === undefined) continue;
          queue.cancel(event);
          waiting = waiting.filter((other) => other !== event);
        } else {
          const limitUs = Math.max(queue.nowUs, action.limitUs);
          const expected = waiting
            .filter((event) => event.atUs <= limitUs)
            .sort((a, b) => a.atUs - b.atUs || a.order - b.order)[0];
          const event = queue.next(limitUs);
          expect(event?.describe()).toBe(expected?.describe());
          if (event === undefined) continue;
          expect(queue.nowUs).toBe(expected!.atUs);
          expect(event.slot).toBe(IDLE);
          waiting = waiting.filter((other) => other !== event);
        }
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});
