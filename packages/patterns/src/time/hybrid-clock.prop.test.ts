import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareHybrid, HybridClock, type HybridTimestamp, hybridTimestamp } from './index.ts';

const MAX_OFFSET_MS = 8;
const steps = fc.array(
  fc.record({
    node: fc.nat(2),
    /** Milliseconds that pass; the node's wall clock is off by what `skew` says. */
    pass: fc.nat(2),
    kind: fc.constantFrom('send' as const, 'receive' as const, 'restart' as const, 'set-back' as const),
    message: fc.nat(20),
  }),
  { maxLength: 40 },
);

test('over sends, receives, restarts and clocks set back: each event is later than all it can know of, and never too far ahead', () => {
  fc.assert(
    fc.property(steps, fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)), (all, skew) => {
      let trueMs = 100;
      const off = [...skew];
      const disk = [0, 0, 0];
      const clocks = disk.map(() => new HybridClock({ maxOffsetMs: MAX_OFFSET_MS, reserveMs: MAX_OFFSET_MS }));
      const last: HybridTimestamp[] = disk.map(() => hybridTimestamp(0));
      const sent: HybridTimestamp[] = [];
      for (const { node, pass, kind, message } of all) {
        trueMs += pass;
        const physical = trueMs + off[node]!;
        if (kind === 'set-back') off[node] = off[node]! - 2;
        if (kind === 'restart')
          clocks[node] = new HybridClock({
            maxOffsetMs: MAX_OFFSET_MS,
            reserveMs: MAX_OFFSET_MS,
            persistedBoundMs: disk[node]!,
          });
        if (kind === 'restart' || kind === 'set-back') continue;
        const clock = clocks[node]!;
        const wanted = clock.wantedBoundMs(physical);
        if (wanted !== undefined) {
          disk[node] = wanted;
          clock.persisted(wanted);
        }
        const remote = kind === 'receive' ? sent[message] : undefined;
        const at = remote === undefined ? clock.tick(physical) : clock.receive(remote, physical);
        if (at.kind === 'refused') continue;
        expect(compareHybrid(at, last[node]!)).toBeGreaterThan(0);
        if (remote !== undefined) expect(compareHybrid(at, remote)).toBeGreaterThan(0);
        expect(at.wallMs).toBeGreaterThanOrEqual(physical);
        last[node] = at;
        sent.push(at);
      }
    }),
    { numRuns: 500 },
  );
});
