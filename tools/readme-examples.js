import { fencesOf } from './markdown.js';
import { parseModule } from './module.js';
import { walk } from './walk.js';

/** @import { Repo } from './types.ts' */

/**
 * An example from the manual that is meant to be run: a block fenced as "ts run" or "js run". Words after that are its `labels`.
 *
 * @typedef {{ readonly path: string, readonly line: number, readonly language: string, readonly labels: readonly string[], readonly code: string }} Example
 */

/**
 * The runnable examples of one Markdown text.
 *
 * @param {string} path
 * @param {string} text
 * @returns {Example[]}
 */
export function examplesIn(path, text) {
  return fencesOf(text).flatMap(({ info, code, line }) => {
    const [language = '', mark, ...labels] = info.split(/\s+/);
    return /^[jt]s$/.test(language) && mark === 'run' ? [{ path, line, language, labels, code }] : [];
  });
}

/**
 * The runnable examples of all Markdown files of a repository.
 *
 * @param {Repo} repo
 * @returns {Example[]}
 */
export const examplesOf = (repo) =>
  repo.paths.filter((path) => path.endsWith('.md')).flatMap((path) => examplesIn(path, repo.text(path)));

/**
 * An example as a module whose lines have the numbers that they have in the manual, so that errors point there. It throws when a claim is
 * wrong: a statement followed by "// => 5" claims that its value is 5.
 *
 * @param {Example} example
 * @returns {string}
 */
export function moduleOf({ path, line, language, code }) {
  const whole = `${'\n'.repeat(line - 1)}${code}\n`;
  const { program, comments, lineOf } = parseModule(`${path}.${language}`, whole);
  /** @type {Map<number, string>} By the line that they stand on. */
  const claims = new Map();
  for (const { start, end } of comments) {
    const claim = /^\/\/ => (.+)$/.exec(whole.slice(start, end));
    if (claim !== null) claims.set(lineOf(start), /** @type {string} */ (claim[1]));
  }
  if (claims.size === 0) return whole;
  /** @type {{ at: number, text: string }[]} */
  const edits = [];
  walk(program, (node) => {
    const claim = node.type === 'ExpressionStatement' ? claims.get(lineOf(node.end - 1)) : undefined;
    if (claim === undefined) return;
    const { start, end } = node['expression'];
    claims.delete(lineOf(node.end - 1));
    edits.push({ at: start, text: '__claim(' }, { at: end, text: `, (${claim}), ${lineOf(start)})` });
  });
  const [astray] = claims.keys();
  if (astray !== undefined)
    throw new Error(`${path}:${astray}: "// =>" claims the value of a statement; there is none on this line`);
  const claimed = edits.reduceRight((text, { at, text: put }) => text.slice(0, at) + put + text.slice(at), whole);
  return `${claimed}${CLAIM[/** @type {'ts' | 'js'} */ (language)](path)}`;
}

/** Values are compared as text: what is claimed is written out in the manual, so it is short. */
const BODY = `
  const shown = (value) => JSON.stringify(value, (_key, each) =>
    each === undefined || typeof each === 'bigint' || Number.isNaN(each) ? String(each) : each instanceof Set || each instanceof Map ? [...each] : each);
  if (shown(found) !== shown(expected)) throw new Error(PLACE + line + ': the value is ' + shown(found) + ', not ' + shown(expected));
}
`;
const CLAIM = {
  js: (/** @type {string} */ path) =>
    `function __claim(found, expected, line) {${BODY.replace('PLACE', () => JSON.stringify(`${path}:`))}`,
  ts: (/** @type {string} */ path) =>
    `function __claim(found: unknown, expected: unknown, line: number): void {${BODY.replace('PLACE', () => JSON.stringify(`${path}:`)).replace('(value)', '(value: unknown)')}`,
};
