import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const cases = fileURLToPath(new URL('./testdata/totals', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

/** Runs the named case files with the reporter; `--` matches none. */
function run(...names: string[]) {
  const files = names.map((name) => `${name}.case.ts`);
  const env = { ...process.env, NO_COLOR: '1' };
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', '--root', cases, ...files], {
    encoding: 'utf8',
    env,
  });
  return { status, last: stdout.split('\n').at(-2), isLastLine: stdout.endsWith('\n') };
}

describe('the last line has the totals, and the exit status follows them,', () => {
  test.each([
    ['when all pass', ['passing'], '2 passed, 0 failed, 1 skipped', 0],
    ['when a test fails', ['passing', 'failing'], '3 passed, 1 failed, 1 skipped', 1],
    ['when a file cannot be loaded', ['passing', 'unloadable'], '2 passed, 1 failed, 1 skipped', 1],
    ['when a group cannot be prepared', ['unprepared'], '1 passed, 1 failed, 2 skipped', 1],
    ['when nobody catches an error', ['uncaught'], '1 passed, 1 failed', 1],
    ['when all is skipped', ['skipping'], '0 passed, 0 failed, 1 skipped', 1],
    ['when a file has no tests', ['passing', 'empty'], '2 passed, 1 failed, 1 skipped', 1],
    ['when there are no files', ['nowhere'], '0 passed, 0 failed', 1],
  ])('%s', (_name, names, totals, status) => {
    expect(run(...names)).toEqual({ status, last: totals, isLastLine: true });
  });
});
