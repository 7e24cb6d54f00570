import { connect } from '@quorate/cluster/client';
import { createNodeEnv } from '@quorate/env/node';
import { afterAll, expect, test } from 'vitest';
import { AcknowledgedWrites } from './acknowledged-writes.ts';
import { ProcessCluster } from './process-cluster.ts';

const env = createNodeEnv({ log: { level: 'error' } });
afterAll(() => env[Symbol.dispose]());
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ROUNDS = 10;
/** Beyond this it is not slow but stuck. How long the gap is gets printed, and measured by `npm run bench -- core`. */
const STUCK_MS = 10_000;

test('kill -9 of the leader under load loses no acknowledged write, and writes go on, ten times over', async () => {
  await using cluster = await ProcessCluster.start(3);
  await using client = await connect({ env, endpoints: cluster.endpoints });
  const writes = new AcknowledgedWrites();
  writes.start(client, 16);
  const gaps: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // With one of the others still away, what is measured would be how fast a process starts.
    const leader = await cluster.untilLeader(3);
    await pause(300);
    const killedAt = performance.now();
    await cluster.kill(leader);
    while (writes.gapAround(killedAt) === Number.POSITIVE_INFINITY && performance.now() - killedAt < STUCK_MS)
      await pause(5);
    gaps.push(writes.gapAround(killedAt));
    cluster.spawn(leader);
    await pause(200);
  }
  await writes.stop();
  gaps.sort((a, b) => a - b);
  const median = gaps[ROUNDS / 2]!;
  console.info(
    `leader killed ${ROUNDS} times under load (${writes.count} writes): gap min ${gaps[0]!.toFixed(0)}, median ${median.toFixed(0)}, max ${gaps.at(-1)!.toFixed(0)} ms`,
  );
  expect(writes.count).toBeGreaterThan(ROUNDS);
  expect(await writes.lost(client)).toEqual([]);
  expect(gaps.at(-1)).toBeLessThan(STUCK_MS);
}, 90_000);

test('kill -9 of all three under load and a restart: every acknowledged write is there', async () => {
  await using cluster = await ProcessCluster.start(3);
  const writes = new AcknowledgedWrites();
  for (let round = 0; round < 3; round++) {
    await using client = await connect({ env, endpoints: cluster.endpoints });
    writes.start(client, 32);
    await pause(700);
    await Promise.all(cluster.nodes.map((node) => cluster.kill(node)));
    for (const node of cluster.nodes) cluster.spawn(node);
    await cluster.untilLeader();
    await pause(200);
    await writes.stop();
  }
  await using client = await connect({ env, endpoints: cluster.endpoints });
  console.info(`all killed three times: ${writes.count} acknowledged writes looked for`);
  expect(writes.count).toBeGreaterThan(100);
  expect(await writes.lost(client)).toEqual([]);
}, 60_000);
