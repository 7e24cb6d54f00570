/**
 * Whole groups under faults, from seeds. A failure names its seed; to run only that one:
 *
 *     SEED=123 npx vitest run packages/patterns/src/consensus/raft/cluster.prop.test.ts
 */
import { describe, expect, test } from 'vitest';
import { type Story, tell } from './story.fixture.ts';

type Plot = Omit<Story, 'seed'>;

const SEEDS = 60;
const raft = { electionTimeoutMs: 150, heartbeatIntervalMs: 30 };
const small = { inflightMessagesMax: 2, inflightBytesMax: 200, appendBytesMax: 50, uncommittedBytesMax: 400 };
const plain = { ...raft, preVote: false, checkQuorum: false };

const plots: Readonly<Record<string, Plot>> = {
  'three voters': { rounds: 60, voters: 3, raft },
  'five voters': { rounds: 60, voters: 5, raft },
  'one voter, and others that join': { rounds: 60, voters: 1, spares: 2, raft },
  'members that come and go': { rounds: 80, voters: 3, spares: 2, raft },
  'small windows': { rounds: 60, voters: 3, spares: 1, raft: { ...raft, ...small } },
  'no pre-vote': { rounds: 60, voters: 3, raft: { ...raft, preVote: false } },
  'no check-quorum': { rounds: 60, voters: 5, raft: { ...raft, checkQuorum: false } },
  'neither, as in the paper': { rounds: 60, voters: 3, spares: 1, raft: plain },
  'short reigns': { rounds: 100, voters: 5, kind: 'short reigns', raft: { ...plain, appendBytesMax: 1 } },
  'leases and clocks that drift': {
    rounds: 60,
    voters: 3,
    spares: 1,
    clockSkew: 0.04,
    raft: { ...raft, reads: 'lease', clockDriftMs: 15 },
  },
  'leases and two leaders': {
    rounds: 8,
    voters: 3,
    kind: 'two leaders',
    clockSkew: 0.04,
    raft: { ...raft, preVote: false, reads: 'lease', clockDriftMs: 15 },
  },
  'quiet groups': { rounds: 60, voters: 3, spares: 1, raft: { ...raft, quiesceAfterMs: 60 } },
  'damaged disks': { rounds: 80, voters: 3, spares: 1, raft, damage: true },
  'damaged disks among five': { rounds: 80, voters: 5, raft: { ...raft, quiesceAfterMs: 200 }, damage: true },
};

describe('whatever happens the invariants hold, and once it is calm the group comes together', () => {
  for (const [name, plot] of Object.entries(plots)) {
    test(name, () => {
      for (const seed of seeds()) telling(name, { ...plot, seed });
    });
  }
});

test('the stories have everything in them', () => {
  const counts = new Map<string, number>();
  for (const plot of [...Object.values(plots), ...Object.values(plots)]) {
    const told = tell({ ...plot, seed: 100 + counts.size });
    for (const [what, times] of told.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  }
  const wanted = 'append-rejected timeout-now read-ready read-response send-snapshot configuration repaired refused';
  for (const what of wanted.split(' ')) expect(counts.get(what), what).toBeGreaterThan(3);
});

function seeds(): number[] {
  const only = process.env['SEED'];
  return only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];
}

function telling(name: string, story: Story): void {
  try {
    tell(story);
  } catch (error) {
    throw new Error(`${name}, seed ${story.seed}: ${(error as Error).message}`, { cause: error });
  }
}
