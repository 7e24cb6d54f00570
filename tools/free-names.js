import { childrenOf } from './walk.js';

/** @import { Node } from './types.ts' */

/**
 * The uses of names that nothing in the file declares: its globals. Each with the nodes around it, innermost last.
 *
 * @param {Node} program
 * @returns {{ readonly node: Node, readonly parents: readonly Node[] }[]}
 */
export function freeNames(program) {
  /** @type {{ node: Node, parents: Node[] }[]} */
  const free = [];
  visit(program, [], []);
  return free;

  /**
   * @param {Node} node
   * @param {readonly Node[]} parents
   * @param {readonly Set<string>[]} scopes
   */
  function visit(node, parents, scopes) {
    if (isTypeSyntax(node)) return;
    if (node.type === 'Identifier') {
      const name = node['name'];
      if (isReference(node, parents.at(-1)) && !scopes.some((scope) => scope.has(name))) {
        free.push({ node, parents: [...parents] });
      }
    }
    const inner = opensScope(node) ? [...scopes, declaredIn(node)] : scopes;
    for (const child of childrenOf(node)) visit(child, [...parents, node], inner);
  }
}

/** @param {Node} node */
const isTypeSyntax = (node) =>
  /^TS(?!AsExpression|SatisfiesExpression|NonNullExpression|InstantiationExpression|TypeAssertion|ParameterProperty|ExportAssignment|Enum|Module)/.test(
    node.type,
  );

/** @param {Node} node */
const isFunction = (node) => /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);

/** @param {Node} node */
const opensScope = (node) =>
  isFunction(node) ||
  /^(Program|BlockStatement|StaticBlock|For(In|Of)?Statement|SwitchStatement|CatchClause|Class(Declaration|Expression))$/.test(
    node.type,
  );

/**
 * A name that is looked up, not one that is declared or that names a property, an import, an export or a label.
 *
 * @param {Node} node
 * @param {Node | undefined} parent
 */
function isReference(node, parent) {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent['object'] === node || parent['computed'];
    case 'Property':
      return parent['value'] === node || parent['computed'];
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return parent['value'] === node || parent['computed'];
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'MetaProperty':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return false;
    case 'ExportSpecifier':
      return parent['local'] === node;
    default:
      return true;
  }
}

/**
 * The names that a scope declares itself. `var` counts for its function, wherever in it it stands.
 *
 * @param {Node} scope
 * @returns {Set<string>}
 */
function declaredIn(scope) {
  /** @type {Set<string>} */
  const names = new Set();
  if (isFunction(scope) || scope.type === 'Program') hoist(scope, names);
  if (isFunction(scope)) {
    for (const parameter of scope['params']) bind(parameter, names);
    if (scope.type === 'FunctionExpression' && scope['id']) bind(scope['id'], names);
  }
  if (scope.type.startsWith('Class') && scope['id']) bind(scope['id'], names);
  if (scope.type === 'CatchClause' && scope['param']) bind(scope['param'], names);
  for (const statement of statementsOf(scope)) declare(statement, names);
  return names;
}

/**
 * Adds what `var` declares below a node, but not within functions below it.
 *
 * @param {Node} node
 * @param {Set<string>} names
 */
function hoist(node, names) {
  for (const child of childrenOf(node)) {
    if (child.type === 'VariableDeclaration' && child['kind'] === 'var') declare(child, names);
    if (!isFunction(child)) hoist(child, names);
  }
}

/** @param {Node} scope @returns {Node[]} */
function statementsOf(scope) {
  if (scope.type === 'SwitchStatement') return scope['cases'].flatMap((/** @type {Node} */ each) => each['consequent']);
  if (/^For/.test(scope.type))
    return [scope['init'], scope['left']].filter((node) => node?.type === 'VariableDeclaration');
  return Array.isArray(scope['body']) ? scope['body'] : [];
}

/**
 * @param {Node} statement
 * @param {Set<string>} names
 */
function declare(statement, names) {
  if (/^Export(Named|Default)Declaration$/.test(statement.type)) {
    if (statement['declaration']) declare(statement['declaration'], names);
  } else if (statement.type === 'VariableDeclaration') {
    for (const declarator of statement['declarations']) bind(declarator.id, names);
  } else if (statement.type === 'ImportDeclaration') {
    for (const specifier of statement['specifiers']) bind(specifier.local, names);
  } else if (/^(Function|Class|TSEnum|TSModule)Declaration$/.test(statement.type) && statement['id']) {
    bind(statement['id'], names);
  }
}

/**
 * Adds the names that a pattern binds.
 *
 * @param {Node | null} pattern
 * @param {Set<string>} names
 */
function bind(pattern, names) {
  switch (pattern?.type) {
    case 'Identifier':
      names.add(pattern['name']);
      break;
    case 'ObjectPattern':
      for (const property of pattern['properties'])
        bind(property.type === 'RestElement' ? property : property.value, names);
      break;
    case 'ArrayPattern':
      for (const element of pattern['elements']) bind(element, names);
      break;
    case 'AssignmentPattern':
      bind(pattern['left'], names);
      break;
    case 'RestElement':
      bind(pattern['argument'], names);
      break;
    case 'TSParameterProperty':
      bind(pattern['parameter'], names);
      break;
    default:
  }
}
