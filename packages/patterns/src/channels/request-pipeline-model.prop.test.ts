/** A pipeline against a plain queue and a plain list of what is under way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/index.ts';
import { RequestPipeline } from './request-pipeline.ts';

interface Sent {
  readonly id: number;
  readonly request: number;
  readonly size: number;
}

const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), by: fc.nat(6) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('next' as const), by: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answered' as const), by: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stray' as const), by: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), by: fc.constant(0) }) },
);
const bounds = fc.record({
  windowMax: fc.integer({ min: 1, max: 4 }),
  windowBytesMax: fc.integer({ min: 1, max: 12 }),
  queuedMax: fc.integer({ min: 1, max: 9 }),
});

test('whatever is sent, answered and lost: order, window, bounds and answers are those of plain lists', () => {
  fc.assert(
    fc.property(bounds, fc.array(act, { maxLength: 100, size: 'max' }), (options, acts) => {
      const pipeline = new RequestPipeline<number>(options);
      let waiting: { request: number; size: number }[] = [];
      let underWay: Sent[] = [];
      const given: number[] = [];
      const bytes = (): number => underWay.reduce((sum, { size }) => sum + size, 0);
      for (const [request, { kind, by }] of acts.entries()) {
        if (kind === 'add') {
          const fits = waiting.length < options.queuedMax;
          expect(pipeline.add(request, by)).toBe(fits);
          if (fits) waiting.push({ request, size: by });
        } else if (kind === 'next') {
          const first = waiting[0];
          const fits =
            first !== undefined &&
            underWay.length < options.windowMax &&
            (underWay.length === 0 || bytes() + first.size <= options.windowBytesMax);
          const next = pipeline.next();
          expect(next?.request).toBe(fits ? first.request : undefined);
          if (next === undefined) continue;
          waiting.shift();
          underWay.push({ id: next.id, request: next.request, size: first!.size });
          // A slot is reused as soon as it is free, and its id is another one each time.
          expect(next.id & 0xffff).toBeLessThan(options.windowMax);
          expect(given).not.toContain(next.id);
          given.push(next.id);
        } else if (kind === 'answered') {
          const at = underWay.length === 0 ? -1 : by % underWay.length;
          const [answered] = at < 0 ? [] : underWay.splice(at, 1);
          if (answered !== undefined) expect(pipeline.answered(answered.id)).toBe(answered.request);
        } else if (kind === 'stray') {
          const id = given[by % (given.length + 1)] ?? by;
          if (underWay.every((sent) => sent.id !== id)) expect(pipeline.answered(id)).toBeUndefined();
        } else {
          const sent = underWay.map((each) => each.request);
          expect(pipeline.reset()).toEqual({ sent, unsent: waiting.map((each) => each.request) });
          waiting = [];
          underWay = [];
        }
        const seen = [pipeline.queued, pipeline.inFlight, pipeline.inFlightBytes];
        expect(seen).toEqual([waiting.length, underWay.length, bytes()]);
      }
    }),
    { numRuns: 600 },
  );
});

describe('a window through which nothing could pass is not made', () => {
  test.each([{ windowMax: 0 }, { windowMax: 65_537 }, { windowBytesMax: 0 }, { queuedMax: 0 }])('%j', (options) => {
    expect(() => new RequestPipeline(options)).toThrow(InvariantError);
  });

  test('and the smallest and the largest are', () => {
    for (const windowMax of [1, 65_536]) {
      const pipeline = new RequestPipeline<number>({ windowMax, windowBytesMax: 1, queuedMax: 1 });
      expect(pipeline.add(1, 1)).toBe(true);
      expect(pipeline.next()?.request).toBe(1);
    }
  });
});

test('an id is in [0, 2^31), also when its slot has been used tens of thousands of times, and differs from those before', () => {
  const pipeline = new RequestPipeline<number>();
  const ids = new Set<number>();
  for (let i = 0; i < 32_768; i++) {
    pipeline.add(i, 1);
    const { id } = pipeline.next()!;
    expect(id >= 0 && id < 2 ** 31).toBe(true);
    ids.add(id);
    pipeline.answered(id);
  }
  expect(ids.size).toBe(32_768);
});

test('the bounds by default are those that are documented', () => {
  const pipeline = new RequestPipeline<number>();
  for (let i = 0; i < 10_000; i++) expect(pipeline.add(i, 1 << 18)).toBe(true);
  expect(pipeline.add(0, 1)).toBe(false);
  while (pipeline.next() !== undefined);
  expect(pipeline.inFlight).toBe(4);
  const many = new RequestPipeline<number>();
  for (let i = 0; i < 300; i++) many.add(i, 1);
  while (many.next() !== undefined);
  expect(many.inFlight).toBe(256);
});
