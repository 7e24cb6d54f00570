import { MAY_IMPORT } from '../layout.js';
import { surfacesOf } from './surface.js';

/** @import { Repo } from '../types.ts' */
/** @import { Surface } from './surface.js' */

export const FOLDER = 'docs/api/';

/**
 * The pages that record what each package offers, by path.
 *
 * @param {Repo} repo
 * @param {(path: string) => string} read Reads what was built, which is not in the repository.
 * @returns {Map<string, string>}
 */
export function pagesOf(repo, read) {
  /** @type {Map<string, string>} */
  const pages = new Map();
  for (const name of Object.keys(MAY_IMPORT)) {
    const entries = entriesOf(repo, name);
    const surfaces = surfacesOf(new Map(entries.map(({ specifier, types }) => [specifier, types])), read);
    for (const [index, { page }] of entries.entries())
      pages.set(page, pageOf(/** @type {Surface} */ (surfaces[index])));
  }
  return pages;
}

/**
 * Every `index.ts` of a package is a subpath that can be imported.
 *
 * @param {Repo} repo
 * @param {string} name
 */
function entriesOf(repo, name) {
  const whole = name === 'quorate' ? name : `@quorate/${name}`;
  return repo.paths.flatMap((path) => {
    const subpath = new RegExp(`^packages/${name}/src/(?:(.+)/)?index\\.ts$`).exec(path);
    if (subpath === null) return [];
    return {
      specifier: subpath[1] === undefined ? whole : `${whole}/${subpath[1]}`,
      types: path.replace('/src/', '/dist/').replace(/\.ts$/, '.d.ts'),
      page: `${FOLDER}${name}/${subpath[1] ?? 'index'}.md`,
    };
  });
}

/** @param {Surface} surface */
function pageOf({ specifier, exported, used }) {
  const parts = [`# ${specifier}`, 'Everything it exports. Made by `npm run api`.', block(exported)];
  if (used.length > 0) parts.push('## Not exported, but spoken of', block(used));
  return `${parts.join('\n\n')}\n`;
}

/** @param {readonly string[]} texts */
const block = (texts) => `\`\`\`ts\n${texts.join('\n')}\n\`\`\``;

/**
 * How a recorded page differs from what is built: the lines that are only in one of them.
 *
 * @param {string} recorded
 * @param {string} built
 * @returns {string[]}
 */
export function differenceOf(recorded, built) {
  const [before, after] = [recorded.split('\n'), built.split('\n')];
  return [...without(before, after).map((line) => `- ${line}`), ...without(after, before).map((line) => `+ ${line}`)];
}

/**
 * @param {readonly string[]} lines
 * @param {readonly string[]} others
 */
function without(lines, others) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
