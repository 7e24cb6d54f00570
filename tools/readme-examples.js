import { fencesOf } from './markdown.js';

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
 * An example as a module whose lines have the numbers that they have in the manual, so that errors point there.
 *
 * @param {Example} example
 * @returns {string}
 */
export const moduleOf = ({ line, code }) => `${'\n'.repeat(line - 1)}${code}\n`;
