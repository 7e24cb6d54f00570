import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AliasTable, EarliestDeadline } from './index.ts';

const weights = fc.array(fc.constantFrom(0.001, 0.5, 1, 1, 2, 3, 100), { minLength: 1, maxLength: 12 });

describe('the alias table', () => {
  test('gives each item exactly its part of the unit interval', () => {
    fc.assert(
      fc.property(weights, (of) => {
        const table = new AliasTable();
        table.build(of.length, (item) => of[item]!);
        const total = of.reduce((sum, weight) => sum + weight, 0);
        const counts = of.map(() => 0);
        const steps = 5000 * of.length;
        for (let i = 0; i < steps; i++) counts[table.draw((i + 0.5) / steps)]! += 1;
        const apart = of.map((weight, item) => Math.abs(counts[item]! / steps - weight / total));
        expect(Math.max(...apart)).toBeLessThan(0.0005);
      }),
      { numRuns: 60 },
    );
  });

  test('can be built again, smaller and larger', () => {
    const table = new AliasTable();
    for (const size of [3, 1, 7]) {
      table.build(size, () => 1);
      const hit = new Set(Array.from({ length: 700 }, (_, i) => table.draw(i / 700)));
      expect(hit.size).toBe(size);
    }
  });
});

const action = fc.record({
  kind: fc.constantFrom('add', 'remove', 'turn', 'turn', 'turn'),
  item: fc.integer({ min: 0, max: 5 }),
  weight: fc.constantFrom(0.5, 1, 1, 2, 4),
});

describe('turns by the earliest deadline', () => {
  test('go to whom a list searched each time gives them', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const turns = new EarliestDeadline(6);
        const model = new Map<number, { due: number; order: number }>();
        let now = 0;
        let order = 0;
        for (const { kind, item, weight } of actions) {
          if (kind === 'add' && !turns.has(item)) {
            turns.add(item, weight);
            model.set(item, { due: now + 1 / weight, order: order++ });
          } else if (kind === 'remove' && turns.has(item)) {
            turns.remove(item);
            model.delete(item);
          } else if (kind === 'turn' && turns.size > 0) {
            now = model.get(turns.next)!.due;
            model.set(turns.next, { due: now + 1 / weight, order: order++ });
            turns.turn(weight);
          }
          const first = [...model].sort(([, a], [, b]) => a.due - b.due || a.order - b.order)[0];
          expect([turns.next, turns.size]).toEqual([first?.[0] ?? -1, model.size]);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('never leave anybody more than one turn behind its share', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 3, 5), { minLength: 2, maxLength: 6 }), (weightsOf) => {
        const turns = new EarliestDeadline(weightsOf.length);
        for (const [item, weight] of weightsOf.entries()) turns.add(item, weight);
        const total = weightsOf.reduce((sum, weight) => sum + weight, 0);
        const had = weightsOf.map(() => 0);
        let worst = 0;
        for (let turn = 1; turn <= 5 * total; turn++) {
          had[turns.next]! += 1;
          turns.turn(weightsOf[turns.next]!);
          for (const [item, weight] of weightsOf.entries())
            worst = Math.max(worst, Math.floor((turn * weight) / total) - had[item]!);
        }
        expect(worst).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});
