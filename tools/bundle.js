import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { rolldown } from 'rolldown';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A browser's bundle of one module, with everything that it imports, from what was built: that is what people install. Throws when an
 * import cannot be followed, as one of `node:` cannot.
 *
 * @param {string} code TypeScript. It imports packages by their names, as if it stood in `tests/`.
 * @param {{ readonly minify?: boolean, readonly from?: string }} [options] `from`: the folder that it stands in.
 * @returns {Promise<{ readonly code: string, readonly exports: readonly string[] }>}
 */
export async function bundle(code, { minify = false, from = `${ROOT}/tests` } = {}) {
  /** @type {string[]} */
  const complaints = [];
  const entry = `${from}/entry.ts`;
  const build = await rolldown({
    input: entry,
    cwd: from,
    platform: 'browser',
    onLog: (_level, log) => complaints.push(stripVTControlCharacters(log.message)),
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? { code, moduleType: 'ts' } : undefined),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: 'esm', minify });
    const [chunk, ...more] = output;
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    const imported = [...chunk.imports, ...more.map(({ fileName }) => fileName)];
    if (imported.length > 0)
      throw new Error(`one chunk without imports was expected; it imports ${imported.join(', ')}`);
    return { code: chunk.code, exports: chunk.exports };
  } catch (error) {
    throw new Error(stripVTControlCharacters(String(error instanceof Error ? error.message : error)));
  } finally {
    await build.close();
  }
}
