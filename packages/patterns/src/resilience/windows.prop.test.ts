import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountWindow } from './call-window.ts';
import { DueItem, DueList } from './due-list.ts';
import { SlidingWindow } from './sliding-window.ts';

test('a sliding window holds what came in its last buckets, whatever the gaps', () => {
  const step = fc.record({ gapMs: fc.constantFrom(0, 3, 10, 25, 99, 1_000), kind: fc.nat(1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: -200, max: 200 }), (steps, startMs) => {
      const window = new SlidingWindow(100, 10, 2);
      const seen: { at: number; kind: number }[] = [];
      let now = startMs;
      for (const { gapMs, kind } of steps) {
        now += gapMs;
        window.advance(now);
        window.add(kind);
        seen.push({ at: now, kind });
        for (const one of [0, 1]) {
          const slot = Math.floor(now / 10);
          const expected = seen.filter((call) => call.kind === one && slot - Math.floor(call.at / 10) < 10);
          expect(window.total(one)).toBe(expected.length);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a window of calls holds the last ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (calls, size) => {
        const window = new CountWindow(size);
        calls.forEach(([failed, slow], i) => {
          window.record(failed, slow);
          const last = calls.slice(0, i + 1).slice(-size);
          expect([window.calls, window.failed, window.slow]).toEqual([
            last.length,
            last.filter((call) => call[0]).length,
            last.filter((call) => call[1]).length,
          ]);
        });
      },
    ),
    { numRuns: 200 },
  );
});

test('a due list gives items by time, and by arrival among equals, without those that were removed', () => {
  const input = fc.record({ dueAt: fc.nat(5), remove: fc.option(fc.nat(20), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 20 }), (inputs) => {
      const list = new DueList<DueItem>();
      const items: DueItem[] = [];
      for (const { dueAt, remove } of inputs) {
        const item = new DueItem();
        items.push(item);
        list.add(item, dueAt);
        const victim = remove === undefined ? undefined : items[remove];
        if (victim === undefined) continue;
        expect(list.remove(victim)).toBe(true);
        expect(list.remove(victim)).toBe(false);
        items.splice(items.indexOf(victim), 1);
      }
      const expected = [...items].sort((a, b) => a.dueAt - b.dueAt);
      expect(list.size).toBe(expected.length);
      expect(list.deadline).toBe(expected[0]?.dueAt);
      const taken: DueItem[] = [];
      for (let now = -1; now <= 5; now++)
        for (let item = list.takeDue(now); item !== undefined; item = list.takeDue(now)) {
          expect(item.dueAt).toBe(now);
          taken.push(item);
        }
      expect(taken.map((item) => items.indexOf(item))).toEqual(expected.map((item) => items.indexOf(item)));
      expect(list.deadline).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});
