import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startEtcdGateway } from './index.ts';
import { trivialCore } from './testing/trivial-core.fixture.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test('etcdctl puts and gets', async () => {
  const gateway = await startEtcdGateway(trivialCore(), { host: '127.0.0.1', port: 0, log: quiet });
  const run = (...args: string[]) =>
    promisify(execFile)('/usr/bin/etcdctl', ['--endpoints', `127.0.0.1:${gateway.address.port}`, ...args], {
      env: { ETCDCTL_API: '3' },
    });
  expect((await run('put', 'a', '1')).stdout).toBe('OK\n');
  expect((await run('get', 'a')).stdout).toBe('a\n1\n');
  await gateway.close();
});
