/** The last line of defence: what no input may bring about stops the node, whatever handler gets it wrong. */
import { expect, test } from 'vitest';
import { Instant } from '../../base/index.ts';
import { configurationOf } from './cluster.fixture.ts';
import { Core } from './core.ts';
import { RaftRules } from './rules.ts';
import { settingsOf } from './settings.ts';
import { entriesOf } from './solo.fixture.ts';
import { NodeId } from './types.ts';

/** A follower in term 2 that has committed two of its three entries. */
function followerCore(): Core {
  const settings = settingsOf({ id: NodeId.of(1), random: () => 0 });
  const mark = { index: 0, term: 0, configuration: configurationOf([NodeId.of(1)]) };
  const state = { term: 2, vote: undefined };
  const restart = { state, mark, entries: entriesOf([1, 1, 2]), applied: 2, damaged: false };
  return new Core(settings, new RaftRules(), restart, Instant.of(0));
}

test('a committed entry is never replaced, the one behind it may be', () => {
  expect(() => followerCore().truncateFrom(2)).toThrow('entry 2 is committed');
  const core = followerCore();
  core.truncateFrom(3);
  expect(core.log.lastIndex).toBe(2);
});

test('a term never falls', () => {
  expect(() => followerCore().becomeFollower(1, undefined)).toThrow('never falls');
});

test('nobody leads without having stood for election', () => {
  expect(() => followerCore().becomeLeader()).toThrow('only a candidate');
});
