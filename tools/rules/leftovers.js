import { isSource } from '../layout.js';
import { walk } from '../walk.js';

/** @import { Node, Problem, Rule } from '../types.ts' */

const RUNNERS = ['test', 'it', 'describe', 'suite'];
const LEFT = ['only', 'skip', 'todo', 'fails'];
const SHORT = ['fit', 'xit', 'fdescribe', 'xdescribe', 'xtest'];

/**
 * No test is switched off, or the only one switched on, by hand. `skipIf` and `runIf` are: they say when.
 *
 * @type {Rule}
 */
export const leftovers = {
  name: 'leftovers',
  check: (repo) =>
    repo.paths
      .filter((path) => isSource(path) && /\.test\.[jt]s$/.test(path))
      .flatMap((path) => {
        const module = repo.module(path);
        /** @type {Problem[]} */
        const problems = [];
        walk(module.program, (node) => {
          const found = leftIn(node);
          if (found === undefined) return;
          problems.push({
            path,
            line: module.lineOf(node.start),
            message: `${found} is left in; run it, or use skipIf with a reason`,
          });
        });
        return problems;
      }),
};

/** @param {Node} node */
function leftIn(node) {
  if (node.type === 'Identifier' && SHORT.includes(node['name'])) return node['name'];
  if (node.type !== 'MemberExpression' || node['computed'] || !LEFT.includes(node['property'].name)) return undefined;
  const chain = chainOf(node);
  return chain !== undefined && RUNNERS.includes(/** @type {string} */ (chain[0])) ? chain.join('.') : undefined;
}

/** `['test', 'concurrent', 'only']` for `test.concurrent.only`. @param {Node} node @returns {string[] | undefined} */
function chainOf(node) {
  if (node.type === 'Identifier') return [node['name']];
  if (node.type !== 'MemberExpression' || node['computed']) return undefined;
  const before = chainOf(node['object']);
  return before && [...before, node['property'].name];
}
