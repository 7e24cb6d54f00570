import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'quorate-tools-'));
afterAll(() => rmSync(root, { recursive: true }));
const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
const git = (...words: string[]): void => void execFileSync('git', words, { cwd: root });
const check = () =>
  spawnSync(process.execPath, [fileURLToPath(new URL('./check.js', import.meta.url)), root], { encoding: 'utf8' });

mkdirSync(join(root, 'ignored'));
git('init', '--quiet');
write('.gitignore', 'ignored/\n');
write('ignored/utils.ts', '');
write('README.md', '# A\n');
write('removed.ts', '');
git('add', '.');
unlinkSync(join(root, 'removed.ts'));

test('the check passes on a good checkout, and does not look at ignored or removed files', () => {
  expect(check()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^2 files, \d+ rules, 0 problems\n$/) });
});

test('the check fails on a problem, names its place and its rule, and looks at files not yet added', () => {
  write('utils.ts', '');
  const { status, stdout } = check();
  expect(status).toBe(1);
  expect(stdout).toContain('utils.ts: "utils.ts" says nothing; name the idea that is in it [names]\n3 files');
});

test('a file that cannot be parsed is reported, not thrown', () => {
  write('b.ts', 'const = 1;');
  const { status, stdout, stderr } = check();
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout).toMatch(/^b\.ts: cannot be parsed: .+ \[syntax\]\n4 files/);
});
