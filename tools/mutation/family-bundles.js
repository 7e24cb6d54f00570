import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { instrument } from './instrument.js';
import { bundleTest } from './test-bundle.js';

/** @import { Repo } from '../types.ts' */
/** @import { Family } from './family.js' */
/** @import { Mutant } from './types.ts' */

/** @param {string} text */
export const hashOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * Bundles a family's tests with all its mutants. Gives the bundles' files, and a hash that changes when any of the tests does.
 *
 * @param {Repo} repo
 * @param {Family} family
 * @param {readonly Mutant[]} mutants
 * @returns {Promise<{ readonly bundles: readonly { readonly test: string, readonly file: string }[], readonly hash: string }>}
 */
export async function bundleTests(repo, { sources, tests }, mutants) {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-mutation-'));
  const texts = new Map(sources.map((path) => [join(repo.root, path), instrumented(repo, path, mutants)]));
  const bundles = [];
  let all = '';
  for (const [index, test] of tests.entries()) {
    const file = join(folder, `${index}-${basename(test, '.ts')}.cjs`);
    const code = await bundleTest(join(repo.root, test), (id) => texts.get(id));
    writeFileSync(file, code);
    bundles.push({ test, file });
    all += code;
  }
  return { bundles, hash: hashOf(all) };
}

/**
 * @param {Repo} repo
 * @param {string} path
 * @param {readonly Mutant[]} mutants
 */
function instrumented(repo, path, mutants) {
  const numbered = mutants.map((mutant, id) => ({ id, mutant })).filter(({ mutant }) => mutant.path === path);
  return instrument(repo.text(path), numbered);
}
