import { isPackageCode } from '../layout.js';
import { mutantsOf } from './mutants.js';

/** @import { Repo } from '../types.ts' */
/** @import { Mutant } from './types.ts' */

/** @typedef {{ readonly name: string, readonly sources: readonly string[], readonly tests: readonly string[] }} Family */

const ROOM = 'packages/patterns/src/';

/**
 * The families of the patterns: the folders with an `index.ts`. To a family belongs what is below its folder and not in another one.
 *
 * @param {Repo} repo
 * @returns {Family[]}
 */
export function familiesOf(repo) {
  const names = repo.paths.flatMap((path) => /^packages\/patterns\/src\/(.+)\/index\.ts$/.exec(path)?.[1] ?? []);
  return names.map((name) => {
    const inner = names.filter((other) => other.startsWith(`${name}/`));
    const paths = repo.paths.filter(
      (path) => path.startsWith(`${ROOM}${name}/`) && !inner.some((other) => path.startsWith(`${ROOM}${other}/`)),
    );
    const sources = paths.filter((path) => isPackageCode(path) && !path.endsWith('/index.ts'));
    return {
      name,
      sources,
      tests: paths.filter((path) => path.endsWith('.test.ts') && !path.endsWith('.long.test.ts')),
    };
  });
}

/**
 * A family's mutants, numbered by their place in the list.
 *
 * @param {Repo} repo
 * @param {Family} family
 * @returns {Mutant[]}
 */
export const mutantsOfFamily = (repo, { sources }) => sources.flatMap((path) => mutantsOf(path, repo.text(path)));
