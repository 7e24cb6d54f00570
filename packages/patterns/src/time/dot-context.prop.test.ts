import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { DotContext, VectorClock } from './index.ts';

const dots = fc.array(fc.record({ actor: fc.constantFrom('a', 'b', 'c'), counter: fc.integer({ min: 1, max: 9 }) }));
const contexts = dots.map((all) => DotContext.of(all));
const setOf = (context: DotContext): string[] =>
  ['a', 'b', 'c'].flatMap((a) => [...Array(12).keys()].filter((n) => context.has(a, n)).map((n) => `${a}${n}`));

test('a context holds the dots that were added, and no others', () => {
  fc.assert(
    fc.property(dots, (all) => {
      const expected = [...new Set(all.map((d) => `${d.actor}${d.counter}`))].sort();
      expect(setOf(DotContext.of(all))).toEqual(expected);
      const added = all.reduce((context, { actor, counter }) => context.add(actor, counter), DotContext.empty);
      expect(setOf(added)).toEqual(expected);
      // However they came to be there.
      expect([added.equals(DotContext.of(all)), DotContext.of([...all].reverse()).equals(added)]).toEqual([true, true]);
    }),
  );
});

test('merge, includes and equals are those of sets', () => {
  fc.assert(
    fc.property(contexts, contexts, (a, b) => {
      const [x, y] = [setOf(a), setOf(b)];
      expect(setOf(a.merge(b))).toEqual([...new Set([...x, ...y])].sort());
      expect(a.includes(b)).toBe(y.every((dot) => x.includes(dot)));
      expect(a.equals(b)).toBe(`${x}` === `${y}`);
      expect(a.merge(b).includes(a)).toBe(true);
      if (a.includes(b)) expect(a.merge(b)).toBe(a);
    }),
    { numRuns: 1000 },
  );
});

test('what has nothing yet takes all of the other, without a copy', () => {
  const context = DotContext.of([{ actor: 'a', counter: 1 }, { actor: 'b', counter: 2 }]); // biome-ignore format: two dots
  expect(DotContext.empty.merge(context)).toBe(context);
});

test('a context has one form: what is written is read back, and equal contexts write equal bytes', () => {
  fc.assert(
    fc.property(contexts, contexts, (a, b) => {
      const bytes = (c: DotContext): Uint8Array => {
        const writer = new ByteWriter();
        c.write(writer);
        return writer.take();
      };
      const reader = new ByteReader(bytes(a));
      expect(DotContext.read(reader).toString()).toBe(a.toString());
      reader.expectEnd();
      expect([...bytes(a.merge(b))]).toEqual([...bytes(b.merge(a))]);
    }),
  );
});

test('the next dot of an actor is above all that were seen of it', () => {
  fc.assert(
    fc.property(contexts, (context) => {
      const next = context.next('b');
      expect([...Array(20).keys()].filter((n) => n >= next.counter && context.has('b', n))).toEqual([]);
      expect(context.add('b', next.counter).last('b')).toBe(next.counter);
    }),
  );
});

test('a whole history is one run, and a context without holes is a version vector', () => {
  const context = DotContext.of([3, 1, 2, 5].map((counter) => ({ actor: 'a', counter })));
  expect(context.toString()).toBe('{a:1-3+5}');
  expect(context.runCount).toBe(2);
  expect(context.add('a', 4).toString()).toBe('{a:1-5}');
  expect(context.add('a', 2)).toBe(context);
  expect([context.next('a'), context.next('z')]).toEqual([
    { actor: 'a', counter: 6 },
    { actor: 'z', counter: 1 },
  ]);
  expect([context.last('a'), context.last('z')]).toEqual([5, 0]);
  expect(DotContext.ofOne('a', 1).add('a', 3).toString()).toBe('{a:1+3}');
  expect(context.toClock().toString()).toBe('{a:3}');
  expect(DotContext.of([])).toBe(DotContext.empty);
  expect(DotContext.of([{ actor: 'z', counter: 2 }]).toClock().size).toBe(0);
  expect(DotContext.fromClock(VectorClock.of([['a', 3]])).toString()).toBe('{a:1-3}');
  expect(DotContext.fromClock(VectorClock.empty)).toBe(DotContext.empty);
});

test('a context that is not in its form is refused', () => {
  const read = (...bytes: number[]): DotContext => DotContext.read(new ByteReader(Uint8Array.from(bytes)));
  expect(read(1, 1, 97, 2, 0, 0, 1, 0).toString()).toBe('{a:1+3}');
  expect(() => read(1, 1, 97, 2, 0, 0, 0, 0)).toThrow(/gap/);
  expect(() => read(1, 1, 97, 0, 0)).toThrow(/must have a run/);
  expect(() => read(2, 1, 97, 1, 0, 0, 1, 97, 1, 0, 0)).toThrow(/ascending/);
  expect(read(0)).toBe(DotContext.empty);
  expect(read(1, 0, 1, 0, 0).toString()).toBe('{:1}');
  expect(() => read(2, 1, 97, 1, 0, 0, 1, 98)).toThrow(/2 items claimed/);
  expect(() => read(1, 1, 97, 2, 0, 0, 1)).toThrow(/2 items claimed/);
  const writer = new ByteWriter();
  writer.uint(1);
  writer.text('a');
  writer.uint(1);
  writer.uint(Number.MAX_SAFE_INTEGER - 1);
  writer.uint(1);
  expect(() => DotContext.read(new ByteReader(writer.take()))).toThrow(/safe integer/);
  for (const counter of [0, -1, 1.5, 2 ** 53]) {
    expect(() => DotContext.empty.add('a', counter)).toThrow(/above 0/);
    expect(() => DotContext.of([{ actor: 'a', counter }])).toThrow(/above 0/);
    expect(() => DotContext.ofOne('a', counter)).toThrow(/above 0/);
  }
});
