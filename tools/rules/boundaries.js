import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { isPure, isSource, isTest, MAY_IMPORT, packageOf } from '../layout.js';

/** @import { ModuleRequest, Repo, Rule } from '../types.ts' */

/** Every import stays inside its package, or names a package that it may know by a path that this package exports. @type {Rule} */
export const boundaries = {
  name: 'boundaries',
  check: (repo) =>
    repo.paths.filter(isSource).flatMap((path) =>
      repo.module(path).requests.flatMap((request) => {
        const message = request.specifier.startsWith('.')
          ? wrongRelative(repo, path, request)
          : wrongByName(repo, path, request.specifier);
        return message === undefined ? [] : [{ path, line: request.line, message }];
      }),
    ),
};

/**
 * @param {Repo} repo
 * @param {string} path
 * @param {ModuleRequest} request
 */
function wrongRelative(repo, path, { specifier, isType }) {
  const target = posix.join(posix.dirname(path), specifier);
  const [own, other] = [packageOf(path), packageOf(target)];
  if (other !== own && (other !== undefined || own !== undefined) && !isNeutral(path, target)) {
    return `imports ${target} by a relative path; import other packages by name`;
  }
  if (isType && specifier.endsWith('.d.ts')) return undefined;
  return repo.has(target) || /(^|\/)dist\//.test(target)
    ? undefined
    : `imports ${specifier}, which is not there; give the file's full name`;
}

/** A program's start file may load what was built from its own package. @param {string} path @param {string} target */
const isNeutral = (path, target) => packageOf(path) === undefined && /\/(dist|bin)\//.test(target);

/**
 * @param {Repo} repo
 * @param {string} path
 * @param {string} specifier
 */
function wrongByName(repo, path, specifier) {
  if (specifier.startsWith('node:')) {
    return isPure(path) && !isTest(path)
      ? `imports ${specifier}; this package runs without Node.js: take it from Env`
      : undefined;
  }
  if (builtinModules.includes(specifier)) return `imports ${specifier}; write node:${specifier}`;
  const target = /^(?:@quorate\/([^/]+)|(quorate))(?:\/(.*))?$/.exec(specifier);
  if (target !== null) return wrongNeighbour(repo, path, /** @type {string} */ (target[1] ?? target[2]), target[3]);
  return wrongDependency(repo, path, specifier);
}

/**
 * @param {Repo} repo
 * @param {string} path
 * @param {string} name
 * @param {string | undefined} subpath
 */
function wrongNeighbour(repo, path, name, subpath) {
  const own = packageOf(path);
  if (own === name) return `imports its own package by name; use a relative path`;
  if (own !== undefined) {
    const allowed = MAY_IMPORT[own];
    if (allowed === undefined) return `package ${own} is not in the table of tools/layout.js; add it`;
    if (!allowed.code.includes(name) && !(isTest(path) && allowed.tests.includes(name))) {
      return `${own} may not import ${name} (it may: ${[...allowed.code].join(', ') || 'nothing'})`;
    }
  }
  const exported = repo.json(`packages/${name}/package.json`)?.['exports'];
  if (exported === undefined) return `imports ${name}, but there is no packages/${name}`;
  const key = subpath === undefined ? '.' : './*';
  const file = `packages/${name}/src/${subpath === undefined ? '' : `${subpath}/`}index.ts`;
  if (exported[key] === undefined || !repo.has(file)) {
    return `imports ${subpath ?? 'the root'} of ${name}, which that package does not export (there is no ${file})`;
  }
  return wrongDependency(repo, path, name === 'quorate' ? name : `@quorate/${name}`);
}

/**
 * A package must be declared where it is used: for tests, tools, benchmarks and examples also as a development dependency, their own or
 * the repository's.
 *
 * @param {Repo} repo
 * @param {string} path
 * @param {string} specifier
 */
function wrongDependency(repo, path, specifier) {
  const name = /** @type {RegExpExecArray} */ (/^(?:@[^/]+\/)?[^/]+/.exec(specifier))[0];
  const folder =
    packageOf(path) === undefined ? (path.includes('/') ? path.split('/')[0] : '') : `packages/${packageOf(path)}`;
  const own = repo.json(folder === '' ? 'package.json' : `${folder}/package.json`);
  const root = repo.json('package.json');
  const isPublished = packageOf(path) !== undefined && !isTest(path);
  const declared = [
    own?.['dependencies'],
    own?.['peerDependencies'],
    own?.['optionalDependencies'],
    ...(isPublished ? [] : [own?.['devDependencies'], root?.['devDependencies']]),
  ];
  if (declared.some((names) => names !== undefined && name in names)) return undefined;
  if (!isPublished && specifier.startsWith('@quorate/') && packageOf(path) !== undefined) return undefined;
  return `imports ${name}, which ${folder === '' ? '' : `${folder}/`}package.json does not declare`;
}
