import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crashEverywhere, killThenCrashEverywhere, type Script, type Step } from './log-crash.fixture.ts';
import { entries, mark, request } from './storage.fixture.ts';

const persist = (...unit: Parameters<typeof request>[]): Step => ({
  kind: 'persist',
  unit: unit.map((each) => request(...each)),
});
const queue = (...unit: Parameters<typeof request>[]): Step => ({
  kind: 'queue',
  unit: unit.map((each) => request(...each)),
});
const release = (group: number, index: number): Step => ({ kind: 'release', group, index });
const idle: Step = { kind: 'idle' };
const reopen: Step = { kind: 'reopen' };

/** Several groups, batches of one sector and of many, truncation, restart, idle times, releases, new segments. */
const script: Script = {
  options: { segmentBytes: 6144, zeroAheadBytes: 1024 },
  steps: [
    persist([0, { term: 1, vote: 1 }]),
    persist([0, { entries: entries(1, 3, 1), commit: 1 }], [1, { term: 4, entries: entries(1, 1, 4) }]),
    idle,
    persist([0, { entries: entries(4, 5, 1, 900), commit: 3 }]),
    queue([0, { entries: entries(6, 6, 1) }]),
    queue([2, { term: 2, vote: 2 }]),
    persist([1, { entries: entries(2, 4, 4, 400), commit: 2 }]),
    persist([0, { entries: entries(5, 6, 2), term: 2, vote: 3, commit: 4 }]),
    release(0, 4),
    persist([1, { entries: entries(5, 5, 4, 2000), commit: 5 }]),
    persist([2, { entries: entries(1, 2, 2, 1500) }]),
    reopen,
    release(1, 5),
    persist([0, { restart: mark(50, 3), entries: entries(51, 52, 3), term: 3, commit: 50 }]),
    idle,
    persist([0, { entries: entries(53, 54, 3, 1200), commit: 52 }], [2, { entries: entries(2, 3, 5), term: 5 }]),
    release(2, 1),
    persist([1, { entries: entries(6, 6, 5, 3000), term: 5, vote: 1 }]),
    queue([0, { commit: 54 }]),
    persist([0, { entries: entries(55, 56, 3, 600), commit: 55 }]),
  ],
};

test.each([1024, 0])(
  'a power failure after any operation, whatever it leaves, loses nothing acknowledged and invents nothing (%i bytes of zeros ahead)',
  async (zeroAheadBytes) => {
    const tally = await crashEverywhere(
      { ...script, options: { ...script.options, zeroAheadBytes } },
      { goOnEvery: 3 },
    );
    expect(tally.crashes).toBeGreaterThan(50);
    expect(tally.torn).toBeGreaterThan(100);
    expect(tally.exact).toBeGreaterThan(20);
    expect(tally.more).toBeGreaterThan(20);
  },
);

test('what a killed process left in the cache only is durable before the next one builds on it', async () => {
  const first: Script = {
    options: { segmentBytes: 2048, zeroAheadBytes: 512 },
    steps: [
      persist([0, { entries: entries(1, 2, 1), term: 1, vote: 1 }]),
      persist([0, { entries: entries(3, 3, 1, 800), commit: 2 }], [1, { term: 2 }]),
      persist([1, { entries: entries(1, 1, 2, 500), commit: 1 }]),
      release(0, 2),
      persist([0, { entries: entries(4, 4, 1), commit: 3 }]),
    ],
  };
  const second: Script = {
    options: first.options,
    steps: [persist([2, { term: 7, vote: 1 }]), idle, persist([2, { entries: entries(1, 1, 7, 900) }])],
  };
  const tally = await killThenCrashEverywhere(first, second, 3);
  expect(tally.crashes).toBeGreaterThan(30);
  expect(tally.exact).toBeGreaterThan(100);
});

test('disk operations that overlap may end in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }), async (order) => {
      let next = 0;
      await crashEverywhere(script, { goOnEvery: 50, choose: (waiting) => order[next++ % order.length]! % waiting });
    }),
    { numRuns: 3 },
  );
});
