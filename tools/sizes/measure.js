import { brotliCompressSync, gzipSync } from 'node:zlib';
import { bundle } from '../bundle.js';

/** @typedef {{ readonly minified: number, readonly gzip: number, readonly brotli: number }} Size In bytes. */
/** @typedef {{ readonly specifier: string, readonly whole: Size, readonly exports: ReadonlyMap<string, Size> }} Measured */

/**
 * What importing a subpath adds to a page: the whole of it, and each of its exports alone.
 *
 * @param {string} specifier
 * @returns {Promise<Measured>}
 */
export async function measure(specifier) {
  const whole = await bundle(`export * from '${specifier}';`, { minify: true });
  /** @type {Map<string, Size>} */
  const sizes = new Map();
  for (const name of [...whole.exports].sort()) {
    sizes.set(name, sizeOf((await bundle(`export { ${name} } from '${specifier}';`, { minify: true })).code));
  }
  return { specifier, whole: sizeOf(whole.code), exports: sizes };
}

/** @param {string} code @returns {Size} */
function sizeOf(code) {
  const bytes = Buffer.from(code);
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}
