import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crashEverywhere, type Script, type Step } from './log-crash.fixture.ts';
import { entries, mark, request } from './storage.fixture.ts';

/** Ascending so that requests stay within the contract: what each group's log holds so far. */
interface Told {
  last: number;
  base: number;
  term: number;
}

const choice = fc.record({
  kind: fc.constantFrom(
    'append',
    'append',
    'append',
    'truncate',
    'restart',
    'vote',
    'release',
    'idle',
    'reopen',
    'queue',
  ),
  group: fc.nat(3),
  count: fc.integer({ min: 1, max: 4 }),
  sizeBytes: fc.constantFrom(0, 10, 100, 500, 1500),
});

function scriptOf(choices: readonly (typeof choice extends fc.Arbitrary<infer T> ? T : never)[]): Script {
  const told = Array.from({ length: 4 }, (): Told => ({ last: 0, base: 0, term: 1 }));
  const steps = choices.map(({ kind, group, count, sizeBytes }): Step => {
    const log = told[group]!;
    const append = (first: number) => {
      log.last = first + count - 1;
      return { entries: entries(first, log.last, log.term, sizeBytes), commit: log.base };
    };
    switch (kind) {
      case 'idle':
        return { kind: 'idle' };
      case 'reopen':
        return { kind: 'reopen' };
      case 'release':
        log.base = Math.max(log.base, log.last - count);
        return { kind: 'release', group, index: log.base };
      case 'vote':
        log.term += 1;
        return { kind: 'persist', unit: [request(group, { term: log.term, vote: count })] };
      case 'restart':
        log.base = log.last + count;
        log.last = log.base;
        return { kind: 'persist', unit: [request(group, { restart: mark(log.base, log.term), term: log.term })] };
      case 'truncate':
        log.term += 1;
        return { kind: 'persist', unit: [request(group, append(Math.max(log.base, log.last - 2) + 1))] };
      default:
        return { kind: kind === 'queue' ? 'queue' : 'persist', unit: [request(group, append(log.last + 1))] };
    }
  });
  return { steps, options: { segmentBytes: 12_288, zeroAheadBytes: 2048 } };
}

test('random scripts of any kind survive a power failure after any operation', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(choice, { minLength: 5, maxLength: 60 }), async (choices) => {
      await crashEverywhere(scriptOf(choices), { goOnEvery: 5 });
    }),
    { numRuns: 100 },
  );
});

test('a script of a thousand disk operations survives a power failure after any of them', async () => {
  const [choices] = fc.sample(fc.array(choice, { minLength: 470, maxLength: 470 }), { numRuns: 1, seed: 20 });
  const tally = await crashEverywhere(scriptOf(choices!), { goOnEvery: 11 });
  expect(tally.crashes).toBeGreaterThan(1000);
});
