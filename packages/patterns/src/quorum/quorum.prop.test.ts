/** Counting quorums against oracles that are too slow and too simple to be wrong. Tiny domains, so that ties happen. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { committedIndex, jointCommittedIndex, jointVoteResult, type VoteResult, voteResult } from './index.ts';

const RUNS = { numRuns: 20_000, seed: 42 };

const voters = fc.uniqueArray(fc.nat(8), { maxLength: 9 });
const values = fc.dictionary(fc.nat(8).map(String), fc.nat(6));
const votes = fc.dictionary(fc.nat(8).map(String), fc.boolean());

/** Every majority there is, as lists of voters. */
function majorities(of: readonly number[]): number[][] {
  const subsets: number[][] = [[]];
  for (const voter of of) for (const subset of [...subsets]) subsets.push([...subset, voter]);
  return subsets.filter((subset) => subset.length > of.length / 2 || of.length === 0);
}

/** The best that some majority has reached together. */
function slowCommitted(of: readonly number[], valueOf: (voter: number) => number): number {
  return Math.max(...majorities(of).map((majority) => Math.min(...majority.map(valueOf))));
}

/** Won when some majority said yes; lost when every majority holds somebody who said no. */
function slowVote(of: readonly number[], voteOf: (voter: number) => boolean | undefined): VoteResult {
  const all = majorities(of);
  if (all.some((majority) => majority.every((voter) => voteOf(voter) === true))) return 'won';
  return all.every((majority) => majority.some((voter) => voteOf(voter) === false)) ? 'lost' : 'pending';
}

test('the committed index of a majority is the best that some majority has reached', () => {
  fc.assert(
    fc.property(voters, values, (of, known) => {
      const valueOf = (voter: number): number => known[voter] ?? 0;
      expect(committedIndex(of, valueOf)).toBe(slowCommitted(of, valueOf));
    }),
    RUNS,
  );
});

test('the committed index of a joint quorum is the best that majorities of both halves have reached', () => {
  fc.assert(
    fc.property(voters, voters, values, (incoming, outgoing, known) => {
      const valueOf = (voter: number): number => known[voter] ?? 0;
      const slow = Math.min(slowCommitted(incoming, valueOf), slowCommitted(outgoing, valueOf));
      expect(jointCommittedIndex(incoming, outgoing, valueOf)).toBe(slow);
      expect(jointCommittedIndex(outgoing, incoming, valueOf)).toBe(slow);
    }),
    RUNS,
  );
});

test('a vote is won, lost or pending as the majorities say', () => {
  fc.assert(
    fc.property(voters, votes, (of, cast) => {
      const voteOf = (voter: number): boolean | undefined => cast[voter];
      expect(voteResult(of, voteOf)).toBe(slowVote(of, voteOf));
    }),
    RUNS,
  );
});

test('a joint vote is won when both halves are, lost as soon as one is', () => {
  fc.assert(
    fc.property(voters, voters, votes, (incoming, outgoing, cast) => {
      const voteOf = (voter: number): boolean | undefined => cast[voter];
      const halves = [slowVote(incoming, voteOf), slowVote(outgoing, voteOf)];
      const slow = halves.includes('lost') ? 'lost' : halves.includes('pending') ? 'pending' : 'won';
      expect(jointVoteResult(incoming, outgoing, voteOf)).toBe(slow);
    }),
    RUNS,
  );
});

test('any two quorums share a voter', () => {
  fc.assert(
    fc.property(voters, fc.uniqueArray(fc.nat(8)), fc.uniqueArray(fc.nat(8)), (of, first, second) => {
      const wins = (set: number[]): boolean => voteResult(of, (voter) => set.includes(voter)) === 'won';
      const share = of.some((voter) => first.includes(voter) && second.includes(voter));
      expect(of.length === 0 || !wins(first) || !wins(second) || share).toBe(true);
    }),
    RUNS,
  );
});
