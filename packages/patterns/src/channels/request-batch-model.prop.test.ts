/** A batch against the plainest list that could do the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, InvariantError } from '../base/index.ts';
import { RequestBatch, type RequestBatchOptions } from './request-batch.ts';

interface Item {
  readonly name: number;
  readonly size: number;
  readonly at: number;
}

class Model {
  items: Item[] = [];
  inFlight = 0;
  readonly #options: Required<RequestBatchOptions>;

  constructor(options: Required<RequestBatchOptions>) {
    this.#options = options;
  }

  get bytes(): number {
    return this.items.reduce((sum, { size }) => sum + size, 0);
  }

  get deadline(): number | undefined {
    const { lingerMs, inFlightMax } = this.#options;
    const first = this.items[0];
    return lingerMs === 0 || first === undefined || this.inFlight >= inFlightMax ? undefined : first.at + lingerMs;
  }

  add(item: Item): boolean {
    if (this.items.length >= this.#options.queuedMax) return false;
    this.items.push(item);
    return true;
  }

  take(now: number): number[] | undefined {
    const { itemsMax, bytesMax, lingerMs, inFlightMax } = this.#options;
    const first = this.items[0];
    if (first === undefined || this.inFlight >= inFlightMax) return undefined;
    const isFull = this.items.length >= itemsMax || this.bytes >= bytesMax;
    if (!isFull && now < first.at + lingerMs) return undefined;
    let count = 1;
    let bytes = first.size;
    while (count < itemsMax && count < this.items.length && bytes + this.items[count]!.size <= bytesMax) {
      bytes += this.items[count]!.size;
      count += 1;
    }
    this.inFlight += 1;
    return this.items.splice(0, count).map(({ name }) => name);
  }
}

const options = fc.record({
  itemsMax: fc.integer({ min: 1, max: 4 }),
  bytesMax: fc.integer({ min: 1, max: 12 }),
  lingerMs: fc.constantFrom(0, 0, 1, 3),
  inFlightMax: fc.integer({ min: 1, max: 3 }),
  queuedMax: fc.integer({ min: 1, max: 12 }),
});
const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), by: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('take' as const, 'answered' as const), by: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('wait' as const, 'clear' as const), by: fc.nat(3) }) },
);

test('whatever comes, waits, leaves and is answered: batches, bounds and deadlines are those of a plain list', () => {
  fc.assert(
    fc.property(options, fc.array(act, { maxLength: 80, size: 'max' }), (bounds, acts) => {
      const model = new Model(bounds);
      const batch = new RequestBatch<number>(bounds);
      let now = 0;
      for (const [name, { kind, by }] of acts.entries()) {
        if (kind === 'add') {
          expect(batch.add(name, by, Instant.of(now))).toBe(model.add({ name, size: by, at: now }));
        } else if (kind === 'take') expect(batch.take(Instant.of(now))).toEqual(model.take(now));
        else if (kind === 'wait') now += by;
        else if (kind === 'clear') expect(batch.clear()).toEqual(model.items.splice(0).map((item) => item.name));
        else if (model.inFlight > 0) {
          model.inFlight -= 1;
          batch.answered();
        } else expect(() => batch.answered()).toThrow(InvariantError);
        const seen = [batch.queued, batch.queuedBytes, batch.inFlight, batch.deadline];
        expect(seen).toEqual([model.items.length, model.bytes, model.inFlight, model.deadline]);
      }
    }),
    { numRuns: 600 },
  );
});

describe('a batch that could never leave, or never wait, is not made', () => {
  test.each([
    { itemsMax: 0 },
    { bytesMax: 0 },
    { lingerMs: -1 },
    { inFlightMax: 0 },
    { queuedMax: 0 },
    { itemsMax: Number.NaN },
  ])('%j', (bounds) => {
    expect(() => new RequestBatch(bounds)).toThrow(InvariantError);
  });
});

test('the bounds by default are those that are documented', () => {
  const filled = (sizeBytes: number): RequestBatch<number> => {
    const batch = new RequestBatch<number>();
    for (let i = 0; i < 10_000; i++) expect(batch.add(i, sizeBytes, Instant.of(0))).toBe(true);
    expect(batch.add(0, sizeBytes, Instant.of(0))).toBe(false);
    return batch;
  };
  const items = filled(0);
  expect(items.take(Instant.of(0))).toHaveLength(1000);
  expect(items.take(Instant.of(0))).toBeUndefined();
  expect(filled(1 << 18).take(Instant.of(0))).toHaveLength(4);
});
