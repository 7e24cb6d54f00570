import { freeNames } from '../free-names.js';
import { isPure, isSource, isTest, NAMED_EXCEPTIONS } from '../layout.js';

/** @import { Module, Node, Rule } from '../types.ts' */

/** Globals that pure code may not touch, and what it uses instead. @type {Readonly<Record<string, string>>} */
const INSTEAD = {
  Date: 'env.clock, or a time that is passed in',
  performance: 'env.clock',
  setTimeout: 'env.timers',
  setInterval: 'env.timers',
  setImmediate: 'env.tasks',
  clearTimeout: 'the Disposable that env.timers returns',
  clearInterval: 'the Disposable that env.timers returns',
  clearImmediate: 'env.tasks',
  queueMicrotask: 'env.tasks',
  requestAnimationFrame: 'env.timers',
  MessageChannel: 'env.tasks',
  'Math.random': 'a stream of env.random, or a number that is passed in',
  crypto: 'a stream of env.random',
  process: 'settings that are passed in',
  Buffer: 'Uint8Array, DataView and TextEncoder',
  fetch: 'env.net',
  WeakRef: 'explicit ownership: when it is collected differs from run to run',
  FinalizationRegistry: 'explicit ownership: when it runs differs from run to run',
  'AbortSignal.any': 'a listener that is removed again: it leaks',
  'AbortSignal.timeout': 'env.timers',
};
/** What tests of pure code may not touch: real time and chance make them differ from run to run. */
const IN_TESTS = ['setTimeout', 'setInterval', 'Math.random', 'AbortSignal.timeout'];
/** What may stand around an expression without changing it. */
const WRAPPERS = [
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
];
/** Objects that hold all globals. */
const WHOLE = ['globalThis', 'window', 'self', 'global'];

/** Pure packages take time, chance and the rest of the world as inputs (design, section 3). @type {Rule} */
export const globals = {
  name: 'globals',
  check: (repo) =>
    repo.paths
      .filter((path) => isSource(path) && isPure(path))
      .flatMap((path) => {
        const banned = isTest(path) ? IN_TESTS : Object.keys(INSTEAD);
        const uses = usesIn(repo.module(path)).filter(({ name }) => banned.includes(name));
        const excepted = NAMED_EXCEPTIONS.find((exception) => exception.path === path)?.names ?? [];
        const stale = excepted.filter((name) => !uses.some((use) => use.name === name));
        return [
          ...uses
            .filter(({ name }) => !excepted.includes(name))
            .map(({ name, line }) => ({ path, line, message: `uses ${name}; use ${INSTEAD[name]}` })),
          ...stale.map((name) => ({
            path,
            line: 0,
            message: `no longer uses ${name}; remove its exception from tools/layout.js`,
          })),
        ];
      }),
};

/**
 * @param {Module} module
 * @returns {{ name: string, line: number }[]}
 */
const usesIn = (module) =>
  freeNames(module.program).flatMap(({ node, parents }) =>
    namesUsed(node, parents).map((name) => ({ name, line: module.lineOf(node.start) })),
  );

/**
 * What a use of a global amounts to: the global itself, a member of it (`Math.random`), or a member of the whole (`globalThis.Date`),
 * by a dot, by brackets or by taking it apart.
 *
 * @param {Node} node
 * @param {readonly Node[]} parents
 * @returns {string[]}
 */
function namesUsed(node, parents) {
  const name = node['name'];
  const members = membersTaken(node, parents);
  const names = WHOLE.includes(name) ? members : [name, ...members.map((member) => `${name}.${member}`)];
  return names.filter((each) => each in INSTEAD);
}

/**
 * @param {Node} node
 * @param {readonly Node[]} parents
 * @returns {string[]}
 */
function membersTaken(node, parents) {
  const outer = parents.findLastIndex((each) => !WRAPPERS.includes(each.type));
  const [parent, whole] = [parents[outer], parents[outer + 1] ?? node];
  if (parent?.type === 'MemberExpression' && parent['object'] === whole) {
    const { property, computed } = parent;
    const member = computed ? property.value : property.name;
    return typeof member === 'string' ? [member] : [];
  }
  if (parent?.type === 'VariableDeclarator' && parent['id'].type === 'ObjectPattern') {
    return parent['id'].properties.map(
      (/** @type {Node} */ property) => property['key']?.name ?? property['key']?.value,
    );
  }
  return [];
}
