import { expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { majorityConfiguration } from './configuration.ts';
import { ProposerCore } from './proposer-core.ts';
import { newRegisterProposer, restartedRegisterProposer } from './register-proposer.ts';
import { RegisterRules } from './register-rules.ts';
import { ACCEPTORS, SoloProposer } from './solo.fixture.ts';

const image = restartedRegisterProposer(newRegisterProposer(majorityConfiguration(1, ACCEPTORS)));

test('the defaults are those that the options tell of', () => {
  const core = new ProposerCore({ self: NodeId.of(1), random: () => 0.5 }, image, new RegisterRules());
  const { resendMs, changeMs, attemptsMax, changesMax, readyMax, oneRoundTrip } = core;
  expect({ resendMs, changeMs, attemptsMax, changesMax, readyMax, oneRoundTrip }).toEqual({
    resendMs: 100,
    changeMs: 5_000,
    attemptsMax: 50,
    changesMax: 10_000,
    readyMax: 10_000,
    oneRoundTrip: true,
  });
  core.takeBallot();
  expect(core.rounds.reserved).toBe(1_000);
  // Half of 10 ms, doubled each time, and of a second at most.
  expect([1, 2, 3, 20].map((failures) => core.backOffMs(failures, 0))).toEqual([5, 10, 20, 500]);
});

test('a question is repeated so long after it was asked, from the first step on', () => {
  for (const resendMs of [100, 30]) {
    const solo = new SoloProposer({ resendMs });
    solo.read('x');
    expect(solo.proposer.deadline).toBe(resendMs);
  }
});
