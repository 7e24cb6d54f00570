import { posix } from 'node:path';
import { isSource } from '../layout.js';

/** @import { Repo, Rule } from '../types.ts' */

/** No file needs itself at run time, however long the way round. Types may: they are gone by then. @type {Rule} */
export const cycles = {
  name: 'cycles',
  check: (repo) =>
    cyclesIn(repo).map((cycle) => ({
      path: /** @type {string} */ (cycle[0]),
      line: 0,
      message: `is part of an import cycle: ${[...cycle, cycle[0]].join(' → ')}; move what they share into a file of its own`,
    })),
};

/**
 * One cycle for each set of files that import each other, starting at its first file by name.
 *
 * @param {Repo} repo
 * @returns {string[][]}
 */
function cyclesIn(repo) {
  const files = repo.paths.filter(isSource);
  const imports = new Map(files.map((path) => [path, importsOf(repo, path)]));
  /** @type {Map<string, 'open' | 'done'>} */
  const state = new Map();
  /** @type {string[]} */
  const way = [];
  /** @type {string[][]} */
  const found = [];
  /** @param {string} path */
  const visit = (path) => {
    state.set(path, 'open');
    way.push(path);
    for (const next of imports.get(path) ?? []) {
      if (state.get(next) === 'open') found.push(fromSmallest(way.slice(way.indexOf(next))));
      else if (!state.has(next)) visit(next);
    }
    way.pop();
    state.set(path, 'done');
  };
  for (const path of files) if (!state.has(path)) visit(path);
  return found;
}

/** @param {Repo} repo @param {string} path */
function importsOf(repo, path) {
  return repo
    .module(path)
    .requests.filter(({ specifier, isType }) => specifier.startsWith('.') && !isType)
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier))
    .filter((target) => repo.has(target));
}

/** @param {string[]} cycle */
function fromSmallest(cycle) {
  const first = cycle.indexOf(/** @type {string} */ ([...cycle].sort()[0]));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
