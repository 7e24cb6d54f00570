import { parseModule } from '../module.js';
import { walk } from '../walk.js';

/** @import { Node } from '../types.ts' */

/**
 * Where a name comes from: another file or package (`from`), under the name it has there.
 *
 * @typedef {{ readonly from: string, readonly name: string }} Origin
 */

/**
 * One declaration file, by name: what it declares (several nodes for overloads, or for a type and a value of one name), imports and exports.
 *
 * @typedef {{
 *   readonly text: string,
 *   readonly comments: readonly { readonly start: number, readonly end: number }[],
 *   readonly declared: ReadonlyMap<string, readonly Node[]>,
 *   readonly imported: ReadonlyMap<string, Origin>,
 *   readonly exported: ReadonlyMap<string, Origin | string>,
 * }} Declarations
 */

/**
 * @param {string} path
 * @param {string} text
 * @returns {Declarations}
 */
export function readDeclarations(path, text) {
  const { program, comments } = parseModule(path, text);
  /** @type {Map<string, Node[]>} */
  const declared = new Map();
  /** @type {Map<string, Origin>} */
  const imported = new Map();
  /** @type {Map<string, Origin | string>} */
  const exported = new Map();
  for (const statement of program['body']) {
    const from = statement.source?.value;
    const declaration = statement.declaration ?? statement;
    for (const name of namesDeclared(declaration)) {
      declared.set(name, [...(declared.get(name) ?? []), declaration]);
      if (statement.type === 'ExportNamedDeclaration') exported.set(name, name);
    }
    for (const specifier of statement.specifiers ?? []) {
      if (statement.type === 'ImportDeclaration') {
        imported.set(specifier.local.name, { from, name: specifier.imported?.name ?? '*' });
      } else {
        const { local, exported: as } = specifier;
        exported.set(as.name, from === undefined ? local.name : { from, name: local.name });
      }
    }
  }
  return { text, comments, declared, imported, exported };
}

/** @param {Node} declaration @returns {string[]} */
function namesDeclared(declaration) {
  if (declaration.type === 'VariableDeclaration') {
    return declaration['declarations'].map((/** @type {Node} */ each) => each['id'].name);
  }
  return /^(Class|TSDeclareFunction|TSInterface|TSTypeAlias)/.test(declaration.type) ? [declaration['id'].name] : [];
}

/**
 * The names of types and values that a declaration speaks of, `a.B` when they stand in a namespace.
 *
 * @param {Node} declaration
 * @returns {Set<string>}
 */
export function namesUsed(declaration) {
  /** @type {Set<string>} */
  const names = new Set();
  walk(declaration, (node) => {
    const named =
      node['typeName'] ?? node['exprName'] ?? heritage(node) ?? (node['computed'] ? node['key'] : undefined);
    const name = dotted(named);
    if (name !== undefined) names.add(name);
    return !isPrivate(node);
  });
  return names;
}

/** @param {Node} node */
const heritage = (node) =>
  node['superClass'] ?? (/^TS(ClassImplements|InterfaceHeritage)$/.test(node.type) ? node['expression'] : undefined);

/** @param {Node | undefined} node @returns {string | undefined} */
function dotted(node) {
  switch (node?.type) {
    case 'Identifier':
      return node['name'];
    case 'TSQualifiedName':
      return `${dotted(node['left'])}.${dotted(node['right'])}`;
    case 'MemberExpression':
      return `${dotted(node['object'])}.${dotted(node['property'])}`;
    default:
      return undefined;
  }
}

/** @param {Node} node */
const isPrivate = (node) => node['key']?.type === 'PrivateIdentifier' || node['accessibility'] === 'private';

const LINE_MAX = 120;

/**
 * A declaration as people read it: without comments, private members and the words that all declarations have. A union has a line for
 * each of its members, wherever comments once stood.
 *
 * @param {Declarations} file
 * @param {Node} declaration
 * @returns {string}
 */
export function textOf(file, declaration) {
  const whole = sliceOf(file, declaration);
  if (declaration.type !== 'TSTypeAliasDeclaration') return tidied(whole);
  const line = onOneLine(whole);
  const type = declaration['typeAnnotation'];
  if (line.length <= LINE_MAX) return line;
  if (type.type !== 'TSUnionType') return tidied(whole);
  const head = onOneLine(sliceOf(file, { ...declaration, end: type.start }).replace(/[\s|]*$/, ''));
  return `${[head, ...type.types.map((/** @type {Node} */ each) => `  | ${onOneLine(sliceOf(file, each))}`)].join('\n')};`;
}

/**
 * The text of a node without comments and private members.
 *
 * @param {Declarations} file
 * @param {Node} node
 * @returns {string}
 */
function sliceOf({ text, comments }, node) {
  /** @type {{ readonly start: number, readonly end: number }[]} */
  const cuts = comments.filter(({ start, end }) => start >= node.start && end <= node.end);
  walk(node, (each) => {
    if (isPrivate(each)) cuts.push(each);
    return !isPrivate(each);
  });
  let at = node.start;
  let kept = '';
  for (const { start, end } of cuts.sort((a, b) => a.start - b.start)) {
    kept += text.slice(at, start);
    at = end;
  }
  return kept + text.slice(at, node.end);
}

/** @param {string} text */
const onOneLine = (text) =>
  text
    .replace(/^declare /, '')
    .replace(/\s+/g, ' ')
    .replace(/= \| /, '= ')
    .replace(/; \}/g, ' }')
    .trim();

/** @param {string} text */
const tidied = (text) =>
  text
    .replace(/^declare /, '')
    .split('\n')
    .map((line) => line.trimEnd().replace(/^ +/, (spaces) => ' '.repeat(spaces.length / 2)))
    .filter((line) => line.trim() !== '')
    .join('\n');
