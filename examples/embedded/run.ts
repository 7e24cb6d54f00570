/** Starts the application's three processes, shows what they say, and stops them when all are done. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = mkdtempSync(join(tmpdir(), 'quorate-embedded-'));
const app = fileURLToPath(new URL('./app.js', import.meta.url));
const children = ['a', 'b', 'c'].map((name) => fork(app, [name, directory, ...process.argv.slice(2)]));
const ended = children.map(
  (child) => new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1))),
);
const done = children.map((child) => new Promise<void>((resolve) => child.once('message', () => resolve())));

// All are done, or one has ended without being so.
await Promise.race([Promise.all(done), ...ended]);
for (const child of children) child.kill('SIGTERM');
const statuses = await Promise.all(ended);
rmSync(directory, { recursive: true });
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
