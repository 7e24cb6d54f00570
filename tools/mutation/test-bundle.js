import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { parseModule } from '../module.js';
import { walk } from '../walk.js';

/** Stands in for vitest: the worker hands in what tests import of it. */
const TEST_API = 'module.exports = globalThis.__testApi;';

/**
 * A test file with all that it imports of the repository, as one script for `new Function('require', 'module', 'exports', …)`.
 *
 * @param {string} file Absolute.
 * @param {(file: string) => string | undefined} sourceOf The text to use for a file in place of its own.
 * @returns {Promise<string>}
 */
export async function bundleTest(file, sourceOf) {
  const build = await rolldown({
    input: file,
    platform: 'node',
    external: [/^node:/, 'fast-check'],
    resolve: { conditionNames: ['quorate:source'] },
    plugins: [
      {
        name: 'mutants',
        resolveId: (id) => (id === 'vitest' ? 'vitest-stand-in' : undefined),
        load: (id) => (id === 'vitest-stand-in' ? TEST_API : sourceOf(id)),
        transform: (code, id) => (code.includes('import.meta.url') ? withPlace(code, id) : undefined),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'cjs', sourcemap: false });
    return output[0].code;
  } finally {
    await build.close();
  }
}

/** Files beside a module are found from where it stood, not from where the bundle runs. @param {string} code @param {string} file */
function withPlace(code, file) {
  const { program } = parseModule(file, code);
  /** @type {number[]} */
  const places = [];
  walk(program, (node) => void (node.type === 'MetaProperty' && places.push(node.start)));
  return places.reduceRight(
    (text, at) =>
      text.slice(0, at) + JSON.stringify(pathToFileURL(file).href) + text.slice(at + 'import.meta.url'.length),
    code,
  );
}
