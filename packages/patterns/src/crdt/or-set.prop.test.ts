import fc from 'fast-check';
import { expect, test } from 'vitest';
import { embedded, orMap, orSet, pnCounter } from './index.ts';

const moves = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'remove', 'clear', 'state', 'delta', 'restore'),
    at: fc.nat(2),
    from: fc.nat(2),
    element: fc.constantFrom('x', 'y'),
    which: fc.nat(30),
  }),
  { maxLength: 30 },
);

/**
 * What a replica knows: every addition by its number, and which of them are over: removed, or replaced by a later addition of the
 * same element, at a place that had seen them. A removal speaks of those that were not over yet; of the others the delta that ended them does.
 */
interface Model {
  readonly added: ReadonlyMap<number, string>;
  readonly removed: ReadonlySet<number>;
}
const NOTHING: Model = { added: new Map(), removed: new Set() };
const union = (a: Model, b: Model): Model => ({
  added: new Map([...a.added, ...b.added]),
  removed: new Set([...a.removed, ...b.removed]),
});
const present = ({ added, removed }: Model): string[] =>
  [...new Set([...added].filter(([n]) => !removed.has(n)).map(([, element]) => element))].sort();

test('an element is present if and only if an addition is known that nothing known has ended; over deltas late, lost and repeated, and crashes', () => {
  fc.assert(
    fc.property(moves, (all) => {
      const replicas = ['a', 'b', 'c'].map((actor) => ({ actor, set: orSet.empty, model: NOTHING, epoch: 0 }));
      const sent: { delta: typeof orSet.empty; model: Model }[] = [];
      const saved = replicas.map(({ set, model }) => ({ set, model }));
      for (const [n, { kind, at, from, element, which }] of all.entries()) {
        const here = replicas[at]!;
        const actor = `${here.actor}~${here.epoch}`;
        const seen = [...here.model.added]
          .filter(([number, e]) => !here.model.removed.has(number) && (kind === 'clear' || e === element))
          .map(([number]) => number);
        let change: { delta: typeof orSet.empty; model: Model } | undefined;
        if (kind === 'add') {
          const model = { added: new Map([[n, element]]), removed: new Set(seen) };
          change = { delta: orSet.add(here.set, element, actor), model };
        } else if (kind === 'remove' || kind === 'clear') {
          const delta = kind === 'clear' ? orSet.clear(here.set) : orSet.remove(here.set, element);
          change = { delta, model: { added: new Map(), removed: new Set(seen) } };
        } else if (kind === 'state') change = { delta: replicas[from]!.set, model: replicas[from]!.model };
        else if (kind === 'delta') change = sent[which % Math.max(1, sent.length)];
        else {
          // A crash, and a restart from an old copy: as another actor, or dots would come twice.
          here.set = saved[at]!.set;
          here.model = saved[at]!.model;
          here.epoch += 1;
        }
        if (n % 5 === 0) saved[at] = { set: here.set, model: here.model };
        if (change === undefined) continue;
        if (kind === 'add' || kind === 'remove' || kind === 'clear') sent.push(change);
        here.set = orSet.merge(here.set, change.delta);
        here.model = union(here.model, change.model);
        expect(orSet.value(here.set).sort()).toEqual(present(here.model));
      }
    }),
    { numRuns: 400 },
  );
});

test('a removal that comes before the addition it followed leaves what that addition replaced, until it comes too', () => {
  const first = orSet.add(orSet.empty, 'y', 'a');
  const second = orSet.add(first, 'y', 'a');
  const clear = orSet.clear(orSet.merge(first, second));
  const early = orSet.merge(first, clear);
  expect(orSet.value(early)).toEqual(['y']);
  expect(orSet.value(orSet.merge(early, second))).toEqual([]);
});

test('without a fresh epoch, an actor restored from an old copy loses writes: what the rule about actors is for', () => {
  const add = (set: typeof orSet.empty, element: string, actor: string) =>
    orSet.merge(set, orSet.add(set, element, actor));
  const before = add(orSet.empty, 'old', 'a');
  const elsewhere = orSet.merge(orSet.empty, add(before, 'seen', 'a'));
  expect(orSet.value(orSet.merge(elsewhere, add(before, 'lost', 'a')))).not.toContain('lost');
  expect(orSet.value(orSet.merge(elsewhere, add(before, 'kept', 'a~1')))).toContain('kept');
});

test('a map of counters counts, per key, what was counted since the removals that its actor had seen', () => {
  const counter = embedded(pnCounter);
  const scores = orMap(counter);
  const steps = fc.array(fc.record({ remove: fc.boolean(), by: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (all) => {
      let state = scores.empty;
      let expected = 0;
      for (const { remove, by } of all) {
        expected = remove ? 0 : expected + by;
        const delta = remove
          ? scores.remove(state, 'k')
          : scores.update(state, 'k', (c) => counter.update(c, 'a', (n) => pnCounter.increment(n, 'a', by)));
        state = scores.merge(state, delta);
        const found = scores.get(state, 'k');
        expect(found === undefined ? 0 : pnCounter.value(counter.inner(found))).toBe(expected);
      }
    }),
    { numRuns: 100 },
  );
});
