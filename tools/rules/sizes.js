import { isSource } from '../layout.js';

/** @import { Problem, Rule } from '../types.ts' */

const LINES_MAX = 500;
const BYTES_MAX = 1 << 20;
const EXCEPTIONS = 'tools/file-length-exceptions.json';

/** Files stay short enough to be read, or say why not; nothing big is tracked. @type {Rule} */
export const sizes = {
  name: 'sizes',
  check(repo) {
    const reasons = repo.json(EXCEPTIONS) ?? {};
    const tooLong = new Map(
      repo.paths
        .filter(isSource)
        .map((path) => /** @type {const} */ ([path, repo.text(path).trimEnd().split('\n').length]))
        .filter(([, lines]) => lines > LINES_MAX),
    );
    /** @type {Problem[]} */
    const problems = [];
    for (const [path, lines] of tooLong) {
      if (typeof reasons[path] === 'string' && reasons[path].length >= 20) continue;
      const message = `${lines} lines, of at most ${LINES_MAX}: look for the second idea in it, or give a reason in ${EXCEPTIONS}`;
      problems.push({ path, line: 0, message });
    }
    for (const path of Object.keys(reasons)) {
      if (!tooLong.has(path))
        problems.push({ path: EXCEPTIONS, line: 0, message: `${path} is not too long any more; remove its reason` });
    }
    for (const path of repo.paths) {
      const bytes = repo.sizeBytes(path);
      if (bytes > BYTES_MAX)
        problems.push({ path, line: 0, message: `${bytes} bytes, of at most ${BYTES_MAX}: do not track it` });
    }
    return problems;
  },
};
