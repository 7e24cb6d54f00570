import { describe, expect, test } from 'vitest';
import { changeTo, configurationFault, isVoter, leaveJoint, membersOf } from './configuration.ts';
import { ConfigurationLog } from './configuration-log.ts';
import { showConfiguration } from './show.fixture.ts';
import { configurationEntry } from './solo.fixture.ts';
import { type Configuration, NodeId } from './types.ts';

const ids = (...numbers: number[]): NodeId[] => numbers.map(NodeId.of);
const of = (voters: number[], learners: number[] = []): Configuration => ({
  voters: ids(...voters),
  outgoing: [],
  learners: ids(...learners),
  learnersNext: [],
});
const move = (from: Configuration, voters: number[], learners: number[] = []): string[] => {
  const joint = changeTo(from, ids(...voters), ids(...learners));
  return [showConfiguration(joint), showConfiguration(leaveJoint(joint))];
};

describe('a change of voters goes through a joint configuration (section 6)', () => {
  test('also when only one of them changes', () => {
    expect(move(of([1, 2, 3]), [4, 3, 2, 1])).toEqual(['{1 2 3 4} leaving {1 2 3}', '{1 2 3 4}']);
  });
  test('a learner that becomes a voter is one at once', () => {
    expect(move(of([1, 2], [3]), [1, 2, 3])).toEqual(['{1 2 3} leaving {1 2}', '{1 2 3}']);
  });
  test('a voter that becomes a learner still counts in the old half until that is left', () => {
    expect(move(of([1, 2, 3]), [1, 2], [3])).toEqual(['{1 2} leaving {1 2 3} next learners {3}', '{1 2} learners {3}']);
  });
  test('learners come and go without one', () => {
    expect(move(of([1, 2], [3]), [1, 2], [5, 4])[0]).toBe('{1 2} learners {4 5}');
  });
});

test('members are the voters of both halves and the learners', () => {
  const joint = changeTo(of([1, 2], [5]), ids(2, 3), ids(1, 6));
  expect([...membersOf(joint)].sort()).toEqual([1, 2, 3, 6]);
  expect([1, 2, 3, 6].map((id) => isVoter(joint, NodeId.of(id)))).toEqual([true, true, true, false]);
});

test('a configuration has a voter, and names nobody twice', () => {
  expect(configurationFault(ids(1, 2), ids(3))).toBeUndefined();
  expect(configurationFault([], ids(3))).toBe('there must be a voter');
  expect(configurationFault(ids(1, 1), [])).toBe('a voter is named twice');
  expect(configurationFault(ids(1), ids(2, 2))).toBe('a learner is named twice');
  expect(configurationFault(ids(1, 2), ids(2))).toBe('2 cannot be a voter and a learner');
});

test('the last configuration in the log is in force, and the one before returns with a truncation', () => {
  const log = new ConfigurationLog({ index: 2, term: 1, configuration: of([1]) }, [
    configurationEntry(5, 1, of([1, 2])),
  ]);
  log.append(configurationEntry(7, 2, of([1, 2, 3])));
  expect([log.currentIndex, log.current.voters, log.previous.voters]).toEqual([7, [1, 2, 3], [1, 2]]);
  expect(log.truncateFrom(8)).toBe(false);
  expect(log.truncateFrom(6)).toBe(true);
  expect(log.current.voters).toEqual([1, 2]);
  log.committed(5);
  expect([log.current.voters, log.previous.voters]).toEqual([
    [1, 2],
    [1, 2],
  ]);
});
