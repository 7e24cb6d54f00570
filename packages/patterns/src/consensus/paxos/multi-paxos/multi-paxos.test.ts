/**
 * How a replica starts. What it does afterwards: `standing` `leading` `accepting` `learning`; whole groups: `transcript.test.ts`, `model.test.ts`,
 * `simulation.prop.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { Instant, InvariantError } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { NodeId } from '../ballot.ts';
import { MultiPaxos, restartedReplica } from './multi-paxos.ts';
import type { MultiPaxosEffect } from './multi-paxos-types.ts';
import { b, held, members, Solo, show } from './solo.fixture.ts';

describe('a restart', () => {
  const entries = [held(1, b(1, 2), 'a'), held(2, b(1, 2), 'b')];

  test('hands out what was chosen and not applied', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 1 };
    const kernel = new MultiPaxos<string>(
      { self: NodeId.of(1), quorums: new FlexibleQuorum({ members, prepare: 2, accept: 2 }), random: () => 0 },
      restartedReplica({ record, entries, applied: 1 }),
    );
    const out: MultiPaxosEffect<string>[] = [];
    kernel.step({ kind: 'tick' }, Instant.of(0), out);
    expect(out.map(show)).toEqual(['chosen 2: b']);
  });

  test('takes what the state machine has consumed for a snapshot when the log does not know that it was chosen', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 1, first: 1 };
    const solo = new Solo({}, { record, entries, applied: 2 });
    expect(solo.hear(3, { kind: 'learn', from: 2 })).toEqual(['>3 forgotten below 3']);
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })[1]).toBe('>3 promise 2.3 chosen 2 after #1');
  });

  test('that contradicts itself is refused', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 3, first: 1 };
    expect(() => new Solo({}, { record, entries, applied: 0 })).toThrow(InvariantError);
    const compacted = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 2 };
    expect(() => new Solo({}, { record: compacted, entries, applied: 0 })).toThrow(/state machine must start/);
  });
});

test('options that cannot work are refused', () => {
  expect(() => new Solo({ windowMax: 0 })).toThrow(RangeError);
  expect(() => new Solo({ heartbeatIntervalMs: 100 })).toThrow(/below electionTimeoutMs/);
  expect(() => new Solo({ windowMax: 9, aheadMax: 8 })).toThrow(/at least windowMax/);
});
