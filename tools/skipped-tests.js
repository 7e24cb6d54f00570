/**
 * `node tools/skipped-tests.js REPORT`: lists the tests that a run skipped, from vitest's JSON report. Exit status 1 when there is one
 * that may not be skipped where everything is installed.
 */
import { readFileSync } from 'node:fs';

/** Their data stands beside the repository, where it is not everywhere. */
const MAY_BE_SKIPPED = /^the histories with known verdicts /;

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('expected the file of a JSON report');
/** @type {{ testResults: { name: string, assertionResults: { fullName: string, status: string }[] }[] }} */
const report = JSON.parse(readFileSync(file, 'utf8'));
const skipped = report.testResults.flatMap(({ assertionResults }) =>
  assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed'),
);
const wrong = skipped.filter(({ fullName }) => !MAY_BE_SKIPPED.test(fullName));
for (const { fullName } of skipped) process.stdout.write(`skipped: ${fullName}\n`);
process.stdout.write(`${skipped.length} skipped, ${wrong.length} of them may not be\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
