import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.fixture.ts';
import { type Story, tell } from './story.fixture.ts';

// One seed only, and its story told: SEED=123 npx vitest run packages/patterns/src/consensus/raft/cluster.prop.test.ts
const only = process.env['SEED'];
const seeds = (count: number): number[] =>
  only === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(only)];

const fast = { electionTimeoutMs: 150, heartbeatIntervalMs: 30 };
const kinds: Record<string, Omit<Story, 'seed'>> = {
  'three voters': { rounds: 40, voters: 3, raft: fast },
  'five voters': { rounds: 40, voters: 5, raft: fast },
  'members come and go': { rounds: 60, voters: 3, spares: 2, raft: fast },
  'small windows': {
    rounds: 40,
    voters: 3,
    spares: 1,
    raft: { ...fast, inflightMessagesMax: 2, appendBytesMax: 50, uncommittedBytesMax: 400 },
  },
  'no pre-vote': { rounds: 40, voters: 3, raft: { ...fast, preVote: false } },
  'no check-quorum': { rounds: 40, voters: 5, raft: { ...fast, checkQuorum: false } },
  'as in the paper': { rounds: 40, voters: 3, raft: { ...fast, preVote: false, checkQuorum: false } },
  'lease reads under clock drift': {
    rounds: 40,
    voters: 3,
    spares: 1,
    clockSkew: 0.04,
    raft: { ...fast, reads: 'lease', clockDriftMs: 15 },
  },
  quiescence: { rounds: 40, voters: 3, spares: 1, raft: { ...fast, quiesceAfterMs: 60 } },
  'damaged disks': { rounds: 60, voters: 3, spares: 1, raft: fast, damage: true },
  'damaged disks among five': { rounds: 60, voters: 5, raft: fast, damage: true },
};

describe('whatever happens, the invariants hold, and a calm cluster comes together', () => {
  for (const [name, story] of Object.entries(kinds)) {
    test(name, () => {
      for (const seed of seeds(40)) {
        try {
          tell({ ...story, seed });
        } catch (error) {
          throw new Error(`${name}, seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    });
  }
});

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
