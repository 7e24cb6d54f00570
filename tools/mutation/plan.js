import { basename } from 'node:path';

/** @import { Mutant, RecordedFile, RecordedTest } from './types.ts' */

/** @typedef {{ readonly test: string, readonly file: string, readonly recorded: RecordedFile }} RecordedBundle */

/**
 * What to run for a mutant, in this order.
 *
 * @typedef {{
 *   readonly steps: readonly { readonly file: string, readonly tests: readonly number[] }[],
 *   readonly hitsMax: number,
 *   readonly cpuMsMax: (file: string, test: number) => number,
 * }} Plan
 */

/** How much more often than usual a mutant's place may be passed in a test, and how much longer this may take, before it runs on. */
const HITS_FACTOR = 30;
const HITS_MIN = 5000;
const CPU_FACTOR = 8;
const CPU_MS_MIN = 2000;

/** Tests beside a file are more likely to notice than others that take as long. */
const OWN_FACTOR = 0.25;

/**
 * The tests that come by the mutant's place, the quickest first. Undefined if none does.
 *
 * @param {number} id
 * @param {Mutant} mutant
 * @param {readonly RecordedBundle[]} bundles
 * @returns {Plan | undefined}
 */
export function planOf(id, mutant, bundles) {
  let timesMax = 0;
  const steps = bundles.flatMap(({ test: path, file, recorded: { whileLoading, tests } }) => {
    const loading = timesOf(whileLoading, id);
    const coming = tests.flatMap(({ passed }, index) => (loading > 0 || timesOf(passed, id) > 0 ? [index] : []));
    if (coming.length === 0) return [];
    timesMax = Math.max(timesMax, loading, ...tests.map(({ passed }) => timesOf(passed, id)));
    // A test that needs the ones before it brings all of its file.
    const groups = tests.every(({ isAlone }) => isAlone) ? coming.map((index) => [index]) : [[...tests.keys()]];
    const isOwn = basename(path).startsWith(`${basename(mutant.path, '.ts')}.`);
    return groups.map((group) => {
      const cpuMs = group.reduce((sum, index) => sum + /** @type {RecordedTest} */ (tests[index]).cpuMs, 0);
      return { file, tests: group, cost: isOwn ? cpuMs * OWN_FACTOR : cpuMs };
    });
  });
  if (steps.length === 0) return undefined;
  return {
    steps: steps.sort((a, b) => a.cost - b.cost).map(({ file, tests }) => ({ file, tests })),
    hitsMax: timesMax * HITS_FACTOR + HITS_MIN,
    cpuMsMax: (file, test) =>
      (bundles.find((bundle) => bundle.file === file)?.recorded.tests[test]?.cpuMs ?? 0) * CPU_FACTOR + CPU_MS_MIN,
  };
}

/** @param {ReadonlyMap<number, number>} passed @param {number} id */
const timesOf = (passed, id) => passed.get(id) ?? 0;
