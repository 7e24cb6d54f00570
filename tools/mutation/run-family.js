import { acceptedOf, wrongAccepted } from './accepted.js';
import { mutantsOfFamily } from './family.js';
import { bundleTests, hashOf } from './family-bundles.js';
import { planOf } from './plan.js';
import { Worker } from './pool.js';
import { Recordings } from './recordings.js';
import { keyOf } from './results.js';
import { sampled } from './sample.js';

/** @import { Repo } from '../types.ts' */
/** @import { Family } from './family.js' */
/** @import { RecordedBundle } from './plan.js' */
/** @import { Results } from './results.js' */
/** @import { Mutant, Result } from './types.ts' */

/** @typedef {{ readonly mutant: Mutant, readonly result: Result, readonly isAccepted: boolean }} Tried */

/**
 * Tries a family's mutants, all or a sample.
 *
 * @param {Repo} repo
 * @param {Family} family
 * @param {{
 *   readonly results: Results,
 *   readonly recordingsFile: string,
 *   readonly workers: number,
 *   readonly isWanted: (mutant: Mutant) => boolean,
 *   readonly sample?: { readonly count: number, readonly seed: number } | undefined,
 *   readonly isOver: () => boolean,
 *   readonly say: (text: string) => void,
 * }} options
 * @returns {Promise<{ readonly tried: readonly Tried[], readonly left: number, readonly mutants: number, readonly wrong: readonly string[] }>}
 */
export async function runFamily(repo, family, { results, recordingsFile, workers, isWanted, sample, isOver, say }) {
  const mutants = mutantsOfFamily(repo, family);
  const accepted = acceptedOf(repo, family.name);
  const wanted = mutants.map((mutant, id) => ({ mutant, id })).filter(({ mutant }) => isWanted(mutant));
  const chosen = sample === undefined ? wanted : sampled(wanted, sample.count, sample.seed);
  const { bundles, hash } = await bundleTests(repo, family, mutants);
  const sourceOf = hashesOf(repo, family);

  /** @type {Tried[]} */
  const tried = [];
  const open = chosen.filter(({ mutant }) => {
    const result = results.find(keyOf(mutant), sourceOf(mutant), hash);
    if (result !== undefined) note(mutant, result);
    return result === undefined;
  });
  if (open.length > 0) {
    const pool = Array.from({ length: workers }, () => new Worker());
    try {
      const recorded = await record(
        /** @type {Worker} */ (pool[0]),
        bundles,
        mutants.length,
        new Recordings(recordingsFile, hash),
      );
      const progress = progressOf(say, family.name, open.length);
      await Promise.all(pool.map((worker) => work(worker, recorded, progress)));
    } finally {
      for (const worker of pool) worker.stop();
    }
  }
  return { tried, left: open.length, mutants: mutants.length, wrong: wrongAccepted(repo, family.name, mutants) };

  /** @param {Mutant} mutant @param {Result} result */
  function note(mutant, result) {
    tried.push({ mutant, result, isAccepted: accepted?.has(keyOf(mutant)) ?? false });
  }

  /** @param {Worker} worker @param {readonly RecordedBundle[]} recorded @param {(result: Result) => void} progress */
  async function work(worker, recorded, progress) {
    while (!isOver()) {
      const next = open.shift();
      if (next === undefined) return;
      const { id, mutant } = next;
      const plan = planOf(id, mutant, recorded);
      const result =
        plan === undefined
          ? /** @type {const} */ ({ outcome: 'not-covered', by: '', error: '' })
          : await worker.try({ id, steps: plan.steps, hitsMax: plan.hitsMax }, plan.cpuMsMax);
      const { outcome, by, error } = result;
      results.add({ outcome, by, error, key: keyOf(mutant), source: sourceOf(mutant), tests: hash });
      note(mutant, result);
      progress(result);
    }
  }
}

/**
 * @param {Repo} repo
 * @param {Family} family
 */
function hashesOf(repo, { sources }) {
  const hashes = new Map(sources.map((path) => [path, hashOf(repo.text(path))]));
  return (/** @type {Mutant} */ { path }) => /** @type {string} */ (hashes.get(path));
}

/**
 * @param {Worker} worker
 * @param {readonly { readonly test: string, readonly file: string }[]} bundles
 * @param {number} mutants
 * @param {Recordings} recordings
 */
async function record(worker, bundles, mutants, recordings) {
  /** @type {RecordedBundle[]} */
  const recorded = [];
  for (const { test, file } of bundles) {
    const found = recordings.find(test) ?? (await worker.record(file, mutants));
    recordings.add(test, found);
    const failed = found.tests.find(({ error }) => error !== '');
    if (failed !== undefined) throw new Error(`${test}: "${failed.name}" fails without any mutant: ${failed.error}`);
    recorded.push({ test, file, recorded: found });
  }
  return recorded;
}

const SAY_EVERY_MS = 5000;

/**
 * @param {(text: string) => void} say
 * @param {string} name
 * @param {number} count
 */
function progressOf(say, name, count) {
  /** @type {Record<string, number>} */
  const counts = {};
  const startedMs = performance.now();
  let [done, saidMs] = [0, startedMs];
  return (/** @type {Result} */ { outcome }) => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    done++;
    const nowMs = performance.now();
    if (nowMs - saidMs < SAY_EVERY_MS && done < count) return;
    saidMs = nowMs;
    const leftMinutes = (((nowMs - startedMs) / done) * (count - done)) / 60_000;
    const shown = Object.entries(counts).map(([kind, number]) => `${number} ${kind}`);
    say(`${name}: ${done} of ${count}: ${shown.join(', ')}; about ${leftMinutes.toFixed(1)} min left`);
  };
}
