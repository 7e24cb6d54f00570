import { MAY_IMPORT, packageOf, WITHOUT_DEPENDENCIES } from '../layout.js';
import { missingIn } from '../lockfile.js';

/** @import { Lockfile } from '../lockfile.js' */
/** @import { Json, Problem, Repo, Rule } from '../types.ts' */

/** Packages depend on what the design lets them, and all have one version. @type {Rule} */
export const packages = {
  name: 'packages',
  check(repo) {
    const paths = repo.paths.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));
    const version = paths.map((path) => repo.json(path)?.['version'])[0];
    const problems = paths.flatMap((path) => {
      const messages = wrongPackage(
        /** @type {string} */ (packageOf(path)),
        /** @type {Json} */ (repo.json(path)),
        version,
      );
      return messages.map((message) => ({ path, line: 0, message }));
    });
    return [...problems, ...wrongLockfile(repo)];
  },
};

/** @param {Repo} repo @returns {Problem[]} */
function wrongLockfile(repo) {
  const missing = missingIn(/** @type {Lockfile} */ (repo.json('package-lock.json') ?? { packages: {} }));
  if (missing.length === 0) return [];
  const message = `lacks ${missing.length} optional platform packages, first ${missing[0]?.path}: npm ci will refuse it; run node tools/complete-lockfile.js`;
  return [{ path: 'package-lock.json', line: 0, message }];
}

/**
 * @param {string} name
 * @param {Json} json
 * @param {string} version
 */
function wrongPackage(name, json, version) {
  const messages = [];
  const allowed = MAY_IMPORT[name];
  if (allowed === undefined) return [`package ${name} is not in the table of tools/layout.js; add it`];
  if (json['version'] !== version)
    messages.push(`version ${json['version']}; all packages have one version, ${version}`);
  for (const [dependency, range] of Object.entries(json['dependencies'] ?? {})) {
    const neighbour = /^(?:@quorate\/(.+)|(quorate))$/.exec(dependency);
    if (neighbour !== null) {
      const other = /** @type {string} */ (neighbour[1] ?? neighbour[2]);
      if (!allowed.code.includes(other)) messages.push(`depends on ${dependency}, which ${name} may not import`);
      if (range !== version) messages.push(`depends on ${dependency} ${range}; expected exactly ${version}`);
    } else if (WITHOUT_DEPENDENCIES.includes(name)) {
      messages.push(`depends on ${dependency}; ${WITHOUT_DEPENDENCIES.join(', ')} have no dependencies`);
    }
  }
  return messages;
}
