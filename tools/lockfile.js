/**
 * A lock file, as far as it is used here.
 *
 * @typedef {{ version?: string, dev?: boolean, license?: string, engines?: object, optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lockfile
 * @typedef {{ readonly path: string, readonly version: string, readonly of: Entry }} Missing
 */

/** `@scope/cli-linux-x64-musl`: system, processor, and which C library or ABI. */
const PLATFORM =
  /-(?<os>aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(?<cpu>[a-z0-9]+)(?:-(?<abi>[a-z]+))?$/;

/**
 * The platform packages that others ask for as optional and that a lock file does not list. Optional ones without a platform, such as
 * those for WebAssembly, are left out: npm would install them.
 *
 * @param {Lockfile} lock
 * @returns {Missing[]}
 */
export function missingIn(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => PLATFORM.test(name) && !isListed(lock, path, name))
      .map(([name, version]) => ({ path: `node_modules/${name}`, version, of: entry })),
  );
}

/**
 * In the folder of the package that asks, or in any above it.
 *
 * @param {Lockfile} lock
 * @param {string} path
 * @param {string} name
 */
function isListed(lock, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined)
      return true;
    if (folder === '') return false;
  }
}

/**
 * The lock file with what it lacks.
 *
 * @param {Lockfile} lock
 * @returns {Lockfile}
 */
export function completed(lock) {
  const added = missingIn(lock).map(
    ({ path, version, of }) => /** @type {const} */ ([path, entryOf(path, version, of)]),
  );
  const entries = [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(entries) };
}

/**
 * @param {string} path
 * @param {string} version
 * @param {Entry} of
 * @returns {Entry}
 */
function entryOf(path, version, of) {
  const { os, cpu, abi } = PLATFORM.exec(path)?.groups ?? {};
  const libc = os !== 'linux' ? {} : { libc: [/^musl/.test(abi ?? '') ? 'musl' : 'glibc'] };
  return {
    version,
    ...{ cpu: [cpu] },
    ...(of.dev === undefined ? {} : { dev: of.dev }),
    ...libc,
    ...(of.license === undefined ? {} : { license: of.license }),
    ...{ optional: true, os: [os] },
    ...(of.engines === undefined ? {} : { engines: of.engines }),
  };
}
