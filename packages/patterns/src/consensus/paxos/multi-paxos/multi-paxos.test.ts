/**
 * How a replica starts. What it does afterwards: `standing` `leading` `accepting` `learning`; whole groups: `transcript.test.ts`, `model.test.ts`,
 * `simulation.prop.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { Instant, InvariantError } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { NodeId } from '../ballot.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import { MultiPaxosRules } from './multi-paxos-rules.ts';
import type { MultiPaxosEffect } from './multi-paxos-types.ts';
import { ReplicaCore } from './replica-core.ts';
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

  test('goes on with what is in the log behind a snapshot', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 2 };
    const solo = new Solo({}, { record, entries, applied: 1 });
    expect(solo.kernel.image.applied).toBe(2);
    expect(solo.kernel.image.entries.map(({ slot }) => slot)).toEqual([2]);
  });

  test('that contradicts itself is refused', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 3, first: 1 };
    expect(() => new Solo({}, { record, entries, applied: 0 })).toThrow(InvariantError);
    const compacted = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 2 };
    expect(() => new Solo({}, { record: compacted, entries, applied: 0 })).toThrow(/state machine must start/);
  });
});

describe('an image', () => {
  const alike = (solo: Solo): void => {
    const { image } = solo.kernel;
    const again = new MultiPaxos<string>(solo.options, image);
    expect(again.image).toEqual(image);
    expect([again.role, again.deadline]).toEqual([solo.kernel.role, solo.kernel.deadline]);
    const [one, other]: MultiPaxosEffect<string>[][] = [[], []];
    const at = Instant.of(solo.now + 60);
    solo.kernel.step({ kind: 'tick' }, at, one!);
    again.step({ kind: 'tick' }, at, other!);
    expect(other!.map(show)).toEqual(one!.map(show));
    expect(again.image).toEqual(solo.kernel.image);
  };

  test('of a leader is all of it', () => {
    const solo = new Solo({ windowMax: 2 });
    solo.now = 40;
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 2);
    solo.promise(3, b(1), 0, [held(6, b(0, 2), 'f')]);
    solo.now = 50;
    solo.accepted(2, 3);
    alike(solo);
  });

  test('of a candidate is all of it', () => {
    const solo = new Solo();
    solo.due();
    solo.due();
    solo.promise(2, b(2), 1, [held(2, b(1, 2), 'a')]);
    alike(solo);
  });

  test('of a follower is all of it', () => {
    const solo = new Solo();
    solo.now = 40;
    solo.accept(2, b(1, 2), 2, 'b', 1);
    alike(solo);
  });
});

test('the deadline is that of whatever is due first, standing or asking', () => {
  const asking = new Solo();
  asking.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 });
  expect(asking.kernel.deadline).toBe(60);
  const standing = new Solo({ resendMs: 500 });
  standing.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 });
  expect(standing.kernel.deadline).toBe(150);
});

test('time does not go back', () => {
  const solo = new Solo();
  solo.now = 100;
  solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
  solo.now = 50;
  solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
  expect(solo.kernel.deadline).toBe(250);
});

test('what is compacted is what was handed out, once', () => {
  const solo = new Solo();
  for (const slot of [1, 2, 3]) solo.accept(2, b(1, 2), slot, `v${slot}`);
  solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 2 });
  expect(solo.step({ kind: 'compact', through: 9 })).toEqual(['persist #5 promised 1.2 round 0 chosen 2 first 3']);
  expect(solo.step({ kind: 'compact', through: 2 })).toEqual([]);
  expect(solo.kernel.image.entries.map(({ slot }) => slot)).toEqual([3]);
});

test('the defaults are those that the options tell of', () => {
  const quorums = new FlexibleQuorum({ members, prepare: 2, accept: 2 });
  const image = restartedReplica<string>(NEW_REPLICA);
  const core = new ReplicaCore({ self: NodeId.of(1), quorums, random: () => 0.5 }, image, new MultiPaxosRules());
  expect(core.options).toMatchObject({
    electionTimeoutMs: 300,
    heartbeatIntervalMs: 60,
    resendMs: 120,
    loyaltyMs: 300,
    windowMax: 64,
    aheadMax: 256,
    learnMax: 256,
    slotsMax: 100_000,
    roundsPerWrite: 1,
  });
  // Half of an election timeout, doubled each time, and of eight at most.
  expect([1, 2, 3, 20].map((failures) => core.backOffMs(failures, 0))).toEqual([150, 300, 600, 1_200]);
});

test('options that cannot work are refused', () => {
  expect(() => new Solo({ windowMax: 0 })).toThrow(RangeError);
  expect(() => new Solo({ heartbeatIntervalMs: 100 })).toThrow(/below electionTimeoutMs/);
  expect(() => new Solo({ windowMax: 9, aheadMax: 8 })).toThrow(/at least windowMax/);
});
