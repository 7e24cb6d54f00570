/** @import { Node } from './types.ts' */

/** @param {unknown} value @returns {value is Node} */
const isNode = (value) =>
  typeof value === 'object' && value !== null && typeof (/** @type {{ type?: unknown }} */ (value).type) === 'string';

/**
 * The nodes directly below a node.
 *
 * @param {Node} node
 * @returns {Node[]}
 */
export function childrenOf(node) {
  /** @type {Node[]} */
  const children = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children;
}

/**
 * Calls `visit` for a node and all below it, in the order of the source; `false` keeps it from going below that one.
 *
 * @param {Node} node
 * @param {(node: Node) => unknown} visit
 */
export function walk(node, visit) {
  if (visit(node) === false) return;
  for (const child of childrenOf(node)) walk(child, visit);
}
