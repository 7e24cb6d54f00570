import { basename } from 'node:path';

/** @import { Mutant, RecordedFile, RecordedTest } from './types.ts' */

/** @typedef {{ readonly test: string, readonly file: string, readonly recorded: RecordedFile }} RecordedBundle */

/**
 * What to run for a mutant.
 *
 * @typedef {{
 *   readonly files: readonly { readonly file: string, readonly picked: readonly number[] | undefined }[],
 *   readonly hitsMax: number,
 *   readonly cpuMsMax: (file: string, test: number) => number,
 * }} Plan
 */

/** How much more often than usual a mutant's place may be passed in a test, and how much longer this may take, before it runs on. */
const HITS_FACTOR = 30;
const HITS_MIN = 5000;
const CPU_FACTOR = 8;
const CPU_MS_MIN = 2000;

/**
 * The tests that come by the mutant's place: its own test file first, then the quickest. Undefined if none does.
 *
 * @param {number} id
 * @param {Mutant} mutant
 * @param {readonly RecordedBundle[]} bundles
 * @returns {Plan | undefined}
 */
export function planOf(id, mutant, bundles) {
  const candidates = bundles.flatMap((bundle) => {
    const loading = timesOf(bundle.recorded.whileLoading, id);
    const indices = bundle.recorded.tests.flatMap((test, index) =>
      loading > 0 || timesOf(test.passed, id) > 0 ? [index] : [],
    );
    if (indices.length === 0) return [];
    const tests = /** @type {RecordedTest[]} */ (indices.map((index) => bundle.recorded.tests[index]));
    // A test that needs the ones before it brings all of them.
    const picked = bundle.recorded.tests.every(({ isAlone }) => isAlone) ? indices : undefined;
    const ran = picked === undefined ? bundle.recorded.tests : tests;
    return [
      {
        file: bundle.file,
        picked,
        times: Math.max(loading, ...tests.map(({ passed }) => timesOf(passed, id))),
        cpuMs: ran.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
        isOwn: basename(bundle.test).startsWith(`${basename(mutant.path, '.ts')}.`),
      },
    ];
  });
  if (candidates.length === 0) return undefined;
  candidates.sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || a.cpuMs - b.cpuMs);
  return {
    files: candidates.map(({ file, picked }) => ({ file, picked })),
    hitsMax: Math.max(...candidates.map(({ times }) => times)) * HITS_FACTOR + HITS_MIN,
    cpuMsMax: (file, test) =>
      (bundles.find((bundle) => bundle.file === file)?.recorded.tests[test]?.cpuMs ?? 0) * CPU_FACTOR + CPU_MS_MIN,
  };
}

/** @param {ReadonlyMap<number, number>} passed @param {number} id */
const timesOf = (passed, id) => passed.get(id) ?? 0;
