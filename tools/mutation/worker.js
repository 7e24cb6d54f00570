/**
 * Runs tests with one mutant at a time. Started by `pool.js`, which sends it what to run and ends it when a mutant makes it run on and on.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { SWITCH } from './instrument.js';
import { collectTests } from './test-api.js';

/** @import { Test } from './test-api.js' */
/** @import { Request } from './types.ts' */

/** A test that waits for what never comes has noticed the mutant. */
const TEST_TIMEOUT_MS = 2000;

const require = createRequire(import.meta.url);
/** @type {typeof import('fast-check')} */
const fastCheck = require('fast-check');
// The same cases each time, and no search for smaller ones: that a test fails is all that matters here.
fastCheck.configureGlobal({ seed: 1, endOnFailure: true });

/** Thrown out of a loop that a mutant keeps going. */
class RunsOn extends Error {}

let active = -1;
let hits = 0;
let hitsMax = Number.POSITIVE_INFINITY;
/** While recording: how often each mutant's place is passed, in this test. @type {Float64Array | undefined} */
let passed;

/** @param {number} id */
function isMutant(id) {
  if (passed !== undefined) passed[id] = /** @type {number} */ (passed[id]) + 1;
  if (id !== active) return false;
  if (++hits > hitsMax) throw new RunsOn('passed too often');
  return true;
}

/** @type {Map<string, vm.Script>} */
const scripts = new Map();

/** @param {string} file @returns {Test[]} */
function load(file) {
  let script = scripts.get(file);
  if (script === undefined) {
    script = new vm.Script(`(function (require, module, exports, ${SWITCH}) {${readFileSync(file, 'utf8')}\n})`, {
      filename: file,
    });
    scripts.set(file, script);
  }
  const define = script.runInThisContext();
  return collectTests((api) => {
    /** @type {any} */ (globalThis).__testApi = api;
    const module = { exports: {} };
    define(require, module, module.exports, isMutant);
  });
}

/** @param {Test} test @returns {Promise<unknown>} What it failed with, undefined if it did not. */
async function failure(test) {
  try {
    for (const { before } of test.suites) for (const hook of before) await hook();
    const result = test.body();
    if (result instanceof Promise) await Promise.race([result, timeout()]);
    for (const { after } of test.suites.toReversed()) for (const hook of after) await hook();
    return undefined;
  } catch (error) {
    return error ?? 'undefined';
  }
}

const timeout = () =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error('timed out')), TEST_TIMEOUT_MS).unref();
  });

/**
 * Runs every test without a mutant, and notes which mutants' places each passes. Then each alone, in a freshly loaded file: only tests that
 * pass so can be picked out of their file.
 *
 * @param {Request & { kind: 'record' }} request
 */
async function record({ file, mutants }) {
  passed = new Float64Array(mutants);
  const tests = load(file);
  const whileLoading = taken(passed);
  const recorded = [];
  for (const [index, test] of tests.entries()) {
    passed = new Float64Array(mutants);
    const before = process.cpuUsage();
    const error = await failure(test);
    const { user, system } = process.cpuUsage(before);
    const places = taken(passed);
    passed = undefined;
    const alone = index === 0 ? undefined : await failure(/** @type {Test} */ (load(file)[index]));
    const cpuMs = (user + system) / 1000;
    recorded.push({ name: test.name, cpuMs, passed: places, error: textOf(error), isAlone: alone === undefined });
  }
  return { whileLoading, tests: recorded };
}

/** @param {Float64Array} counts @returns {[number, number][]} */
const taken = (counts) =>
  [...counts].map((times, id) => /** @type {[number, number]} */ ([id, times])).filter(([, times]) => times > 0);

/**
 * Each file is loaded anew for each mutant, so that what is computed while loading has the mutant in it too.
 *
 * @param {Request & { kind: 'try' }} request
 */
async function tryMutant({ at, id, hitsMax: most, steps }) {
  active = id;
  hitsMax = most;
  /** @type {Map<string, Test[]>} */
  const loaded = new Map();
  try {
    for (const { file, tests } of steps) {
      const result = await tryStep(at, file, tests, loaded);
      if (result !== undefined) return result;
    }
    return { outcome: 'survived', by: '', error: '' };
  } finally {
    active = -1;
  }
}

/**
 * @param {number} at
 * @param {string} file
 * @param {readonly number[]} indices
 * @param {Map<string, Test[]>} loaded
 */
async function tryStep(at, file, indices, loaded) {
  hits = 0;
  try {
    if (!loaded.has(file)) loaded.set(file, load(file));
  } catch (error) {
    return { outcome: error instanceof RunsOn ? 'ran-on' : 'killed', by: 'loading', error: textOf(error) };
  }
  for (const index of indices) {
    const test = loaded.get(file)?.[index];
    if (test === undefined) return { outcome: 'killed', by: 'loading', error: 'a test is gone' };
    hits = 0;
    process.send?.({ at, file, starts: index });
    const error = await failure(test);
    // A test may have caught the exception.
    if (hits > hitsMax) return { outcome: 'ran-on', by: test.name, error: '' };
    if (error !== undefined) return { outcome: 'killed', by: test.name, error: textOf(error) };
  }
  return undefined;
}

/** @param {unknown} error */
const textOf = (error) =>
  error === undefined ? '' : String(error instanceof Error ? error.message : error).slice(0, 200);

process.on('unhandledRejection', () => {});
process.on('message', async (/** @type {Request} */ request) => {
  // A file that asks for more of vitest than there is here cannot even be loaded: whoever waits must hear of it.
  const answer =
    request.kind === 'record'
      ? await record(request).catch((error) => ({ failed: textOf(error) }))
      : await tryMutant(request);
  process.send?.({ at: request.at, ...answer });
});
