import { MAY_IMPORT, packageOf, WITHOUT_DEPENDENCIES } from '../layout.js';

/** @import { Json, Rule } from '../types.ts' */

/** Packages depend on what the design lets them, and all have one version. @type {Rule} */
export const packages = {
  name: 'packages',
  check(repo) {
    const paths = repo.paths.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));
    const version = paths.map((path) => repo.json(path)?.['version'])[0];
    return paths.flatMap((path) => {
      const messages = wrongPackage(
        /** @type {string} */ (packageOf(path)),
        /** @type {Json} */ (repo.json(path)),
        version,
      );
      return messages.map((message) => ({ path, line: 0, message }));
    });
  },
};

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
