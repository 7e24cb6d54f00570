/** A benchmark that is stopped leaves nothing behind. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../../bench/dist/bench.js', import.meta.url));

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
const isRunning = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

const canSee = existsSync(`/proc/self/task/${process.pid}/children`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.skipIf(!canSee)(
    `after ${signal} no child of a benchmark runs on (skipped where there is no /proc)`,
    async () => {
      const bench = spawn(process.execPath, [BENCH, 'patterns', '--only', 'ids'], { stdio: 'ignore' });
      const ended = new Promise((resolve) => bench.once('exit', (status) => resolve(status)));
      await expect.poll(() => childrenOf(bench.pid!), { timeout: 20_000 }).toHaveLength(1);
      const [child] = childrenOf(bench.pid!);
      bench.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
      await expect.poll(() => isRunning(child!), { timeout: 5000 }).toBe(false);
    },
  );
}

test('nor is there any of its data', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  try {
    const env = { ...process.env, TMPDIR: directory };
    const bench = spawn(process.execPath, [BENCH, 'groups', '--short'], { stdio: 'ignore', env });
    const ended = new Promise((resolve) => bench.once('exit', resolve));
    await expect.poll(() => readdirSync(directory), { timeout: 20_000 }).toHaveLength(1);
    bench.kill('SIGTERM');
    await ended;
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
