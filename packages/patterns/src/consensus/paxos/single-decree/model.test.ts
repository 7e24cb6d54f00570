/**
 * Every state of small systems, with real kernels: agreement, validity and what the parts believe to be chosen, in each. The numbers of states are
 * asserted, so that a system that has lost its moves does not pass for a sound one. To read the counterexamples: `testdata/single_decree.txt`.
 */
import { describe, expect, test } from 'vitest';
import { FlexibleQuorum, type QuorumSystem } from '../../../quorum/index.ts';
import { type Accepted, NO_BALLOT, type NodeId } from '../ballot.ts';
import type { Hosting } from '../host.fixture.ts';
import { expectGolden, story, titlesIn } from '../story.fixture.ts';
import { acceptorIds, exploreSmall, type SmallSystem, STEADY } from './world.fixture.ts';

const crashing: Hosting = { disk: 'waits', crashesMax: Number.POSITIVE_INFINITY };
const forgetful: Hosting = { disk: 'at once', crashesMax: 1 };
const crashesOnce: Hosting = { disk: 'waits', crashesMax: 1 };
const four = new FlexibleQuorum({ members: acceptorIds(4), prepare: 3, accept: 2 });

const sound: readonly (readonly [what: string, system: SmallSystem, states: number])[] = [
  ['three acceptors and two proposers', { acceptors: 3, rounds: [1, 1] }, 3_870],
  ['two acceptors and two proposers that try twice', { acceptors: 2, rounds: [2, 2] }, 7_844],
  ['a learner that listens to the acceptors', { acceptors: 3, rounds: [1, 1], learner: true }, 17_381],
  ['acceptors that say no', { acceptors: 2, rounds: [2, 1], refusals: true }, 12_392],
  ['an acceptor that crashes at any time', { acceptors: 2, rounds: [1, 1], acceptorDisks: [crashing] }, 2_179],
  ['a proposer that crashes', { acceptors: 2, rounds: [2, 1], proposerDisks: [crashesOnce, crashesOnce] }, 34_244],
  ['four acceptors, of which three promise and two accept', { acceptors: 4, rounds: [1, 1], quorums: four }, 35_464],
];

describe('all states are sound with', () => {
  for (const [what, system, states] of sound)
    test(what, () => {
      const explored = exploreSmall(system);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});

/** Quorums of so many members each, whether they meet or not. */
function sized(members: readonly NodeId[], read: number, write: number): QuorumSystem<NodeId> {
  return { members, isQuorum: (kind, has) => members.filter(has).length >= (kind === 'read' ? read : write) };
}

const lowest = <Value>(accepted: readonly Accepted<Value>[]): Accepted<Value> | undefined =>
  [...accepted].sort((a, b) => a.ballot.round - b.ballot.round || a.ballot.node - b.ballot.node)[0];

const plain: SmallSystem = { acceptors: 3, rounds: [1, 1] };
const broken: readonly (readonly [what: string, system: SmallSystem, violates: RegExp])[] = [
  [
    'an acceptor that forgets its promise in a crash',
    {
      ...plain,
      acceptorDisks: [forgetful],
      onlyAgreement: true,
      recovered: ({ accepted }) => ({ promised: accepted?.ballot ?? NO_BALLOT, accepted }),
    },
    /agreement/,
  ],
  [
    'an acceptor that forgets what it accepted in a crash',
    { ...plain, acceptorDisks: [forgetful], recovered: ({ promised }) => ({ promised, accepted: undefined }) },
    /agreement/,
  ],
  [
    'an acceptor that answers before its disk',
    { ...plain, acceptorDisks: [crashing], rules: { answerAfter: () => 0 } },
    /agreement/,
  ],
  [
    'an acceptor that accepts what it promised not to',
    { ...plain, onlyAgreement: true, rules: { mayAccept: () => true } },
    /agreement/,
  ],
  [
    'an acceptor that promises whatever it is asked for',
    { ...plain, onlyAgreement: true, rules: { mayPromise: () => true } },
    /agreement/,
  ],
  ['a proposer that ignores what was accepted', { ...plain, rules: { binding: () => undefined } }, /agreement/],
  ['a proposer bound by the lowest ballot', { acceptors: 3, rounds: [2, 1], rules: { binding: lowest } }, /agreement/],
  [
    'quorums of one for phase 1 and two for phase 2, of three',
    { ...plain, quorums: sized(acceptorIds(3), 1, 2) },
    /agreement/,
  ],
  [
    'quorums of two for both phases, of four',
    { ...plain, acceptors: 4, quorums: sized(acceptorIds(4), 2, 2) },
    /agreement/,
  ],
  [
    'a proposer that counts one acceptor as a quorum',
    { ...plain, rules: { isQuorum: () => true } },
    /agreement|learning/,
  ],
  [
    'a proposer that forgets which rounds it has used',
    { acceptors: 3, rounds: [1, 1], proposerDisks: [STEADY, forgetful], roundsFromDisk: () => 0 },
    /two values/,
  ],
];

describe('a wrong state is found with', () => {
  for (const [what, system, violates] of broken)
    test(what, () => {
      const explored = exploreSmall(system);
      expect(explored.violation?.what).toMatch(violates);
      expectGolden('single_decree.txt', story(what, explored));
    });
  test('each rule that the stories tell of', () => {
    expect(titlesIn('single_decree.txt')).toEqual(broken.map(([what]) => what));
  });
});
