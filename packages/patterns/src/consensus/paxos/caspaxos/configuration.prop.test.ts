import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkIntersection } from '../../../quorum/index.ts';
import { NodeId } from '../ballot.ts';
import {
  majorityConfiguration,
  type PhaseMembers,
  PhaseQuorum,
  phasesMeet,
  type RegisterConfiguration,
} from './configuration.ts';
import { growthSteps, type MembershipStep, shrinkSteps } from './membership-change.ts';

const nodes = [1, 2, 3, 4, 5, 6].map(NodeId.of);
const phase: fc.Arbitrary<PhaseMembers> = fc
  .subarray(nodes, { minLength: 1 })
  .chain((acceptors) =>
    fc.record({ acceptors: fc.constant(acceptors), quorum: fc.integer({ min: 1, max: acceptors.length }) }),
  );

test('two phases meet if and only if no two of their quorums are apart, as trying all of them shows', () => {
  fc.assert(
    fc.property(phase, phase, (prepare, accept) => {
      const members = [...new Set([...prepare.acceptors, ...accept.acceptors])];
      const system = {
        members,
        isQuorum: (kind: 'read' | 'write', has: (member: NodeId) => boolean): boolean => {
          const { acceptors, quorum } = kind === 'read' ? prepare : accept;
          return acceptors.filter(has).length >= quorum;
        },
      };
      const meets = checkIntersection(system).readsSeeWrites;
      expect(phasesMeet(prepare, accept)).toBe(meets);
      if (!meets) expect(() => new PhaseQuorum({ version: 1, prepare, accept })).toThrow(RangeError);
    }),
    { numRuns: 500 },
  );
});

test.each([0, -1, 1.5, 4])('a quorum of %d of three acceptors is refused', (quorum) => {
  const three = { acceptors: nodes.slice(0, 3), quorum: 3 };
  for (const configuration of [
    { version: 1, prepare: { ...three, quorum }, accept: three },
    { version: 1, prepare: three, accept: { ...three, quorum } },
  ])
    expect(() => new PhaseQuorum(configuration)).toThrow(/must be from 1 to 3/);
});

const configurations = (before: RegisterConfiguration, steps: readonly MembershipStep[]): RegisterConfiguration[] => [
  before,
  ...steps.flatMap((step) => (step.kind === 'configure' ? [step.configuration] : [])),
];

describe('while acceptors come and go', () => {
  const acceptors = [1, 2, 3, 4, 5, 6, 7].map(NodeId.of);
  const plans = [1, 2, 3, 4, 5, 6].flatMap((count) => {
    const before = majorityConfiguration(10, acceptors.slice(0, count));
    const after = majorityConfiguration(10, acceptors.slice(0, count + 1));
    return [
      { what: `${count} become ${count + 1}`, before, steps: growthSteps(before, acceptors[count]!) },
      { what: `${count + 1} become ${count}`, before: after, steps: shrinkSteps(after, acceptors[0]!) },
    ];
  });

  test.each(plans)(
    '$what: quorums of a configuration and of the next one meet, in both directions',
    ({ before, steps }) => {
      const all = configurations(before, steps);
      for (const [at, { prepare, accept, version }] of all.entries()) {
        expect(version).toBe(10 + at);
        for (const other of all.slice(Math.max(0, at - 1), at + 2)) {
          expect(phasesMeet(prepare, other.accept)).toBe(true);
          expect(phasesMeet(other.prepare, accept)).toBe(true);
        }
      }
    },
  );

  test.each(plans)(
    '$what: the last configuration is one of majorities, from which the next change can begin',
    ({ before, steps }) => {
      const last = configurations(before, steps).at(-1)!;
      expect(last).toEqual(majorityConfiguration(last.version, last.prepare.acceptors));
      expect(Math.abs(last.prepare.acceptors.length - before.prepare.acceptors.length)).toBe(1);
    },
  );

  test('the steps are those of section 2.3', () => {
    const kinds = (steps: readonly MembershipStep[]): string[] =>
      steps.map((step) =>
        step.kind === 'rescan'
          ? 'rescan'
          : `${step.configuration.prepare.quorum}/${step.configuration.prepare.acceptors.length} ${step.configuration.accept.quorum}/${step.configuration.accept.acceptors.length}`,
      );
    expect(kinds(growthSteps(majorityConfiguration(1, acceptors.slice(0, 3)), acceptors[3]!))).toEqual([
      '2/3 3/4',
      'rescan',
      '3/4 3/4',
    ]);
    expect(kinds(growthSteps(majorityConfiguration(1, acceptors.slice(0, 4)), acceptors[4]!))).toEqual(['3/5 3/5']);
    expect(kinds(shrinkSteps(majorityConfiguration(1, acceptors.slice(0, 4)), acceptors[0]!))).toEqual([
      '2/3 3/4',
      '2/3 2/3',
    ]);
    expect(kinds(shrinkSteps(majorityConfiguration(1, acceptors.slice(0, 5)), acceptors[0]!))).toEqual([
      '3/4 3/4',
      'rescan',
    ]);
  });

  test('a change that makes no sense is refused', () => {
    const one = majorityConfiguration(1, acceptors.slice(0, 1));
    expect(() => growthSteps(one, acceptors[0]!)).toThrow(/there already/);
    expect(() => shrinkSteps(one, acceptors[1]!)).toThrow(/not there/);
    expect(() => shrinkSteps(one, acceptors[0]!)).toThrow(/last acceptor/);
    const halfway = configurations(one, growthSteps(one, acceptors[1]!))[1]!;
    expect(() => growthSteps(halfway, acceptors[2]!)).toThrow(/begins from majorities/);
    const [some, others] = [acceptors.slice(0, 3), acceptors.slice(1, 4)];
    for (const [prepare, accept] of [
      [
        { acceptors: some, quorum: 2 },
        { acceptors: some, quorum: 3 },
      ],
      [
        { acceptors: some, quorum: 2 },
        { acceptors: others, quorum: 2 },
      ],
      [
        { acceptors: some, quorum: 3 },
        { acceptors: some, quorum: 3 },
      ],
    ] as const)
      expect(() => shrinkSteps({ version: 1, prepare, accept }, acceptors[1]!)).toThrow(/begins from majorities/);
  });
});
