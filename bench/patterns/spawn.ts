import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { attached } from '../leftovers.ts';
import type { Task } from './child.ts';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** Runs `child.ts` with a task, and returns what it answers. Rejects when it fails; its errors are shown. */
export function runChild(task: Task): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // Helper threads of the collector wait for each other on the processor; on a busy machine that would be most of what is measured.
    const flags = ['--expose-gc', '--single-threaded-gc'];
    const child = attached(
      spawn(process.execPath, [...flags, CHILD, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status !== 0) return reject(new Error(`bench patterns: ${task.group} ended with status ${status}`));
      const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
      resolve(JSON.parse(lines[lines.length - 1]!));
    });
  });
}
