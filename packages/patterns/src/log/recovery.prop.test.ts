import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brief, SegmentBuilder, scan, type TestRecord } from './segment.fixture.ts';

const records = fc.array(
  fc.record({
    kind: fc.integer({ min: 1, max: 3 }),
    stream: fc.nat(3),
    note: fc.constantFrom('', 'n', 'a longer note'),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(3000).map((length) => new Uint8Array(length)),
      fc.tuple(fc.nat(3000), fc.nat(255)).map(([length, value]) => new Uint8Array(length).fill(value)),
    ),
  }),
  { maxLength: 4 },
);
const batches = fc.array(records, { minLength: 1, maxLength: 5 });

function built(all: readonly (readonly TestRecord[])[]): SegmentBuilder {
  const builder = new SegmentBuilder();
  for (const each of all) builder.batch(...each);
  return builder;
}

/** How many records the first `count` batches hold. */
function countOf(all: readonly (readonly TestRecord[])[], count: number): number {
  return all.slice(0, count).reduce((sum, each) => sum + each.length, 0);
}

test('what was written is read', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const found = scan(built(all).bytes());
      expect(found.verdict).toEqual({ kind: 'clean' });
      expect(brief(found.records)).toEqual(brief(all.flat()));
    }),
  );
});

test('whatever sectors of the last batch came, the others are there, and nothing is reported', () => {
  fc.assert(
    fc.property(batches, fc.nat(), (all, missing) => {
      const builder = built(all);
      const bytes = builder.bytes();
      const from = builder.offsets.at(-2)!;
      for (let at = from, bit = 0; at < builder.end; at += 512, bit++) {
        if ((missing >>> (bit % 31)) & 1) bytes.fill(0, at, at + 512);
      }
      const found = scan(bytes);
      expect(found.damages).toEqual([]);
      expect([countOf(all, all.length - 1), countOf(all, all.length)]).toContain(found.records.length);
      expect(brief(found.records)).toEqual(brief(all.flat().slice(0, found.records.length)));
    }),
  );
});

test('whatever is done to the bytes, no record is read that was not written, and what is missing is reported', () => {
  const harm = fc.record({ at: fc.nat(), length: fc.constantFrom(1, 1, 4, 512, 513), value: fc.nat(255) });
  fc.assert(
    fc.property(batches, fc.array(harm, { minLength: 1, maxLength: 3 }), fc.boolean(), (all, harms, last) => {
      const builder = built(all);
      const bytes = builder.bytes();
      for (const { at, length, value } of harms) {
        const from = 512 + (at % (builder.end - 512));
        bytes.fill(value, from, from + length);
      }
      const found = scan(bytes, last);
      const written = brief(all.flat());
      let next = 0;
      for (const each of brief(found.records)) {
        const at = written.indexOf(each, next);
        expect(at, 'records come in the order in which they were written').toBeGreaterThanOrEqual(next);
        next = at + 1;
      }
      // Only the last batch may be taken for one that was never finished.
      if (found.damages.length === 0) expect(found.records.length).toBeGreaterThanOrEqual(countOf(all, all.length - 1));
    }),
    { numRuns: 500 },
  );
});

test('any bytes at all are scanned to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), (noise, last) => {
      const bytes = new Uint8Array(512 + noise.length);
      bytes.set(noise, 512);
      expect(scan(bytes, last).records).toEqual([]);
    }),
  );
});
