import { parseModule } from '../module.js';
import { childrenOf } from '../walk.js';
import { replacementsOf } from './operators.js';

/** @import { Node } from '../types.ts' */
/** @import { Role } from './operators.js' */
/** @import { Mutant } from './types.ts' */

/**
 * All mutants of a module, in the order of the source. Two that make the same program count once.
 *
 * @param {string} path
 * @param {string} text
 * @returns {Mutant[]}
 */
export function mutantsOf(path, text) {
  const module = parseModule(path, text);
  /** @type {Mutant[]} */
  const mutants = [];
  /** @type {Set<string>} */
  const programs = new Set();
  /** @type {Map<string, number>} */
  const counts = new Map();
  visit(module.program, undefined, '', (node, role, name) => {
    const place = { role, text: (/** @type {Node} */ each) => text.slice(each.start, each.end) };
    for (const replacement of replacementsOf(node, place)) {
      const change = changeOf(text, node, replacement);
      if (programs.has(change.program)) continue;
      programs.add(change.program);
      const { original, mutated } = change;
      const alike = `${name}\n${original}\n${mutated}`;
      const nth = (counts.get(alike) ?? 0) + 1;
      counts.set(alike, nth);
      const line = module.lineOf(node.start);
      mutants.push({
        path,
        function: name,
        line,
        original,
        mutated,
        nth,
        start: node.start,
        end: node.end,
        replacement,
      });
    }
  });
  return mutants;
}

/**
 * The lines around a change before and after it, and what tells it from all others.
 *
 * @param {string} text
 * @param {Node} node
 * @param {string} replacement
 */
function changeOf(text, node, replacement) {
  const from = text.lastIndexOf('\n', node.start - 1) + 1;
  const newline = text.indexOf('\n', node.end);
  const to = newline === -1 ? text.length : newline;
  const changed = text.slice(from, node.start) + replacement + text.slice(node.end, to);
  // Lines before and after the change that it leaves as they are do not tell two changes apart.
  let [first, last] = [0, 0];
  const whole = text.slice(from, to);
  while (first < Math.min(whole.length, changed.length) && whole[first] === changed[first]) first++;
  while (last < Math.min(whole.length, changed.length) - first && whole.at(-1 - last) === changed.at(-1 - last)) last++;
  const program = `${from + first} ${to - last} ${changed.slice(first, changed.length - last)}`;
  return { original: onOneLine(whole), mutated: onOneLine(changed), program };
}

/** @param {string} text */
const onOneLine = (text) => text.replace(/\s+/g, ' ').trim();

/**
 * Calls `see` for every node that may change, with what it is there for and the function that it stands in.
 *
 * @param {Node} node
 * @param {Node | undefined} parent
 * @param {string} name
 * @param {(node: Node, role: Role, name: string) => void} see
 * @param {Role} [role]
 */
function visit(node, parent, name, see, role = 'value') {
  if (isTypeSyntax(node) || isOutOfScope(node)) return;
  if (node.type === 'ParenthesizedExpression') return visit(node['expression'], node, name, see, role);
  if (!isLink(node, parent)) see(node, role, name);
  const inner = nameWithin(node, parent, name);
  for (const child of childrenOf(node)) {
    if (isKept(child, node)) continue;
    visit(child, node, inner, see, roleOf(child, node, role, parent));
  }
}

/** @param {Node} node */
const isTypeSyntax = (node) => /^TS(?!(As|Satisfies|NonNull|Instantiation)Expression|TypeAssertion)/.test(node.type);

/** Not worth while: imports, and the words of an error. @param {Node} node */
const isOutOfScope = (node) =>
  /^(Import|ExportAll)/.test(node.type) ||
  (node.type === 'ExportNamedDeclaration' && node['declaration'] === null) ||
  (node.type === 'NewExpression' && /Error$/.test(node['callee'].name ?? ''));

/**
 * A part of a chain `a?.b.c()` must stay in it, and what a method is taken from must stay next to the call.
 *
 * @param {Node} node
 * @param {Node | undefined} parent
 */
const isLink = (node, parent) =>
  (parent?.type === 'CallExpression' && parent['callee'] === node) ||
  (isPart(node) &&
    ((parent?.type === 'MemberExpression' && parent['object'] === node) ||
      parent?.type === 'ChainExpression' ||
      parent?.type === 'TSNonNullExpression'));

/** @param {Node} node */
const isPart = (node) => /^(MemberExpression|CallExpression|TSNonNullExpression)$/.test(node.type);

/**
 * What may not become an expression: names and keys, what is assigned to, and the words of an assertion.
 *
 * @param {Node} child
 * @param {Node} node
 */
function isKept(child, node) {
  if (node['key'] === child && !node['computed']) return true;
  // Without its sign it is another number already.
  if (node.type === 'UnaryExpression' && node['operator'] === '-') return child.type === 'Literal';
  if (node.type === 'CallExpression' && node['callee'].name === 'assert') return node['arguments'].indexOf(child) > 0;
  return false;
}

const BRANCH = /^(If|For|ForOf|ForIn|While|DoWhile)Statement$/;

/**
 * @param {Node} child
 * @param {Node} node
 * @param {Role} role That of `node`.
 * @param {Node | undefined} parent
 * @returns {Role}
 */
function roleOf(child, node, role, parent) {
  if (node['test'] === child && node.type !== 'SwitchCase') return /^(If|Cond)/.test(node.type) ? 'test' : 'loop';
  if (node.type === 'CallExpression' && node['callee'].name === 'assert') return 'clause';
  if (node.type === 'LogicalExpression' && node['operator'] !== '??') return 'clause';
  if (node.type === 'UnaryExpression' && node['operator'] === '!' && role !== 'value' && role !== 'returned')
    return 'clause';
  if (node.type === 'ForOfStatement' && node['right'] === child) return 'items';
  if (node.type === 'ReturnStatement' || (node.type === 'ArrowFunctionExpression' && node['body'] === child))
    return 'returned';
  if (child.type !== 'ExpressionStatement') return 'value';
  const isOnly = node.type === 'BlockStatement' && node['body'].length === 1;
  return BRANCH.test((isOnly ? parent : node)?.type ?? '') ? 'alone' : 'value';
}

/**
 * @param {Node} node
 * @param {Node | undefined} parent
 * @param {string} name
 */
function nameWithin(node, parent, name) {
  const own = ownName(node, parent);
  if (own === undefined) return name;
  return name === '' ? own : `${name}.${own}`;
}

/**
 * @param {Node} node
 * @param {Node | undefined} parent
 * @returns {string | undefined}
 */
function ownName(node, parent) {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node['id']?.name;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return node['key'].type === 'PrivateIdentifier' ? `#${node['key'].name}` : node['key'].name;
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'ClassExpression':
      if (parent?.type === 'VariableDeclarator') return parent['id'].name;
      return parent?.type === 'Property' ? parent['key'].name : undefined;
    default:
      return undefined;
  }
}
