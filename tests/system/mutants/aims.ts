/**
 * Runs that are aimed at a kind of bug. A run drawn from all faults and shapes comes upon any of them in the end; one that is drawn
 * from those that matter does so within seconds. What is aimed is the surroundings only: cluster, clients and checks are the usual ones.
 */
import { type Fault, LEADER } from '@quorate/sim/nemesis';
import { betweenGroups, isolate } from '@quorate/sim/net';
import { parseSeed, SeededStream } from '@quorate/sim/random';
import type { Scenario } from 'quorate/sim';
import type { Plan } from './mutant.ts';

const SECONDS = 5;
/** For runs in which little happens at a time. */
const QUIET_SECONDS = 40;
const TRIO = ['n1', 'n2', 'n3'];
const QUARTET = [...TRIO, 'n4'];

/** Nobody but writers and readers. */
const CALLERS_ONLY = { watchers: 0, lessees: 0, lockers: 0, changesMembers: false, transfersLead: false } as const;

const NO_OPERATIONS = {
  put: 0,
  get: 0,
  range: 0,
  delete: 0,
  'compare-and-set': 0,
  'several-keys': 0,
  increment: 0,
  'old-read': 0,
  compact: 0,
};

/** Faults of one kind after the other, as drawn by `fault`, with such pauses between their beginnings. */
function sequence(
  random: SeededStream,
  seconds: number,
  pauseMs: readonly [number, number],
  fault: (atMs: number) => Fault[],
): Fault[] {
  const faults: Fault[] = [];
  for (let atMs = 400; atMs < seconds * 1000; atMs += random.between(...pauseMs)) faults.push(...fault(atMs));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function aimed(
  seed: string,
  scenario: Scenario,
  faults: (random: SeededStream, seconds: number) => Fault[],
  seconds = SECONDS,
): Plan {
  const random = new SeededStream(parseSeed(seed), 'aim');
  return { seed, nodes: TRIO.length, families: [], seconds, scenario, faults: faults(random, seconds) };
}

/**
 * Two elect while the leader is away; before its successor's first entry is on the voter's disk, the successor is away, and the
 * voter restarts. Then the old leader asks it for its vote, in the same term. Links and disks are slow, so that there is time between.
 */
export function voterForgets(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: { ...CALLERS_ONLY, clients: 1, callers: 1, meanPauseMs: 40 },
      raft: { electionTimeoutMs: 300, heartbeatIntervalMs: 40, preVote: false, reads: 'index', snapshotEntries: 1000 },
      profile: {
        quality: { latency: { minMs: 15, meanMs: 5 } },
        syncLatency: { minMs: 20, meanMs: 5 },
        turnMs: 0.05,
      },
    },
    (random, seconds) =>
      sequence(random, seconds, [1600, 2000], (atMs) => {
        const awayMs = random.between(470, 600);
        const thenMs = atMs + awayMs;
        const cuts = isolate(LEADER, TRIO);
        return [
          { kind: 'cut', atMs, forMs: awayMs, shape: 'isolate the leader', cuts },
          { kind: 'cut', atMs: thenMs, forMs: 600, shape: 'isolate its successor', cuts },
          { kind: 'kill', atMs: thenMs, forMs: 2, nodes: random.shuffled(TRIO).slice(1) },
        ];
      }),
    QUIET_SECONDS,
  );
}

/** Leaders that are cut off as soon as they lead, with much in their logs that nobody else has (figure 8). */
export function reignsCutShort(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: { ...CALLERS_ONLY, clients: 3, callers: 4, meanPauseMs: 5 },
      raft: {
        electionTimeoutMs: 100,
        heartbeatIntervalMs: 30,
        preVote: false,
        checkQuorum: false,
        reads: 'index',
        snapshotEntries: 1000,
        appendBytesMax: 200,
        inflightMessagesMax: 2,
      },
      profile: {
        quality: { latency: { minMs: 4, meanMs: 15 } },
        syncLatency: { minMs: 0.1, meanMs: 0.5 },
        turnMs: 0.05,
      },
    },
    (random, seconds) =>
      sequence(random, seconds, [60, 200], (atMs) => {
        const cuts = isolate(LEADER, TRIO);
        return [{ kind: 'cut', atMs, forMs: random.between(100, 500), shape: 'isolate the leader', cuts }];
      }),
  );
}

