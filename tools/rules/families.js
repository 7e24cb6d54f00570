import { examplesIn } from '../readme-examples.js';

/** @import { Problem, Repo, Rule } from '../types.ts' */

/** What every family needs is no family: it has no pattern to choose. */
const GROUND = 'base';
const CATALOGUE = 'docs/catalogue.md';

/** A family of patterns can be found, and its README shows at least one thing that runs. @type {Rule} */
export const families = {
  name: 'families',
  check(repo) {
    const names = repo.paths.flatMap((path) => /^packages\/patterns\/src\/(.+)\/index\.ts$/.exec(path)?.[1] ?? []);
    return names.filter((name) => name !== GROUND).flatMap((name) => wrongFamily(repo, name));
  },
};

/** @param {Repo} repo @param {string} name @returns {Problem[]} */
function wrongFamily(repo, name) {
  const specifier = `@quorate/patterns/${name}`;
  // Those below one folder, as `consensus/raft` and `consensus/paxos`, share a section of the catalogue and a folder of examples.
  const room = /** @type {string} */ (name.split('/')[0]);
  const readme = `packages/patterns/src/${name}/README.md`;
  /** @type {Problem[]} */
  const problems = [];
  const complain = (/** @type {string} */ path, /** @type {string} */ message) =>
    void problems.push({ path, line: 0, message });

  if (!repo.has(readme)) complain(readme, `${specifier} has no README: which problem, which pattern, when not`);
  else if (!examplesIn(readme, repo.text(readme)).some(({ code }) => code.includes(`'${specifier}'`))) {
    complain(readme, `has no example that is run: a block fenced as "ts run" that imports ${specifier}`);
  }
  const section = textOf(repo, CATALOGUE)
    .split(/^## /m)
    .find((text) => text.startsWith(`${room}\n`));
  if (section === undefined) complain(CATALOGUE, `has no section ${room}: a row for each pattern of ${specifier}`);
  else if (!section.includes(`\`${specifier}\``))
    complain(CATALOGUE, `does not name ${specifier} in its section ${room}`);
  if (!repo.hasPath(`examples/${room}`)) complain(`examples/${room}`, `is missing: an example of ${specifier} to run`);
  if (!textOf(repo, 'examples/README.md').includes(`(${room})`))
    complain('examples/README.md', `does not name examples/${room}`);
  return problems;
}

/** @param {Repo} repo @param {string} path */
const textOf = (repo, path) => (repo.has(path) ? repo.text(path) : '');
