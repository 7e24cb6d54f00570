/**
 * Every state of small groups of replicas, with real kernels: one value per slot at most is chosen, what is handed out is what is chosen, and in order, and
 * what is said to be done is. The numbers of states are asserted. The counterexamples: `testdata/multi_paxos.txt`.
 */
import { describe, expect, test } from 'vitest';
import type { Hosting } from '../host.fixture.ts';
import { expectGolden, story, titlesIn } from '../story.fixture.ts';
import { again, heartbeats, oneLeader, three, two } from './groups.fixture.ts';
import { exploreGroup, type SmallGroup } from './world.fixture.ts';

const sound: readonly (readonly [what: string, group: SmallGroup, states: number])[] = [
  ['two replicas that both stand', two, 1_363],
  ['two replicas, one of which stands twice', again, 14_534],
  ['heartbeats that tell what is chosen, and learning', heartbeats, 1_937],
  ['one leader with two values in flight', oneLeader, 384],
];

describe('all states are sound with', () => {
  for (const [what, group, states] of sound)
    test(what, () => {
      const explored = exploreGroup(group);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});

const crashesOnce: Hosting = { disk: 'waits', crashesMax: 1 };
const [first, second, third] = three.replicas as [
  SmallGroup['replicas'][0],
  SmallGroup['replicas'][0],
  SmallGroup['replicas'][0],
];

const broken: readonly (readonly [what: string, group: SmallGroup, violates: RegExp])[] = [
  ['a new leader that ignores what was accepted', { ...three, rules: { binding: () => undefined } }, /agreement/],
  [
    'a new leader that fills all slots with no-ops',
    { ...three, rules: { recovered: () => ({ kind: 'no-op' }) } },
    /agreement/,
  ],
  [
    'a new leader that proposes where others know what is chosen',
    { ...heartbeats, rules: { firstOpen: () => 1 } },
    /agreement/,
  ],
  [
    'a replica that takes what it holds for what is chosen',
    { ...three, heartbeats: true, rules: { isWhatIsChosen: () => true } },
    /handed out/,
  ],
  [
    'an acceptor that accepts what it promised not to',
    { ...three, rules: { mayAccept: () => true } },
    /never taken back/,
  ],
  [
    'an acceptor that answers before its disk',
    { replicas: [first, second, { ...third, disk: crashesOnce }], rules: { answerAfter: () => 0 } },
    /agreement/,
  ],
];

describe('a wrong state is found with', () => {
  for (const [what, group, violates] of broken)
    test(what, () => {
      const explored = exploreGroup(group);
      expect(explored.violation?.what).toMatch(violates);
      expectGolden('multi_paxos.txt', story(what, explored));
    });
  test('each rule that the stories tell of', () => {
    expect(titlesIn('multi_paxos.txt')).toEqual(broken.map(([what]) => what));
  });
});
