/** Small systems of one register, to be explored. */
import type { NodeId } from '../ballot.ts';
import { majorityConfiguration, type PhaseMembers } from './configuration.ts';
import type { Operation } from './history.fixture.ts';
import { growthSteps, type MembershipStep, shrinkSteps } from './membership-change.ts';
import { type RegisterSystem, registerAcceptorIds } from './world.fixture.ts';

const append = (token: string): Operation => ({ kind: 'append', token });
const remove: Operation = { kind: 'delete' };
const read: Operation = { kind: 'read' };
export const ids: readonly NodeId[] = registerAcceptorIds(4);
const phase = (count: number, quorum: number): PhaseMembers => ({
  acceptors: ids.slice(0, count),
  quorum,
});

export const two: RegisterSystem = {
  acceptors: 3,
  clients: [
    { lives: [[append('a')]], rounds: 1 },
    { lives: [[append('b')]], rounds: 1 },
  ],
};
export const again: RegisterSystem = {
  acceptors: 2,
  clients: [
    { lives: [[append('a')]], rounds: 2 },
    { lives: [[append('b')]], rounds: 1 },
  ],
};
export const reading: RegisterSystem = {
  acceptors: 3,
  clients: [
    { lives: [[append('a')]], rounds: 1 },
    { lives: [[read, read]], rounds: 1 },
  ],
};
export const oneRoundTrip: RegisterSystem = {
  acceptors: 3,
  configuration: { version: 1, prepare: phase(3, 3), accept: phase(3, 1) },
  oneRoundTrip: true,
  clients: [
    { lives: [[append('a'), append('b')]], rounds: 2 },
    { lives: [[append('c')]], rounds: 2 },
  ],
};
export const collecting: RegisterSystem = {
  acceptors: 2,
  initially: 'a',
  clients: [
    { lives: [[remove]], rounds: 1 },
    { lives: [[append('b'), read]], rounds: 1 },
  ],
  collects: { op: '1a1' },
};
export const readErased: RegisterSystem = {
  acceptors: 2,
  initially: 'a',
  configuration: { version: 1, prepare: phase(2, 2), accept: phase(2, 1) },
  clients: [
    { lives: [[remove]], rounds: 1 },
    { lives: [[read]], rounds: 1, waitsFor: ['1a1'] },
  ],
  collects: { op: '1a1' },
};
const one = majorityConfiguration(1, ids.slice(0, 1));
const toTwo = growthSteps(one, ids[1]!);
const toThree = [...toTwo, ...growthSteps(majorityConfiguration(3, ids.slice(0, 2)), ids[2]!)];
export const growing: RegisterSystem = {
  acceptors: 3,
  members: 1,
  initially: 'a',
  clients: [{ lives: [[read]], rounds: 2 }],
  membership: { steps: toThree },
};
export const both: RegisterSystem = {
  acceptors: 2,
  members: 1,
  clients: [
    { lives: [[append('a')]], rounds: 1 },
    { lives: [[append('b')]], rounds: 1 },
  ],
  membership: { steps: toTwo },
};
const toOne: MembershipStep[] = shrinkSteps(majorityConfiguration(1, ids.slice(0, 2)), ids[0]!);
export const shrinking: RegisterSystem = { ...both, members: 2, membership: { steps: toOne } };
const three = majorityConfiguration(1, ids.slice(0, 3));
const replace = [...shrinkSteps(three, ids[0]!), ...growthSteps(majorityConfiguration(2, ids.slice(1, 3)), ids[3]!)];
export const replacing: RegisterSystem = {
  acceptors: 4,
  members: 3,
  initially: 'a',
  holders: 2,
  clients: [{ lives: [[read]], rounds: 2 }],
  membership: { steps: replace },
};
export const withoutRescan = (system: RegisterSystem): RegisterSystem => ({
  ...system,
  membership: { steps: system.membership!.steps.filter(({ kind }) => kind !== 'rescan') },
});

export const sound: readonly (readonly [what: string, system: RegisterSystem, states: number])[] = [
  ['two proposers', two, 4_082],
  ['a change that is outbid and settled', again, 1_615],
  ['one round trip, where fewer accept than promise', oneRoundTrip, 13_974],
  ['a deletion that is collected while another proposer changes and reads', collecting, 26_996],
  ['a read while the register is erased', readErased, 4_707],
  ['one acceptor that becomes three', growing, 6_810],
  ['an acceptor that is replaced', replacing, 5_444],
];

/** For `npm run test:long`. */
export const soundAndLarge: readonly (readonly [what: string, system: RegisterSystem, states: number])[] = [
  [
    'two changes that outbid each other',
    { ...again, clients: again.clients.map((client) => ({ ...client, rounds: 3 })) },
    86_937,
  ],
  [
    'two acceptors, one round trip and settled changes',
    {
      ...again,
      oneRoundTrip: true,
      clients: [
        { lives: [[append('a'), append('b')]], rounds: 3 },
        { lives: [[append('c')]], rounds: 3 },
      ],
    },
    8_397,
  ],
  ['reads without a promise', reading, 45_289],
  ['one acceptor that becomes two', both, 83_160],
  ['two acceptors that become one', shrinking, 102_050],
];
