/** `npm run check:repo`: the repository's own rules. Prints each problem with its place; exit status 1 when there is one. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRepo } from './repo.js';
import { boundaries } from './rules/boundaries.js';
import { cycles } from './rules/cycles.js';
import { exportsByName } from './rules/exports.js';
import { families } from './rules/families.js';
import { globals } from './rules/globals.js';
import { leftovers } from './rules/leftovers.js';
import { links } from './rules/links.js';
import { mutants } from './rules/mutants.js';
import { names } from './rules/names.js';
import { packages } from './rules/packages.js';
import { places } from './rules/places.js';
import { sizes } from './rules/sizes.js';
import { syntax } from './rules/syntax.js';

/** @import { Problem } from './types.ts' */

const RULES = [
  syntax,
  boundaries,
  cycles,
  exportsByName,
  families,
  globals,
  leftovers,
  links,
  mutants,
  names,
  packages,
  places,
  sizes,
];

const repo = openRepo(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
/** @type {(Problem & { readonly rule: string })[]} */
const problems = [];
for (const rule of RULES) {
  problems.push(...rule.check(repo).map((problem) => ({ ...problem, rule: rule.name })));
  // The other rules read what this one could parse.
  if (rule === syntax && problems.length > 0) break;
}
for (const { path, line, message, rule } of problems) {
  process.stdout.write(`${line === 0 ? path : `${path}:${line}`}: ${message} [${rule}]\n`);
}
process.stdout.write(`${repo.paths.length} files, ${RULES.length} rules, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
