import { homedir } from 'node:os';
import { dirname } from 'node:path';

/** @import { Problem, Repo, Rule } from '../types.ts' */

const TEXT =
  /\.(?:[cm]?[jt]sx?|json|jsonc|md|txt|ya?ml|toml|html|css|proto|sh|svg)$|(?:^|\/)(?:run|\.npmrc|\.gitignore|Dockerfile|LICENSE)$/;
/** Folders that mean nothing by themselves: many checkouts stand in them, and many programs name them. */
const ANYWHERE = [
  '/',
  '/tmp',
  '/home',
  '/root',
  '/var',
  '/var/tmp',
  '/opt',
  '/srv',
  '/usr',
  '/usr/src',
  '/data',
  '/mnt',
  '/app',
];
const REGISTRIES = /\bregistry\.(?:npmjs\.org|yarnpkg\.com|npmmirror\.com)\b|\bnpm\.pkg\.github\.com\b/;

/** Nothing in the repository depends on the machine it was written on, or on one registry. @type {Rule} */
export const places = {
  name: 'places',
  check(repo) {
    const paths = machinePaths(repo.root);
    const host = registryHost();
    return repo.paths
      .filter((path) => TEXT.test(path))
      .flatMap((path) =>
        repo
          .text(path)
          .split('\n')
          .flatMap((line, index) => {
            const message = wrongLine(line, paths, host);
            return message === undefined ? [] : [{ path, line: index + 1, message }];
          }),
      )
      .concat(downloadAddresses(repo));
  },
};

/**
 * @param {string} line
 * @param {readonly RegExp[]} paths
 * @param {string | undefined} host
 */
function wrongLine(line, paths, host) {
  for (const pattern of paths) {
    const found = pattern.exec(line);
    if (found !== null) return `names a place on one machine (${found[0]}…); use a relative path`;
  }
  const registry = REGISTRIES.exec(line)?.[0] ?? (host !== undefined && line.includes(host) ? host : undefined);
  return registry === undefined
    ? undefined
    : `names the package registry ${registry}; leave the choice to whoever installs`;
}

/** @param {string} root */
function machinePaths(root) {
  const named = [root, dirname(root), homedir()].filter((path) => !ANYWHERE.includes(path));
  const escaped = named.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return [
    ...escaped.map((path) => new RegExp(`(?<![\\w.~-])${path}/`)),
    /(?<![\w.~-])\/(?:home|Users)\/(?!user\b|you\b)[\w.-]+\//,
  ];
}

/** The registry that this run of npm uses, when it is not the public one. */
function registryHost() {
  const address = process.env['npm_config_registry'];
  return address === undefined ? undefined : URL.canParse(address) ? new URL(address).host : undefined;
}

/** @param {Repo} repo @returns {Problem[]} */
function downloadAddresses(repo) {
  const packages = repo.json('package-lock.json')?.['packages'] ?? {};
  const resolved = Object.entries(packages).filter(([, entry]) => /^https?:/.test(entry.resolved ?? ''));
  if (resolved.length === 0) return [];
  const message = `has download addresses (${resolved.length}, first of ${resolved[0]?.[0]}); .npmrc has omit-lockfile-registry-resolved for that`;
  return [{ path: 'package-lock.json', line: 0, message }];
}
