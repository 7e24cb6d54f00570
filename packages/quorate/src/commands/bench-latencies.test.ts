import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Latencies } from './bench-latencies.ts';

test('what is read back is what a sorted list would say, and less than 1% more', () => {
  const durations = fc.array(
    fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 100_000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(durations, fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (micros, share) => {
      const latencies = new Latencies();
      for (const each of micros) latencies.note(each / 1000);
      const sorted = [...micros].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]! / 1000;
      const said = latencies.quantileMs(share);
      expect(said).toBeGreaterThanOrEqual(exact);
      expect(said).toBeLessThanOrEqual(exact * 1.01);
    }),
  );
});

test('nothing noted is all zeros', () => {
  expect(new Latencies().summary).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 });
});
