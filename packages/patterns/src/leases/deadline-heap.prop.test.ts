import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineHeap, type Due } from './index.ts';

interface Item extends Due {
  readonly id: number;
}

test('against a list that is searched each time: the earliest is the earliest, and what was removed is gone', () => {
  const action = fc.record({
    kind: fc.constantFrom('add', 'add', 'take', 'remove'),
    dueAt: fc.nat(9),
    pick: fc.nat(200),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300, size: 'max' }), (actions) => {
      const heap = new DeadlineHeap<Item>();
      const model: Item[] = [];
      for (const [id, { kind, dueAt, pick }] of actions.entries()) {
        if (kind === 'add') {
          const item = { id, dueAt, gone: false };
          heap.add(item);
          model.push(item);
        } else if (kind === 'remove' && model.length > 0) heap.remove(model.splice(pick % model.length, 1)[0]!);
        else if (kind === 'take') {
          const taken = heap.take();
          expect(taken?.dueAt ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.map((item) => item.dueAt)));
          if (taken !== undefined) model.splice(model.indexOf(taken), 1);
        }
        expect(heap.earliest?.dueAt ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.map((item) => item.dueAt)));
      }
    }),
    { numRuns: 100 },
  );
});

test('adding and removing without end does not fill the memory', () => {
  const heap = new DeadlineHeap<Due>();
  const live: Due[] = [];
  for (let i = 0; i < 20_000; i++) {
    const item = { dueAt: i, gone: false };
    heap.add(item);
    live.push(item);
    if (live.length > 10) heap.remove(live.shift()!);
  }
  expect(heap.size).toBeLessThan(200);
  heap.clear();
  expect([heap.size, heap.earliest, heap.take()]).toEqual([0, undefined, undefined]);
});
