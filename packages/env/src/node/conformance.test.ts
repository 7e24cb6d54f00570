import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { clockConformance, diskConformance, netConformance, randomConformance } from '../conformance/index.ts';
import { FaultyDisk } from '../testing/index.ts';
import { createNodeEnv } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'quorate-env-'));
const env = createNodeEnv({ log: { level: 'silent' } });
let directories = 0;

afterAll(() => {
  env[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

async function freshDirectory(): Promise<string> {
  const directory = join(root, String(directories++));
  await env.disk.makeDirectory(directory);
  return directory;
}

describe('the clocks of Node.js', () => {
  test.each(clockConformance.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run(env));
});

describe('random streams', () => {
  const seeded = () => createSeeded().random;
  const created: Disposable[] = [];
  const createSeeded = () => {
    const each = createNodeEnv({ seed: 2 ** 40 + 5 });
    created.push(each);
    return each;
  };
  afterAll(() => {
    for (const each of created) each[Symbol.dispose]();
  });
  test.each(randomConformance.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run({ seeded }));
});

describe.each([
  ['on this thread when it is fast', 1000],
  ['always in the pool', 0],
])('real files, durable writes %s', (_where, slowSyncMs) => {
  const own = createNodeEnv({ log: { level: 'silent' }, slowSyncMs });
  afterAll(() => own[Symbol.dispose]());
  test.each(diskConformance.map((each) => [each.name, each] as const))('%s', async (_name, each) =>
    each.run({ disk: own.disk, directory: await freshDirectory() }),
  );
});

describe('a faulty disk without faults', () => {
  test.each(diskConformance.map((each) => [each.name, each] as const))('%s', async (_name, each) =>
    each.run({ disk: new FaultyDisk(env.disk), directory: await freshDirectory() }),
  );
});

describe.each(['127.0.0.1', '::1'])('sockets on %s', (host) => {
  const subject = { client: env.net, server: env.net, host, clock: env.clock, timers: env.timers };
  test.each(netConformance.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run(subject));
});
