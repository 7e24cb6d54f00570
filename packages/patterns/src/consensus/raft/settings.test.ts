import { expect, test } from 'vitest';
import { settingsOf } from './settings.ts';
import { NodeId, type RaftOptions } from './types.ts';

const given =
  (options: Partial<RaftOptions>): (() => unknown) =>
  () =>
    settingsOf({ id: NodeId.of(1), random: () => 0, ...options });

test('everything has a default but the id and the randomness', () => {
  expect(given({})()).toMatchObject({
    electionTimeoutMs: 300,
    heartbeatIntervalMs: 60,
    preVote: true,
    checkQuorum: true,
    inflightMessagesMax: 256,
    inflightBytesMax: 8_388_608,
    appendBytesMax: 1_048_576,
    uncommittedBytesMax: 67_108_864,
    quiesceAfterMs: undefined,
  });
  expect(given({ electionTimeoutMs: 1000 })()).toMatchObject({ clockDriftMs: 100, leaseReads: false });
});

test('what cannot work is refused, with the reason', () => {
  expect(given({ electionTimeoutMs: 0 })).toThrow('electionTimeoutMs is 0: it must be above 0');
  expect(given({ appendBytesMax: Number.NaN })).toThrow('appendBytesMax is NaN');
  expect(given({ heartbeatIntervalMs: 300 })).toThrow('heartbeatIntervalMs must be below electionTimeoutMs');
  expect(given({ reads: 'lease', checkQuorum: false })).toThrow('lease reads need checkQuorum');
  expect(given({ reads: 'lease', clockDriftMs: 300 })).toThrow('clockDriftMs must be');
  expect(given({ reads: 'lease', clockDriftMs: -0.5 })).toThrow('clockDriftMs must be');
  expect(given({ reads: 'lease', clockDriftMs: 0 })()).toMatchObject({ clockDriftMs: 0 });
});
