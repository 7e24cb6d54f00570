import vm from 'node:vm';
import { freeNames } from './free-names.js';
import { parseModule } from './module.js';

/** @import { Node } from './types.ts' */

/** What every browser has besides the language, as far as it is used here. */
export const WEB_GLOBALS = [
  'AbortController',
  'DOMException',
  'MessageChannel',
  'Symbol.asyncDispose',
  'Symbol.dispose',
  'TextDecoder',
  'TextEncoder',
  'console',
];

/** Objects that hold all globals. */
const WHOLE = ['globalThis', 'window', 'self', 'global'];

/** What the language itself has, and no program takes as a whole. */
const LANGUAGE = new Set([...vm.runInNewContext('Object.getOwnPropertyNames(globalThis)'), 'arguments']);
for (const name of [...WHOLE, 'console']) LANGUAGE.delete(name);

/**
 * The globals that a program uses besides those of the language: by their names, and as members of `globalThis`. `Symbol.dispose` and
 * `Symbol.asyncDispose` count, since not every browser has them.
 *
 * @param {string} code
 * @returns {string[]}
 */
export function globalsOf(code) {
  const { program } = parseModule('bundle.js', code);
  const names = freeNames(program).flatMap(({ node, parents }) => {
    const parent = parents.at(-1);
    const member = parent?.type === 'MemberExpression' && parent['object'] === node ? memberOf(parent) : undefined;
    const name = node['name'];
    if (WHOLE.includes(name)) return member === undefined ? [name] : [member];
    return name === 'Symbol' && /^(d|asyncD)ispose$/.test(member ?? '') ? [`Symbol.${member}`] : [name];
  });
  return [...new Set(names)].filter((name) => !LANGUAGE.has(name)).sort();
}

/** @param {Node} access */
const memberOf = ({ property, computed }) => (computed ? property.value : property.name);

/**
 * Runs a bundle in a realm that has the language and the given globals, and nothing else. Gives what it exports.
 *
 * @param {string} code
 * @param {readonly string[]} globals
 * @returns {Promise<Record<string, any>>}
 */
export async function runInBrowserRealm(code, globals) {
  const context = vm.createContext({});
  // Taken away first: V8 gives every realm a console.
  vm.runInContext('delete globalThis.console;', context);
  for (const name of globals) {
    if (name.startsWith('Symbol.')) vm.runInContext(`${name} ??= Symbol('${name}');`, context);
    else context[name] = /** @type {Record<string, unknown>} */ (globalThis)[name];
  }
  return vm.runInContext(`(async () => {\n'use strict';\n${withReturn(code)}\n})()`, context);
}

/**
 * A module without imports as the body of a function that returns its exports.
 *
 * @param {string} code
 */
function withReturn(code) {
  const { program } = parseModule('bundle.js', code);
  let body = code;
  for (const statement of [...program['body']].reverse()) {
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const members = statement.specifiers.map(
      (/** @type {Node} */ each) => `${each['exported'].name}: ${each['local'].name}`,
    );
    body = `${body.slice(0, statement.start)}return { ${members.join(', ')} };${body.slice(statement.end)}`;
  }
  return body;
}
