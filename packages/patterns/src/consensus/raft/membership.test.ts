import { describe, expect, test } from 'vitest';
import { showConfiguration } from './show.fixture.ts';
import { configurationEntry, ELECTION_MS, entriesOf, Solo } from './solo.fixture.ts';
import { type Configuration, NodeId } from './types.ts';

const ids = (...numbers: number[]): NodeId[] => numbers.map(NodeId.of);
const inForce = (node: Solo): string => showConfiguration(node.status.configuration);
const joint = (voters: number[], outgoing: number[]): Configuration => ({
  voters: ids(...voters),
  outgoing: ids(...outgoing),
  learners: [],
  learnersNext: [],
});

/** A follower of 2 whose log ends with this configuration, uncommitted. */
function withConfiguration(configuration: Configuration, id = 1): Solo {
  const node = new Solo({ id });
  const entries = [configurationEntry(1, 1, configuration)];
  node.hear(2, 'append-request', { term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries });
  node.sync();
  return node;
}

describe('joint consensus (section 6)', () => {
  test('a configuration is in force from the moment it is in the log, committed or not', () => {
    const leader = new Solo().reign();
    expect(leader.configure([1, 2, 4])).toEqual([
      'proposed 2..2@1',
      'persist #3 [c2@1]',
      'configuration {1 2 4} leaving {1 2 3}',
      '>2 append t1 prev 1@1 [c2@1] commit 1',
      '>3 append t1 prev 1@1 [c2@1] commit 1',
      '>4 append t1 prev 2@1 [] commit 1',
    ]);
    expect(inForce(withConfiguration(joint([4, 5], [1, 2, 3])))).toBe('{4 5} leaving {1 2 3}');
  });

  test('it returns to the one before when its entry is replaced', () => {
    const node = withConfiguration(joint([4, 5], [1, 2, 3]));
    expect(node.append(3, 2, [0, 0], [2])).toContain('configuration {1 2 3}');
    expect(inForce(node)).toBe('{1 2 3}');
  });

  test('entries are committed by majorities of both configurations', () => {
    const leader = new Solo().reign();
    leader.configure([1, 4, 5]);
    leader.sync();
    leader.accepted(2, 2);
    expect(leader.status.commitIndex).toBe(1);
    leader.accepted(4, 2);
    expect(leader.status.commitIndex).toBe(2);
  });

  test('elections are won by majorities of both configurations', () => {
    const node = withConfiguration(joint([1, 4, 5], [1, 2, 3]));
    node.step({ kind: 'campaign' });
    node.sync();
    node.grant(2);
    node.grant(3);
    expect(node.status.role).toBe('candidate');
    node.grant(5);
    expect(node.status.role).toBe('leader');
  });

  test('an election is lost when one of them is lost', () => {
    const node = withConfiguration(joint([1, 4, 5], [1, 2, 3]));
    node.step({ kind: 'campaign' });
    node.sync();
    for (const from of [4, 5]) node.hear(from, 'vote-response', { term: 2, preVote: false, granted: false });
    expect(node.status.role).toBe('follower');
  });

  test('the leader leaves it by itself once it is committed', () => {
    const leader = new Solo().reign();
    leader.configure([1, 4, 5]);
    leader.sync();
    leader.accepted(2, 2);
    const seen = leader.accepted(4, 2);
    expect(seen).toContain('configuration {1 4 5} leaving {1 2 3} committed');
    expect(seen).toContain('configuration {1 4 5}');
    expect(seen).toContain('persist #4 [c3@1]');
  });

  test('also a group of one grows through one', () => {
    const leader = new Solo({ voters: [1] }).reign();
    expect(leader.configure([1, 2, 3])).toContain('configuration {1 2 3} leaving {1}');
    leader.sync();
    expect(leader.accepted(2, 2)).toContain('configuration {1 2 3}');
  });

  test('a follower that learns of one keeps no account of the others: it does not lead', () => {
    expect(withConfiguration(joint([4, 5], [1, 2, 3])).status.progress).toEqual([]);
  });

  test('a new leader that finds one leaves it in its turn', () => {
    const node = withConfiguration(joint([1, 4, 5], [1, 2, 3]));
    node.lead();
    node.accepted(2, 2);
    expect(node.accepted(4, 2)).toContain('configuration {1 4 5}');
  });

  test('a new leader whose joint configuration is committed leaves it at once', () => {
    expect(inForce(new Solo({ configuration: joint([1, 4, 5], [1, 2, 3]) }).lead())).toBe('{1 4 5}');
  });

  test('one change at a time', () => {
    const leader = new Solo().reign();
    leader.configure([1, 2, 4]);
    expect(leader.configure([1, 2, 5])).toEqual(['refused: configuration-in-progress under 1']);
    leader.sync();
    leader.accepted(2, 2);
    leader.accepted(4, 2);
    expect(inForce(leader)).toBe('{1 2 4}');
    expect(leader.configure([1, 2, 5])).toEqual(['refused: configuration-in-progress under 1']);
    leader.sync();
    leader.accepted(2, 3);
    expect(leader.configure([1, 2, 5])[0]).toBe('proposed 4..4@1');
  });

  test('a change that makes no sense is refused', () => {
    const leader = new Solo().reign();
    for (const [voters, learners] of [
      [[], []],
      [[1, 1], []],
      [[1], [1]],
    ] as const) {
      expect(leader.configure(voters, learners)).toEqual(['refused: invalid-configuration under 1']);
    }
  });
});

