import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { VectorClock } from './index.ts';

const counters = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(3));
const clocks = counters.map((c) => VectorClock.of(Object.entries(c)));
const at = (c: VectorClock): number[] => ['a', 'b', 'c', 'd'].map((actor) => c.get(actor));

test('compare, descends, equals and merge are those of the counters', () => {
  fc.assert(
    fc.property(clocks, clocks, (a, b) => {
      const below = at(a).every((n, i) => n <= at(b)[i]!);
      const above = at(a).every((n, i) => n >= at(b)[i]!);
      expect(a.compare(b)).toBe(below ? (above ? 'equal' : 'before') : above ? 'after' : 'concurrent');
      expect(a.descends(b)).toBe(above);
      expect(a.equals(b)).toBe(above && below);
      expect(at(a.merge(b))).toEqual(at(a).map((n, i) => Math.max(n, at(b)[i]!)));
    }),
    { numRuns: 500 },
  );
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(clocks, (clock) => {
      const writer = new ByteWriter();
      clock.write(writer);
      const reader = new ByteReader(writer.take());
      expect(VectorClock.read(reader).equals(clock)).toBe(true);
      reader.expectEnd();
    }),
  );
});

test('a clock is before another if and only if its event happened before: against sets of events', () => {
  const actors = ['a', 'b', 'c'];
  const moves = fc.array(fc.record({ to: fc.nat(2), from: fc.option(fc.nat(2)) }), { maxLength: 12 });
  fc.assert(
    fc.property(moves, (steps) => {
      const clock = actors.map(() => VectorClock.empty);
      const past = actors.map(() => new Set<number>());
      for (const [n, { to, from }] of steps.entries()) {
        if (from !== null) {
          clock[to] = clock[to]!.merge(clock[from]!);
          past[to] = new Set([...past[to]!, ...past[from]!]);
        }
        clock[to] = clock[to]!.advance(actors[to]!);
        past[to]!.add(n);
      }
      for (const [i, j] of [[0, 1], [1, 2], [2, 0]] as const) // biome-ignore format: three pairs
        expect(clock[i]!.descends(clock[j]!)).toBe([...past[j]!].every((event) => past[i]!.has(event)));
    }),
    { numRuns: 300 },
  );
});
