/** What the house looks like: which room may know which, and what each may touch. */

/**
 * Who may import whom (design, section 2). `tests` is what a package's own test files may import besides: they are not published.
 *
 * @type {Readonly<Record<string, { readonly code: readonly string[], readonly tests: readonly string[] }>>}
 */
export const MAY_IMPORT = {
  patterns: { code: [], tests: [] },
  env: { code: ['patterns'], tests: [] },
  sim: { code: ['patterns', 'env'], tests: [] },
  cluster: { code: ['patterns', 'env'], tests: ['sim'] },
  gateways: { code: ['patterns', 'env', 'cluster'], tests: ['sim'] },
  engines: { code: ['patterns', 'env', 'cluster'], tests: ['sim'] },
  lab: { code: ['patterns', 'env', 'sim', 'cluster'], tests: [] },
  quorate: { code: ['patterns', 'env', 'sim', 'cluster', 'gateways', 'engines', 'lab'], tests: [] },
};

/** Packages without any dependency but each other. */
export const WITHOUT_DEPENDENCIES = ['patterns', 'env', 'sim'];

/** Packages that run wherever JavaScript does: no `node:`, and none of the world but through `Env`. */
const PURE = ['patterns', 'env', 'sim', 'cluster'];

/** Files in pure packages that may touch the world, with the reason. A path that ends in `/` stands for all below it. */
const WORLDLY = {
  'packages/env/src/node/': 'implements Env on Node.js',
};

/** Single uses of globals in pure packages, with the reason. Each must be there. */
export const NAMED_EXCEPTIONS = [
  {
    path: 'packages/sim/src/engine/drain.ts',
    names: ['process', 'MessageChannel'],
    reason: 'runs the promise reactions that are due between two simulated events',
  },
  {
    path: 'packages/sim/src/world/guard.test.ts',
    names: ['Math.random', 'setTimeout', 'setInterval'],
    reason: 'shows that each of them is caught inside a simulated run',
  },
  {
    path: 'packages/sim/src/world/determinism.test.ts',
    names: ['Math.random'],
    reason: 'shows that comparing two runs can fail',
  },
];

/** @param {string} path */
export const packageOf = (path) => /^packages\/([^/]+)\//.exec(path)?.[1];

/** @param {string} path */
export const isSource = (path) => /\.[cm]?[jt]sx?$/.test(path) && !path.endsWith('.d.ts');

/** @param {string} path */
export const isTest = (path) =>
  /\.(test|fixture|long\.test|conformance)\.[jt]s$/.test(path) || /(^|\/)(testdata|fixtures)\//.test(path);

/** Source files of packages, tests excluded. @param {string} path */
export const isPackageCode = (path) => /^packages\/[^/]+\/src\//.test(path) && isSource(path) && !isTest(path);

/** True for a file that may not touch the world. @param {string} path */
export const isPure = (path) =>
  PURE.includes(packageOf(path) ?? '') &&
  /^packages\/[^/]+\/src\//.test(path) &&
  !Object.keys(WORLDLY).some((worldly) => (worldly.endsWith('/') ? path.startsWith(worldly) : path === worldly));
