/**
 * The checks are checked: each rule of `rules.ts` is broken in turn, and the stories must find it. The violation that is
 * found depends on chance; that one is found may not.
 */
import { describe, expect, test } from 'vitest';
import { committedIndex, type VoteResult, voteResult } from '../../quorum/index.ts';
import type { Plot } from './plots.fixture.ts';
import { RaftRules } from './rules.ts';
import { tell } from './story.fixture.ts';
import type { Configuration, NodeId } from './types.ts';

const SEEDS_MAX = 400;
const raft = { electionTimeoutMs: 150, heartbeatIntervalMs: 30 };
const plain = { ...raft, preVote: false, checkQuorum: false };
const three: Plot = { rounds: 60, voters: 3, raft };
const changing: Plot = { rounds: 60, voters: 3, spares: 2, raft };
const leases: Plot = { rounds: 10, voters: 3, kind: 'two leaders', raft: { ...raft, preVote: false, reads: 'lease' } };
const shortReigns: Plot = { rounds: 100, voters: 5, kind: 'short reigns', raft: { ...plain, appendBytesMax: 1 } };

const everyone = ({ voters, outgoing }: Configuration): NodeId[] => [...new Set([...voters, ...outgoing])];

interface Break {
  readonly what: string;
  readonly rules: Partial<RaftRules>;
  readonly plot: Plot;
  readonly violates: RegExp;
}

const breaks: readonly Break[] = [
  {
    what: 'a vote for a candidate whose log is older (5.4.1)',
    rules: { isUpToDate: () => true },
    plot: three,
    violates: /leader completeness|committed/,
  },
  {
    what: 'two votes in one term (5.2)',
    rules: { mayVote: () => true },
    plot: { ...three, voters: 5, raft: plain },
    violates: /election safety|both lead/,
  },
  {
    what: 'an entry of an older term committed by counting (5.4.2, figure 8)',
    rules: { mayCommit: () => true },
    plot: shortReigns,
    violates: /leader completeness|committed/,
  },
  {
    what: 'a leader that counts what is not on its own disk (thesis 10.2.1)',
    rules: { ownMatch: (_durable, last) => last },
    plot: three,
    violates: /durable on a quorum/,
  },
  {
    what: 'an answer before the disk',
    rules: { promiseAfter: () => 0 },
    plot: three,
    violates: /durable on a quorum/,
  },
  {
    what: 'a follower that commits what it may not share with the leader (5.3)',
    rules: { followerCommit: (leaderCommit) => leaderCommit },
    plot: { ...three, raft: { ...raft, appendBytesMax: 40 } },
    violates: /lost data|state-machine safety/,
  },
  {
    what: 'a log that is taken to agree where it does not (5.3)',
    rules: { conflicts: (ownTerm, entryTerm) => ownTerm === undefined || ownTerm > entryTerm },
    plot: three,
    violates: /log matching|durable on a quorum|leader completeness|state-machine safety/,
  },
  {
    what: 'a joint quorum counted as one (6)',
    rules: {
      quorumReached: (configuration, valueOf) => committedIndex(everyone(configuration), valueOf),
      electionResult: (configuration, voteOf): VoteResult => voteResult(everyone(configuration), voteOf),
    },
    plot: changing,
    violates: /durable on a quorum|election safety|leader completeness/,
  },
  {
    what: 'a read before an entry of the own term is committed (thesis 6.4)',
    rules: { mayRead: () => true },
    plot: three,
    violates: /linearizable reads/,
  },
  {
    what: 'a read that no round confirmed (thesis 6.4)',
    rules: { roundConfirmed: () => true },
    plot: three,
    violates: /linearizable reads/,
  },
  {
    what: 'a lease without an end (thesis 6.4.1)',
    rules: { leaseHolds: (sentAt) => sentAt > Number.NEGATIVE_INFINITY },
    plot: { ...three, raft: { ...raft, reads: 'lease' } },
    violates: /linearizable reads/,
  },
  {
    what: 'voters that break their promise to a leaseholder (thesis 6.4.1)',
    rules: { isSticky: () => false },
    plot: leases,
    violates: /linearizable reads/,
  },
  {
    what: 'a snapshot without its term (7)',
    rules: { restoredMark: (mark) => ({ ...mark, term: 0 }) },
    plot: changing,
    violates: /log matching|must be|has term/,
  },
  {
    what: 'a damaged node that takes part as if nothing had happened',
    rules: { takesPart: () => true },
    plot: { ...three, damage: true },
    violates: /leader completeness|election safety|committed|lost data|state-machine safety/,
  },
];

describe('the checks find a kernel with', () => {
  for (const { what, rules, plot, violates } of breaks) {
    test(what, () => {
      expect(firstViolation({ ...plot, rules: Object.assign(new RaftRules(), rules) })).toMatch(violates);
    });
  }
});

/** Tells stories until one breaks an invariant, and returns what it broke. */
function firstViolation(plot: Plot & { readonly rules: RaftRules }): string {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      tell({ ...plot, seed });
    } catch (error) {
      if ((error as Error).name === 'InvariantError') return `${(error as Error).message} (seed ${seed})`;
    }
  }
  return `nothing was found in ${SEEDS_MAX} seeds`;
}
