/**
 * `npm run sizes` measures what each import of `@quorate/patterns` adds to a page, and writes docs/tables/sizes.md; with `--check` it writes
 * nothing, and ends with status 1 when the table does not hold any more.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openRepo } from '../repo.js';
import { measure } from './measure.js';
import { tableOf, wrongWith } from './table.js';

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
const root = fileURLToPath(new URL('../..', import.meta.url));
const file = new URL('../../docs/tables/sizes.md', import.meta.url);

const specifiers = openRepo(root).paths.flatMap((path) => {
  const found = /^packages\/patterns\/src\/(.+)\/index\.ts$/.exec(path);
  return found === null ? [] : [`@quorate/patterns/${found[1]}`];
});
const measured = [];
for (const specifier of specifiers) measured.push(await measure(specifier));
const count = measured.reduce((sum, each) => sum + each.exports.size, 0);

if (values.check) {
  const wrong = wrongWith(readFileSync(file, 'utf8'), measured);
  for (const message of wrong) process.stdout.write(`${message}\n`);
  if (wrong.length > 0)
    process.stdout.write(
      'If an import drags in what it does not need, mend that; if it is meant, run npm run sizes.\n',
    );
  process.stdout.write(
    `${count} exports of ${measured.length} subpaths, ${wrong.length} not as in docs/tables/sizes.md\n`,
  );
  process.exitCode = wrong.length === 0 ? 0 : 1;
} else {
  writeFileSync(file, tableOf(measured));
  process.stdout.write(`${count} exports of ${measured.length} subpaths measured\n`);
}
