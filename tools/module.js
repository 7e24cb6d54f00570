import { parseSync } from 'oxc-parser';
import { walk } from './walk.js';

/** @import { Module, ModuleRequest, Node } from './types.ts' */

/**
 * Parses a TypeScript or JavaScript file. Throws `SyntaxError`.
 *
 * @param {string} path
 * @param {string} text
 * @returns {Module}
 */
export function parseModule(path, text) {
  const { program, errors, comments } = parseSync(path, text);
  const [first] = errors;
  if (first !== undefined) throw new SyntaxError(`cannot be parsed: ${first.message}`);
  const root = /** @type {Node} */ (/** @type {unknown} */ (program));
  const starts = lineStarts(text);
  /** @param {number} offset */
  const lineOf = (offset) => upperBound(starts, offset);
  return { program: root, comments, requests: requestsOf(root, lineOf), lineOf };
}

/**
 * @param {Node} program
 * @param {(offset: number) => number} lineOf
 * @returns {ModuleRequest[]}
 */
function requestsOf(program, lineOf) {
  /** @type {ModuleRequest[]} */
  const requests = [];
  walk(program, (node) => {
    const source = sourceOf(node);
    if (source === undefined) return;
    requests.push({ specifier: source['value'], line: lineOf(source.start), isType: isTypeOnly(node) });
  });
  return requests;
}

/**
 * The string literal that names the module which a node asks for.
 *
 * @param {Node} node
 * @returns {Node | undefined}
 */
function sourceOf(node) {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
    case 'TSImportType': {
      const source = node['source'] ?? node['argument'];
      return source?.type === 'Literal' ? source : undefined;
    }
    case 'TSExternalModuleReference':
      return node['expression'];
    default:
      return undefined;
  }
}

/** @param {Node} node */
function isTypeOnly(node) {
  if (node.type === 'TSImportType') return true;
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  /** @type {readonly Node[]} */
  const specifiers = node['specifiers'] ?? [];
  return (
    specifiers.length > 0 &&
    specifiers.every((specifier) => specifier['importKind'] === 'type' || specifier['exportKind'] === 'type')
  );
}

/** @param {string} text */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/**
 * How many of the ascending `starts` are at most `offset`.
 *
 * @param {readonly number[]} starts
 * @param {number} offset
 */
function upperBound(starts, offset) {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (/** @type {number} */ (starts[middle]) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
