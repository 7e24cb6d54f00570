import { expect, test } from 'vitest';
import { Cluster } from './cluster.fixture.ts';

test('a calm cluster elects a leader and commits', () => {
  const cluster = new Cluster({ seed: 1, voters: 3 });
  expect(cluster.runUntil(() => cluster.leader !== undefined, 2000)).toBe(true);
  for (let i = 0; i < 10; i++) {
    cluster.propose(cluster.leader!, 3);
    cluster.run(3);
  }
  cluster.run(100);
  expect(cluster.running.map((n) => n.commitIndex)).toEqual([31, 31, 31]);
});
