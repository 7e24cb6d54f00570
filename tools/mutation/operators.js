/** @import { Node } from '../types.ts' */

/**
 * What may stand in place of a node: the text of it. An empty one takes a statement away.
 *
 * @typedef {readonly string[]} Replacements
 */

/**
 * - `test`: the whole condition of an `if` or `?:`, tried as true and as false; `loop`: that of a loop, tried as false.
 * - `clause`: an operand within one. Negating it is not worth while: what notices that it is left out notices that too.
 * - `items`: what a loop goes through, tried as nothing. `returned`: what a function gives back. `value`: all else.
 * - `alone`: a statement that is all of a branch or a loop's body. Taking it away does what taking away the branch or the loop does.
 *
 * @typedef {'test' | 'loop' | 'clause' | 'items' | 'returned' | 'value' | 'alone'} Role
 */

/** @typedef {{ readonly role: Role, readonly text: (node: Node) => string }} Place Where a node stands, and the text of nodes. */

const ARITHMETIC = { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*', '**': '*' };
const BITS = { '<<': '>>', '>>': '<<', '>>>': '>>', '&': '|', '|': '&', '^': '&' };
const BOUNDARY = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const NEGATED = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '===': '!==', '!==': '===', '==': '!=', '!=': '==' };
const ASSIGNMENT = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '%=': '*=',
  '|=': '&=',
  '&=': '|=',
  '^=': '&=',
  '<<=': '>>=',
  '>>=': '<<=',
  '>>>=': '>>=',
  '??=': '=',
  '||=': '=',
  '&&=': '=',
};
/** Methods and what is called instead. */
const METHODS = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  push: 'unshift',
  unshift: 'push',
  shift: 'pop',
  pop: 'shift',
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  round: 'floor',
};
/** Methods whose receiver can stand in their place. */
const OMITTED = ['filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'slice', 'concat', 'trim'];
/** Above this, a constant is one of a hash or a limit of the language: one step is enough. */
const SMALL_MAX = 1 << 20;

/**
 * The replacements for an expression or statement.
 *
 * @param {Node} node
 * @param {Place} place
 * @returns {Replacements}
 */
export function replacementsOf(node, place) {
  return [...(BY_ROLE[place.role] ?? []), ...(BY_TYPE[node.type]?.(node, place) ?? []), ...returned(node, place)];
}

/** @type {Partial<Record<Role, Replacements>>} */
const BY_ROLE = { test: ['true', 'false'], loop: ['false'], items: ['[]'] };

/** @type {Record<string, (node: Node, place: Place) => Replacements>} */
const BY_TYPE = {
  BinaryExpression: binary,
  LogicalExpression: logical,
  UnaryExpression: unary,
  UpdateExpression: ({ operator, prefix, argument }, { text }) => {
    const other = operator === '++' ? '--' : '++';
    return [prefix ? other + text(argument) : text(argument) + other];
  },
  AssignmentExpression: ({ operator, left, right }, { text }) => {
    const other = lookup(ASSIGNMENT, operator);
    return other === undefined ? [] : [`${text(left)} ${other} ${text(right)}`];
  },
  Literal: (node, place) => (isJudged(place.role) ? literal(node) : []),
  CallExpression: call,
  ChainExpression: chain,
  ExpressionStatement: statement,
};

/** @param {Node} node @param {Place} place @returns {Replacements} */
function binary({ operator, left, right }, { role, text }) {
  const isText = [left, right].some((side) => side.type === 'TemplateLiteral' || typeof side.value === 'string');
  const others = [
    ...(isText ? [] : [lookup(ARITHMETIC, operator)]),
    lookup(BITS, operator),
    lookup(BOUNDARY, operator),
    ...(isJudged(role) ? [lookup(NEGATED, operator)] : []),
  ];
  return others.filter((other) => other !== undefined).map((other) => `${text(left)} ${other} ${text(right)}`);
}

/** @param {Node} node @param {Place} place @returns {Replacements} */
function logical({ operator, left, right }, { role, text }) {
  const sides = [text(left), text(right)];
  if (!isJudged(role) || operator === '??' || !isBoolean(left) || !isBoolean(right)) return sides;
  return [...sides, operator === '&&' ? 'false' : 'true'];
}

/** @param {Node} node @returns {boolean} */
function isBoolean(node) {
  if (node.type === 'ParenthesizedExpression') return isBoolean(node['expression']);
  if (node.type === 'LogicalExpression') return isBoolean(node['left']) && isBoolean(node['right']);
  return (
    (node.type === 'BinaryExpression' && node['operator'] in NEGATED) ||
    (node.type === 'UnaryExpression' && node['operator'] === '!')
  );
}

/** @param {Node} node @param {Place} place @returns {Replacements} */
function unary({ operator, argument }, { role, text }) {
  if (operator === '!') return isJudged(role) ? [text(argument)] : [];
  return operator === '-' || operator === '~' ? [text(argument)] : [];
}

/** @param {Node} node @returns {Replacements} */
function literal({ value, bigint }) {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof bigint === 'string') return [`${BigInt(bigint) + 1n}n`];
  if (typeof value !== 'number' || Math.abs(value) >= Number.MAX_SAFE_INTEGER) return [];
  return Number.isInteger(value) && value >= 1 && value <= SMALL_MAX
    ? [String(value + 1), String(value - 1)]
    : [String(value + 1)];
}

/** @param {Node} node @param {Place} place @returns {Replacements} */
function call(node, { text }) {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return [];
  const { name } = callee.property;
  const [receiver, whole] = [text(callee.object), text(node)];
  const other = lookup(METHODS, name);
  const rest = whole.slice(callee.property.end - node.start);
  if (other !== undefined) return [`${receiver}.${other}${rest}`];
  return OMITTED.includes(name) ? [receiver] : [];
}

/**
 * Each `?.` as if what is before it were always there.
 *
 * @param {Node} node
 * @param {Place} place
 * @returns {Replacements}
 */
function chain(node, { text }) {
  const whole = text(node);
  /** @type {string[]} */
  const replacements = [];
  for (let link = node['expression']; link !== undefined; link = link.object ?? link.callee ?? link.expression) {
    if (!link.optional) continue;
    const at = whole.indexOf('?.', (link.object ?? link.callee).end - node.start);
    const dot = /^[[(]/.test(whole.slice(at + 2)) ? '' : '.';
    replacements.push(whole.slice(0, at) + dot + whole.slice(at + 2));
  }
  return replacements;
}

/** @param {Node} node @param {Place} place @returns {Replacements} */
function statement({ expression, directive }, { role, text }) {
  if (role === 'alone' || typeof directive === 'string') return [];
  return /^(super|unreachable)\(/.test(text(expression)) ? [] : [''];
}

const PLAIN =
  /^(Identifier|MemberExpression|CallExpression|ChainExpression|NewExpression|ObjectExpression|ArrayExpression|AwaitExpression)$/;

/**
 * What is given back without being computed here.
 *
 * @param {Node} node
 * @param {Place} place
 * @returns {Replacements}
 */
const returned = (node, { role }) =>
  role === 'returned' && PLAIN.test(node.type) && node['name'] !== 'undefined' ? ['undefined'] : [];

/** Whether both outcomes of an expression matter where it stands. @param {Role} role */
const isJudged = (role) => role === 'value' || role === 'returned';

/** @param {Record<string, string>} table @param {string} name @returns {string | undefined} */
const lookup = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
