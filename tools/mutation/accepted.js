import { keyOf } from './results.js';

/** @import { Repo } from '../types.ts' */
/** @import { Mutant } from './types.ts' */

/**
 * Mutants that no test need notice, with the reason: mostly because they are the same program in other words.
 *
 * @typedef {{ readonly file: string, readonly function: string, readonly original: string, readonly mutated: string, readonly nth?: number, readonly reason: string }} Accepted
 */

const REASON_LENGTH_MIN = 20;

/** @param {string} family */
export const acceptedFile = (family) => `tools/mutation/accepted/${family.replaceAll('/', '-')}.json`;

/**
 * The accepted mutants of a family, by key. Undefined for a family without such a file: it is measured, but not held to anything.
 *
 * @param {Repo} repo
 * @param {string} family
 * @returns {Map<string, Accepted> | undefined}
 */
export function acceptedOf(repo, family) {
  const list = /** @type {readonly Accepted[] | undefined} */ (
    /** @type {unknown} */ (repo.json(acceptedFile(family)))
  );
  if (list === undefined) return undefined;
  const folder = `packages/patterns/src/${family}/`;
  return new Map(list.map((each) => [keyOf({ nth: 1, ...each, path: folder + each.file }), each]));
}

/**
 * What is wrong with a family's accepted mutants, whatever the tests say: one that is not there any more, twice there, or without a reason.
 *
 * @param {Repo} repo
 * @param {string} family
 * @param {readonly Mutant[]} mutants
 * @returns {string[]}
 */
export function wrongAccepted(repo, family, mutants) {
  const accepted = acceptedOf(repo, family);
  if (accepted === undefined) return [];
  const known = new Set(mutants.map(keyOf));
  const wrong = [...accepted].flatMap(([key, { file, function: name, original, mutated, reason }]) => {
    const what = `${file}, ${name || 'outside of functions'}: ${original} → ${mutated}`;
    if (!known.has(key)) return [`${what}: there is no such mutant any more; remove it`];
    return typeof reason === 'string' && reason.length >= REASON_LENGTH_MIN ? [] : [`${what}: give a reason`];
  });
  const count = /** @type {any} */ (repo.json(acceptedFile(family))).length;
  return count === accepted.size ? wrong : [...wrong, `${count - accepted.size} are there twice; remove them`];
}