/** A leader stands still while another one is elected, and comes back to a network without the others, but with its clients. */
export function leaderWakesAlone(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: {
        ...CALLERS_ONLY,
        clients: 6,
        callers: 3,
        keys: 2,
        meanPauseMs: 5,
        weights: { ...NO_OPERATIONS, put: 1, get: 3 },
      },
      raft: { electionTimeoutMs: 150, heartbeatIntervalMs: 40, reads: 'lease' },
    },
    (random, seconds) =>
      sequence(random, seconds, [1200, 1800], (atMs) => {
        const forMs = random.between(400, 900);
        const cuts = isolate(LEADER, TRIO);
        return [
          { kind: 'cut', atMs, forMs: forMs + 600, shape: 'isolate the leader', cuts },
          { kind: 'pause', atMs, forMs, nodes: [LEADER] },
        ];
      }),
  );
}

/** Members come and go all the time, and half of them are slow or away while they do. */
export function membersComeAndGo(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: { ...CALLERS_ONLY, clients: 1, callers: 2, changesMembers: true, meanOperationMs: 50, meanPauseMs: 15 },
      raft: { snapshotEntries: 1000 },
    },
    (random, seconds) =>
      sequence(random, seconds, [200, 500], (atMs) => {
        const forMs = random.between(50, 200);
        const nodes = random.shuffled(QUARTET).slice(0, 2);
        if (random.chance(0.7)) return [{ kind: 'slow-disk', atMs, forMs, nodes, factor: 30 }];
        const cuts = betweenGroups([nodes, QUARTET.filter((name) => !nodes.includes(name))]);
        return [{ kind: 'cut', atMs, forMs, shape: 'halves', cuts }];
      }),
  );
}

/** Connections break with many small append requests on their way, over links that differ. */
export function brokenPipelines(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: { ...CALLERS_ONLY, clients: 4, callers: 8, meanPauseMs: 5 },
      raft: { electionTimeoutMs: 300, snapshotEntries: 1000, appendBytesMax: 200, inflightMessagesMax: 256 },
      profile: { quality: { latency: { minMs: 2, meanMs: 10 } }, syncLatency: { minMs: 0.1, meanMs: 1 }, turnMs: 0.05 },
    },
    (random, seconds) =>
      sequence(random, seconds, [20, 80], (atMs) => [{ kind: 'reset', atMs, forMs: 1, nodes: [random.pick(TRIO)] }]),
  );
}

/** Answers get lost, and whoever asks again asks somebody who has just taken a snapshot over. */
export function lostAnswers(seed: string): Plan {
  return aimed(
    seed,
    {
      shape: { ...CALLERS_ONLY, clients: 4, callers: 4, meanPauseMs: 5 },
      raft: { electionTimeoutMs: 150, heartbeatIntervalMs: 40, snapshotEntries: 20, trailingEntries: 0 },
    },
    (random, seconds) =>
      sequence(random, seconds, [100, 300], (atMs) => {
        const nodes = [random.chance(0.6) ? LEADER : random.pick(TRIO)];
        return [{ kind: 'kill', atMs, forMs: random.between(5, 200), nodes }];
      }),
  );
}

/** Much of what is written is large, and snapshots are taken all the time: of little history, or of all there was. */
function largeValues(compact: number): Scenario {
  return {
    shape: {
      ...CALLERS_ONLY,
      clients: 3,
      callers: 3,
      keys: 4,
      meanPauseMs: 15,
      weights: { ...NO_OPERATIONS, put: 2, get: 2, range: 1, 'old-read': 1, compact },
      largeValueShare: 0.3,
      largeValueBytesMax: 2 * 1024 * 1024,
    },
    raft: { electionTimeoutMs: 300, heartbeatIntervalMs: 40, snapshotEntries: 20, trailingEntries: 5 },
  };
}

/** Nothing is wrong with the machines: entries are let go of, and their values read. */
export function largeValuesOutliveTheirEntries(seed: string): Plan {
  return aimed(seed, largeValues(1), () => []);
}

/** Members are cut off for so long that they need a snapshot, of several chunks, when they come back. */
export function largeSnapshotsAreSent(seed: string): Plan {
  return aimed(seed, largeValues(0), (random, seconds) =>
    sequence(random, seconds, [900, 1200], (atMs) => {
      const cuts = isolate(random.pick(TRIO), TRIO);
      return [{ kind: 'cut', atMs, forMs: 800, shape: 'isolate one', cuts }];
    }),
  );
}

/** The usual kind of run, with these families of faults. */
export function drawn(families: Plan['families'], nodes = 3): (seed: string) => Plan {
  return (seed) => ({ seed, nodes, families, seconds: 10 });
}
