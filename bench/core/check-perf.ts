/** etcd's own benchmark, `etcdctl check perf`, against both sides: a minute of writes by 1,000 clients, paced at 15,000 a second. */
import { spawn } from 'node:child_process';
import type { Address } from '@quorate/env';
import { attached } from '../leftovers.ts';
import { findProgram } from './processes.ts';

export interface CheckPerf {
  readonly writesPerSecond: number;
  readonly slowestMs: number;
}

/** Undefined when there is no etcdctl. Rejects when it says something that is not understood. */
export async function checkPerf(endpoints: readonly Address[]): Promise<CheckPerf | undefined> {
  const program = findProgram('etcdctl');
  if (program === undefined) return undefined;
  const hosts = endpoints.map(({ host, port }) => `${host}:${port}`).join(',');
  const text = await outputOf(program, ['--endpoints', hosts, 'check', 'perf', '--load', 'xl', '--auto-compact']);
  const writesPerSecond = figureIn(text, /Throughput (?:is|too low:) (\d+) writes\/s/);
  return { writesPerSecond, slowestMs: figureIn(text, /Slowest request took (?:too long: )?([\d.]+)s/) * 1000 };
}

/** What it prints, without the progress bar's many forms. Its exit status only says whether its own marks were met. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = attached(
      spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ETCDCTL_API: '3' },
      }),
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        text = (text + String(chunk)).slice(-TEXT_MAX);
      });
    }
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

/** The figures come last. */
const TEXT_MAX = 2000;

function figureIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) {
    throw new Error(`expected ${pattern} in what it prints, which ends with: ${text.trimEnd().split('\n').at(-1)}`);
  }
  return Number(found);
}
