/**
 * Every state of small systems of one register, with real kernels: whatever clients were told, some order of their operations explains it. The numbers of
 * states are asserted, so that a system that has lost its moves does not pass for a sound one. The counterexamples: `testdata/registers.txt`.
 */
import { describe, expect, test } from 'vitest';
import { type Ballot, sameBallot } from '../ballot.ts';
import { expectGolden, story, titlesIn } from '../story.fixture.ts';
import { majorityConfiguration } from './configuration.ts';
import { again, growing, ids, readErased, reading, replacing, sound, two, withoutRescan } from './systems.fixture.ts';
import { exploreRegisters, type RegisterSystem } from './world.fixture.ts';

describe('all states are sound with', () => {
  for (const [what, system, states] of sound)
    test(what, () => {
      const explored = exploreRegisters(system);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});

/** Whether the change is what nobody has gone on from. */
const isLast = (marks: readonly Ballot[] = [], proposals: readonly Ballot[]): boolean =>
  marks.length > 0 && proposals.some((ballot) => sameBallot(ballot, marks.at(-1)!));

const broken: readonly (readonly [what: string, system: RegisterSystem])[] = [
  ['a proposer that ignores what was accepted', { ...two, rules: { binding: () => undefined } }],
  ['an acceptor that accepts what it promised not to', { ...two, rules: { mayAccept: () => true } }],
  [
    'an acceptor that answers before its disk',
    { ...two, acceptorDisks: [{ disk: 'waits', crashesMax: 1 }], rules: { answerAfter: () => 0 } },
  ],
  ['a change that is applied anew without looking for itself', { ...again, rules: { settlement: () => 'never' } }],
  [
    'a change that is applied anew though others went on from it',
    {
      ...again,
      rules: { settlement: (held, _, proposals) => (isLast(held?.marks, proposals) ? 'happened' : 'never') },
    },
  ],
  ['a read that tells what is not chosen yet', { ...reading, rules: { mayTell: () => true } }],
  [
    'a collection without a sweep',
    { ...readErased, collects: { op: '1a1', steps: ['outdate', 'require-ages', 'erase'] } },
  ],
  [
    'a read that counts what it was told before an erasure',
    { ...readErased, rules: { readOutlivesErasure: () => true } },
  ],
  ['acceptors that are added without a rescan', withoutRescan(growing)],
  ['an acceptor that is replaced without a rescan', withoutRescan(replacing)],
  [
    'two acceptors that are added at once',
    {
      ...growing,
      membership: { steps: [{ kind: 'configure', configuration: majorityConfiguration(2, ids.slice(0, 3)) }] },
    },
  ],
];

describe('a wrong state is found with', () => {
  for (const [what, system] of broken)
    test(what, () => {
      const explored = exploreRegisters(system);
      expect(explored.violation?.what).toMatch(/not linearizable/);
      expectGolden('registers.txt', story(what, explored));
    });
  test('each rule that the stories tell of', () => {
    expect(titlesIn('registers.txt')).toEqual(broken.map(([what]) => what));
  });
});