describe('learners (thesis 4.2.1)', () => {
  test('get the log, and count in nothing', () => {
    const leader = new Solo({ voters: [1, 2, 3], learners: [4] }).lead();
    expect(leader.status.progress.map(({ id }) => id)).toEqual([2, 3, 4]);
    expect(leader.accepted(4, 1)).toEqual([]);
    expect(leader.accepted(2, 1)).toContain('commit [1@1]');
    expect(new Solo({ id: 4, learners: [4] }).raft.deadline).toBeUndefined();
  });

  test('are added without a joint configuration', () => {
    const leader = new Solo().reign();
    expect(leader.configure([1, 2, 3], [4])).toContain('configuration {1 2 3} learners {4}');
  });

  test('stand for election once they know that they are voters, committed or not', () => {
    const node = withConfiguration(joint([1, 2, 4], [1, 2, 3]), 4);
    expect(node.wait(ELECTION_MS)).toContain('>1 vote-request t2 log 1@1 after #2');
  });

  test('vote when they are asked: the candidate may know that they have been promoted', () => {
    expect(new Solo({ id: 4, learners: [4] }).requestVote(2, 1, [0, 0])).toContain('>2 vote-response t1 yes after #1');
  });
});

describe('a leader that is removed (section 6, thesis 4.2.2)', () => {
  function removed(): Solo {
    const leader = new Solo().reign();
    leader.configure([2, 3, 4]);
    leader.sync();
    for (const from of [2, 3, 4]) leader.accepted(from, 2);
    leader.sync();
    expect(inForce(leader)).toBe('{2 3 4}');
    return leader;
  }

  test('goes on leading until the new configuration is committed, without counting itself', () => {
    const leader = removed();
    leader.accepted(2, 3);
    expect(leader.status).toMatchObject({ role: 'leader', commitIndex: 2 });
  });

  test('then tells the others, hands over, and follows', () => {
    const leader = removed();
    leader.accepted(2, 3);
    const seen = leader.accepted(3, 3);
    expect(seen).toContain('>3 heartbeat t1 commit 3 round 0');
    expect(seen).toContain('>2 timeout-now t1');
    expect(seen).toContain('follower in term 1');
    expect(leader.raft.deadline).toBeUndefined();
  });
});

describe('a leader that leaves', () => {
  /** Of a group that goes on as 2 and 3, with 4 as a learner; only that is not committed yet. */
  function leaving(options: { inflightMessagesMax?: number } = {}): Solo {
    const leader = new Solo({ learners: [4], raft: options }).reign();
    leader.configure([2, 3], [4]);
    leader.sync();
    for (const from of [2, 3, 4]) leader.accepted(from, 2);
    leader.sync();
    expect(inForce(leader)).toBe('{2 3} learners {4}');
    leader.propose('a', 'b');
    return leader;
  }

  test('hands over to the voter that has most of its log, not to a learner', () => {
    const leader = leaving();
    leader.accepted(4, 5);
    leader.accepted(3, 4);
    const told = leader.accepted(2, 3).filter((line) => line.includes('timeout-now'));
    expect(told).toEqual(['>3 timeout-now t1']);
  });

  test('feeds nobody any more', () => {
    const leader = leaving({ inflightMessagesMax: 1 });
    leader.accepted(2, 3);
    const seen = leader.accepted(3, 3);
    expect(seen).toContain('follower in term 1');
    expect(seen.filter((line) => line.includes('append'))).toEqual([]);
  });
});

describe('nodes that are removed', () => {
  test('are told of it, and do not disturb the others (thesis 4.2.3)', () => {
    const leader = new Solo().reign();
    leader.configure([1, 2]);
    leader.sync();
    for (const from of [2, 3]) leader.accepted(from, 2);
    leader.sync();
    leader.accepted(3, 3);
    const seen = leader.accepted(2, 3);
    expect(seen).toContain('>3 heartbeat t1 commit 3 round 0');
    expect(leader.status.progress.map(({ id }) => id)).toEqual([2]);
  });

  test('stand for election until that is committed: nobody else may have a log that can win (thesis 4.2.2)', () => {
    const node = withConfiguration({ ...joint([4], []) });
    expect(node.wait(ELECTION_MS)).toContain('>4 vote-request t2 log 1@1 after #2');
    node.sync();
    expect(node.status.role).toBe('candidate');
    node.grant(4);
    expect(node.status.role).toBe('leader');
  });

  test('but not who was never a voter', () => {
    expect(withConfiguration(joint([1, 2], []), 4).wait(ELECTION_MS)).toEqual(['follower in term 1']);
  });

  test('and never after it', () => {
    const node = withConfiguration({ ...joint([4], []) });
    node.heartbeat(2, 1, 1);
    // It only forgets the leader.
    expect(node.wait(10 * ELECTION_MS)).toEqual(['follower in term 1']);
    expect(node.raft.deadline).toBeUndefined();
  });
});

test('a configuration that comes with other entries is in force like one that comes alone', () => {
  const node = new Solo({ log: [1] });
  const entries = [...entriesOf([1], 2), configurationEntry(3, 1, joint([1, 2], [1, 2, 3]))];
  node.hear(2, 'append-request', { term: 1, prevIndex: 1, prevTerm: 1, commit: 1, entries });
  expect(inForce(node)).toBe('{1 2} leaving {1 2 3}');
});

describe('a node that restarts', () => {
  const entries = [configurationEntry(1, 1, joint([1, 2], [])), ...entriesOf([1, 1], 2)];

  test('goes by the last configuration in its log, committed or not', () => {
    expect(inForce(new Solo({ entries }))).toBe('{1 2}');
  });

  test('knows of a removal that was committed: as leader it feeds the removed no more', () => {
    const fed = (node: Solo): number[] => node.lead().status.progress.map(({ id }) => id);
    expect(fed(new Solo({ entries, applied: 0 }))).toEqual([2, 3]);
    expect(fed(new Solo({ entries, applied: 1 }))).toEqual([2]);
  });
});
