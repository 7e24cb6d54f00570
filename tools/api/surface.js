import { posix } from 'node:path';
import { namesUsed, readDeclarations, textOf } from './declarations.js';

/** @import { Declarations } from './declarations.js' */

/**
 * What one subpath of a package offers: the texts of its exports, in the order of their names, and of the types that those speak of but
 * that no subpath exports.
 *
 * @typedef {{ readonly specifier: string, readonly exported: readonly string[], readonly used: readonly string[] }} Surface
 */

/** @typedef {{ readonly path: string, readonly name: string }} Place A declaration: its file and its name there. */

/**
 * The surfaces of one package.
 *
 * @param {ReadonlyMap<string, string>} entries From a specifier to the declaration file of its `index.ts`.
 * @param {(path: string) => string} read
 * @returns {Surface[]}
 */
export function surfacesOf(entries, read) {
  /** @type {Map<string, Declarations>} */
  const files = new Map();
  /** @param {string} path */
  const file = (path) => {
    const known = files.get(path) ?? readDeclarations(path, read(path));
    files.set(path, known);
    return known;
  };
  const offered = [...entries].map(([specifier, path]) => ({ specifier, ...exportsOf(file, path) }));
  const visible = new Set(offered.flatMap(({ places }) => places.map(keyOf)));
  return offered.map(({ specifier, places, texts }) => ({
    specifier,
    exported: texts,
    used: usedBy(file, places, visible).flatMap((place) => textsOf(file, place)),
  }));
}

/** @param {Place} place */
const keyOf = ({ path, name }) => `${path}#${name}`;

/** @param {string} a @param {string} b */
const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * @param {(path: string) => Declarations} file
 * @param {string} entry
 * @returns {{ places: Place[], texts: string[] }}
 */
function exportsOf(file, entry) {
  /** @type {Place[]} */
  const places = [];
  /** @type {string[]} */
  const texts = [];
  for (const name of [...file(entry).exported.keys()].sort(byName)) {
    const found = resolve(file, entry, name);
    if ('specifier' in found) {
      const as = found.name === name ? name : `${found.name} as ${name}`;
      texts.push(`export { ${as} } from '${found.specifier}';`);
    } else {
      places.push(found);
      if (found.name !== name) texts.push(`export { ${found.name} as ${name} };`);
      texts.push(...textsOf(file, found));
    }
  }
  return { places, texts };
}

/**
 * @param {(path: string) => Declarations} file
 * @param {Place} place
 */
const textsOf = (file, { path, name }) =>
  (file(path).declared.get(name) ?? []).map((declaration) => textOf(file(path), declaration));

/**
 * Follows an export to the file that declares it, or out of the package.
 *
 * @param {(path: string) => Declarations} file
 * @param {string} path
 * @param {string} name
 * @returns {Place | { readonly specifier: string, readonly name: string }}
 */
function resolve(file, path, name) {
  const origin = file(path).exported.get(name);
  if (origin === undefined) throw new Error(`${path} exports no ${name}; build anew`);
  if (typeof origin !== 'string') return follow(file, path, origin.from, origin.name);
  if (file(path).declared.has(origin)) return { path, name: origin };
  const imported = file(path).imported.get(origin);
  if (imported === undefined) throw new Error(`${path} exports ${origin}, which it neither declares nor imports`);
  return follow(file, path, imported.from, imported.name);
}

/**
 * @param {(path: string) => Declarations} file
 * @param {string} path
 * @param {string} from
 * @param {string} name
 * @returns {ReturnType<typeof resolve>}
 */
function follow(file, path, from, name) {
  if (!from.startsWith('.')) return { specifier: from, name };
  return resolve(file, posix.join(posix.dirname(path), from.replace(/\.[jt]s$/, '.d.ts')), name);
}

/**
 * The declarations that some speak of, and those that these speak of, unless they are visible elsewhere; by name.
 *
 * @param {(path: string) => Declarations} file
 * @param {readonly Place[]} places
 * @param {ReadonlySet<string>} visible
 * @returns {Place[]}
 */
function usedBy(file, places, visible) {
  /** @type {Map<string, Place>} */
  const used = new Map();
  const open = [...places];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const named = (file(place.path).declared.get(place.name) ?? []).flatMap((node) => [...namesUsed(node)]);
    for (const found of named.map((name) => placeOf(file, place.path, name))) {
      if (found === undefined || visible.has(keyOf(found)) || used.has(keyOf(found))) continue;
      used.set(keyOf(found), found);
      open.push(found);
    }
  }
  return [...used.values()].sort((a, b) => byName(a.name, b.name) || byName(a.path, b.path));
}

/**
 * Where a name that a file uses is declared; undefined when that is outside of the package.
 *
 * @param {(path: string) => Declarations} file
 * @param {string} path
 * @param {string} name
 * @returns {Place | undefined}
 */
function placeOf(file, path, name) {
  const [first = '', member = ''] = name.split('.');
  const { declared, imported } = file(path);
  if (declared.has(first)) return { path, name: first };
  const origin = imported.get(first);
  if (origin === undefined) return undefined;
  const found = follow(file, path, origin.from, origin.name === '*' ? member : origin.name);
  return 'specifier' in found ? undefined : found;
}
