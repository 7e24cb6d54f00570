/**
 * `npm run api` records in docs/api/ what each package offers, from the declarations that the compiler made; with `--check`, as in
 * `npm run check`, it writes nothing, prints what is no longer as recorded, and ends with status 1 if anything is.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openRepo } from '../repo.js';
import { differenceOf, FOLDER, pagesOf } from './pages.js';

/** A change of one type can show in many lines; the first ones say which. */
const LINES_MAX = 12;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: 'boolean' } } });
const root = positionals[0] ?? dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const repo = openRepo(root);
const pages = pagesOf(repo, (path) => readFileSync(join(root, path), 'utf8'));
const gone = repo.paths.filter((path) => path.startsWith(FOLDER) && path.endsWith('.md') && !pages.has(path));
const changed = [...pages].filter(([path, text]) => !repo.has(path) || repo.text(path) !== text);

if (values.check) {
  for (const path of gone) process.stdout.write(`${path}: what it records cannot be imported any more\n`);
  for (const [path, text] of changed) {
    const lines = differenceOf(repo.has(path) ? repo.text(path) : '', text);
    const shown = lines.slice(0, LINES_MAX).map((line) => `    ${line}\n`);
    const more = lines.length > LINES_MAX ? `    … and ${lines.length - LINES_MAX} lines more\n` : '';
    process.stdout.write(`${path}: the public API is not as recorded\n${shown.join('')}${more}`);
  }
  const wrong = gone.length + changed.length;
  if (wrong > 0) process.stdout.write('If that is meant, run npm run api and commit what it writes.\n');
  process.stdout.write(`${pages.size} subpaths, ${wrong} not as recorded\n`);
  process.exitCode = wrong === 0 ? 0 : 1;
} else {
  for (const path of gone) if (existsSync(join(root, path))) rmSync(join(root, path));
  for (const [path, text] of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  process.stdout.write(`${pages.size} subpaths, ${changed.length} pages written, ${gone.length} removed\n`);
}
