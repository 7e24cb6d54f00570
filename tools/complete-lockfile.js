/**
 * `node tools/complete-lockfile.js`: writes the optional platform packages that a package asks for, and that the lock file lacks, into
 * the lock file. npm leaves them out when the registry it is run against does not have them, and then `npm ci` refuses the lock
 * file, here or wherever the registry does have them. Without an integrity: nothing was downloaded to compute it from.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completed } from './lockfile.js';

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const complete = completed(lock);
writeFileSync(file, `${JSON.stringify(complete, null, 2)}\n`);
process.stdout.write(`${Object.keys(complete.packages).length - Object.keys(lock.packages).length} packages added\n`);
