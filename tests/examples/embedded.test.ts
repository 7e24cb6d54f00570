import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePorts } from '../chaos/process-cluster.ts';

const script = fileURLToPath(new URL('../../examples/dist/embedded/run.js', import.meta.url));

test('three ordinary processes elect a leader, share configuration and take fifteen turns under a lock', async () => {
  // The application's nodes listen ten ports apart from here on.
  const [port] = await freePorts(1);
  const child = fork(script, [String(Math.min(port!, 60_000))], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const status = await new Promise((resolve) => child.once('exit', resolve));
  expect(said.match(/leads, with token/g)).toHaveLength(1);
  expect(said.match(/the greeting is "hello from [abc]"/g)).toHaveLength(3);
  const turns = [...said.matchAll(/takes turn (\d+)/g)].map(([, turn]) => Number(turn)).sort((a, b) => a - b);
  expect(turns).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  expect(status).toBe(0);
}, 60_000);
