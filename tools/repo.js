import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseModule } from './module.js';

/** @import { Repo } from './types.ts' */

/**
 * The repository at `root`: what git tracks, and new files that it does not ignore.
 *
 * @param {string} root
 * @returns {Repo}
 */
export function openRepo(root) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const paths = [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(join(root, path)));
  return repoFrom(root, paths.sort(), {
    text: (path) => readFileSync(join(root, path), 'utf8'),
    sizeBytes: (path) => statSync(join(root, path)).size,
  });
}

/**
 * A repository of a few files in memory, for the tests of the rules.
 *
 * @param {Readonly<Record<string, string>>} files
 * @param {string} [root]
 * @returns {Repo}
 */
export function repoOf(files, root = '/somewhere/checkout') {
  /** @param {string} path */
  const text = (path) => {
    const found = files[path];
    if (found === undefined) throw new Error(`no file ${path} in the fixture`);
    return found;
  };
  return repoFrom(root, Object.keys(files).sort(), { text, sizeBytes: (path) => Buffer.byteLength(text(path)) });
}

/**
 * @param {string} root
 * @param {readonly string[]} paths
 * @param {{ text(path: string): string, sizeBytes(path: string): number }} disk
 * @returns {Repo}
 */
function repoFrom(root, paths, disk) {
  const files = new Set(paths);
  const folders = new Set(paths.flatMap(foldersOf));
  const texts = cached(disk.text);
  return {
    root,
    paths,
    has: (path) => files.has(path),
    hasPath: (path) => files.has(path) || folders.has(path) || path === '',
    text: texts,
    sizeBytes: disk.sizeBytes,
    json: cached((path) => (files.has(path) ? JSON.parse(texts(path)) : undefined)),
    module: cached((path) => parseModule(path, texts(path))),
  };
}

/**
 * @template T
 * @param {(path: string) => T} make
 * @returns {(path: string) => T}
 */
function cached(make) {
  /** @type {Map<string, T>} */
  const known = new Map();
  return (path) => {
    if (!known.has(path)) known.set(path, make(path));
    return /** @type {T} */ (known.get(path));
  };
}

/** @param {string} path */
function foldersOf(path) {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
