import { describe, expect, test } from 'vitest';
import { configurationOf } from './cluster.fixture.ts';
import { ELECTION_MS, Solo } from './solo.fixture.ts';
import { NodeId, type SnapshotMark } from './types.ts';

const voters = [1, 2, 3].map(NodeId.of);
const markAt = (index: number, term: number): SnapshotMark => ({ index, term, configuration: configurationOf(voters) });
const receive = (node: Solo, term: number, mark: SnapshotMark): string[] =>
  node.step({ kind: 'snapshot-received', from: NodeId.of(2), term, mark });
const stateOf = (node: Solo, id: number) => node.status.progress.find((peer) => peer.id === id);

/** A leader of term 2 that has forgotten everything up to 4. */
function compacted(): Solo {
  const leader = new Solo({ log: [1, 1, 1, 1] }).lead();
  leader.accepted(2, 5);
  leader.step({ kind: 'compact', mark: markAt(4, 1), keepFrom: 5 });
  return leader;
}

describe('compaction (section 7)', () => {
  test('forgets the log up to the point that is to be kept', () => {
    const leader = new Solo({ log: [1, 1, 1, 1] }).reign();
    leader.step({ kind: 'compact', mark: markAt(4, 1), keepFrom: 3 });
    expect(leader.status).toMatchObject({ firstIndex: 3, snapshotIndex: 4, lastIndex: 5 });
  });

  test('of what was not handed out is a defect of the driver', () => {
    const node = new Solo({ log: [1, 1] });
    expect(() => node.step({ kind: 'compact', mark: markAt(1, 1), keepFrom: 1 })).toThrow(
      'ahead of what was handed out',
    );
  });
});

describe('a leader (section 7)', () => {
  test('has a snapshot sent to a follower whose next entry is forgotten, and then is silent', () => {
    const leader = compacted();
    const hint = { rejectedIndex: 4, hintIndex: 1, hintTerm: 1 };
    expect(leader.hear(3, 'append-rejected', { term: 2, ...hint })).toEqual(['send-snapshot to 3']);
    expect(stateOf(leader, 3)?.state).toBe('snapshot');
    expect(leader.propose('a').some((line) => line.startsWith('>3'))).toBe(false);
  });

  test('goes on behind the snapshot when the follower has it', () => {
    const leader = compacted();
    leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 });
    leader.step({ kind: 'snapshot-sent', to: NodeId.of(3), index: 4, delivered: true });
    expect(leader.accepted(3, 4)).toEqual(['>3 append t2 prev 4@1 [5@2] commit 5']);
    expect(stateOf(leader, 3)?.state).toBe('replicate');
  });

  test('is silent until then, whatever comes late from the follower', () => {
    const leader = compacted();
    const rejection = { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 };
    leader.hear(3, 'append-rejected', rejection);
    expect(leader.hear(3, 'append-rejected', { ...rejection, rejectedIndex: 1, hintIndex: 0 })).toEqual([]);
    expect(leader.accepted(3, 1)).toEqual([]);
    expect(leader.hear(3, 'append-rejected', rejection)).toEqual([]);
    expect(leader.confirm(3, 0)).toEqual([]);
    expect(stateOf(leader, 3)).toMatchObject({ state: 'snapshot', matchIndex: 1 });
  });

  test('goes on as well when the follower answers before the driver reports', () => {
    const leader = compacted();
    leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 });
    expect(leader.accepted(3, 4)).toEqual(['>3 append t2 prev 4@1 [5@2] commit 5']);
    expect(leader.step({ kind: 'snapshot-sent', to: NodeId.of(3), index: 4, delivered: true })).toEqual([]);
    expect(stateOf(leader, 3)?.state).toBe('replicate');
  });

  test('finds out by heartbeats when the answer is lost', () => {
    const leader = compacted();
    leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 });
    leader.step({ kind: 'snapshot-sent', to: NodeId.of(3), index: 4, delivered: true });
    expect(leader.confirm(3, 0)).toEqual(['>3 append t2 prev 4@1 [5@2] commit 5']);
  });

  test('tries again after a failure, but not before the follower gives a sign of life', () => {
    const leader = compacted();
    leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 });
    expect(leader.step({ kind: 'snapshot-sent', to: NodeId.of(3), index: 4, delivered: false })).toEqual([]);
    expect(stateOf(leader, 3)).toMatchObject({ state: 'probe', nextIndex: 1 });
    expect(leader.propose('a').filter((line) => /^>3|to 3$/.test(line))).toEqual([]);
    expect(leader.confirm(3, 0)).toEqual(['send-snapshot to 3']);
  });

  test('waits for a sign of life after a success as well', () => {
    const leader = compacted();
    leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 1, hintTerm: 1 });
    leader.step({ kind: 'snapshot-sent', to: NodeId.of(3), index: 4, delivered: true });
    expect(stateOf(leader, 3)).toMatchObject({ state: 'probe', nextIndex: 5 });
    expect(leader.propose('a').filter((line) => line.startsWith('>3'))).toEqual([]);
  });

  test('sends one at any time to a follower that answers', () => {
    const leader = compacted();
    leader.now = 50 * ELECTION_MS;
    const hint = { rejectedIndex: 4, hintIndex: 1, hintTerm: 1 };
    expect(leader.hear(3, 'append-rejected', { term: 2, ...hint })).toEqual(['send-snapshot to 3']);
  });

  test('sends none to a follower that has been silent for an election timeout, until it stirs', () => {
    const leader = compacted();
    leader.step({ kind: 'compact', mark: markAt(5, 2), keepFrom: 6 });
    leader.now = ELECTION_MS;
    // A request to be repaired is no sign of life that counts; confirmed by the other, it would start the feeding.
    leader.hear(3, 'repair-request', { term: 2, id: 9 });
    expect(leader.confirm(2, 1)).toEqual(['>3 repair-response t2 up to 5']);
    expect(leader.confirm(3, 1)).toEqual(['send-snapshot to 3']);
  });

  test('takes none itself: it has what is committed', () => {
    const leader = new Solo({ term: 4 }).reign();
    for (const term of [3, 5]) expect(receive(leader, term, markAt(9, 3))).toEqual([]);
    expect(leader.status).toMatchObject({ role: 'leader', term: 5, lastIndex: 1 });
  });
});

describe('a follower (section 7, "InstallSnapshot RPC")', () => {
  test('replaces its state and its log, and answers once that is durable', () => {
    const node = new Solo({ log: [1, 1] });
    expect(receive(node, 3, markAt(5, 2))).toEqual([
      'persist #1 term 3',
      'restore #2 5@2',
      'configuration {1 2 3} committed',
      '>2 accepted t3 match 5 after #2',
      'follower in term 3 under 2',
    ]);
    const { lastIndex, lastTerm, commitIndex, appliedIndex, snapshotIndex, durableIndex } = node.status;
    expect([lastIndex, lastTerm, commitIndex, appliedIndex, snapshotIndex, durableIndex]).toEqual([5, 2, 5, 5, 5, 0]);
    node.sync();
    expect(node.status.durableIndex).toBe(5);
    expect(node.append(2, 3, [5, 2], [3], 6)).toContain('commit [6@3]');
  });

  test('keeps its log when that holds the last entry of the snapshot: only the commit index moves', () => {
    const node = new Solo({ log: [1, 2, 2, 2] });
    expect(receive(node, 2, markAt(3, 2))).toEqual([
      'commit [1@1 2@2 3@2]',
      '>2 accepted t2 match 3',
      'follower in term 2 under 2',
    ]);
    expect(node.status.lastIndex).toBe(4);
  });

  test('takes nothing from a snapshot older than what it has committed, and says how far it is', () => {
    const node = new Solo({ log: [1, 1, 1], applied: 3 });
    expect(receive(node, 1, markAt(2, 1))).toEqual(['>2 accepted t1 match 3', 'follower in term 1 under 2']);
  });

  test('does not go back to one that is older than its own', () => {
    const node = new Solo({ snapshot: { index: 3, term: 1 }, log: [1] });
    expect(receive(node, 1, markAt(2, 1))).toEqual(['>2 accepted t1 match 3', 'follower in term 1 under 2']);
    expect(node.status).toMatchObject({ lastIndex: 4, snapshotIndex: 3 });
  });

  test('takes one from a leader that has been deposed: what it holds is committed all the same', () => {
    const node = new Solo({ term: 4 });
    expect(receive(node, 3, markAt(5, 2))).toEqual(['restore #1 5@2', 'configuration {1 2 3} committed']);
  });

  test('uses the configuration of the snapshot', () => {
    const node = new Solo();
    const mark = { ...markAt(5, 2), configuration: configurationOf([4, 5].map(NodeId.of)) };
    receive(node, 2, mark);
    expect(node.status.configuration.voters).toEqual([4, 5]);
  });
});

test('a node that starts from a snapshot takes up the log behind it', () => {
  const node = new Solo({ snapshot: { index: 7, term: 3 }, log: [3, 4] });
  expect(node.status).toMatchObject({ commitIndex: 7, appliedIndex: 7, lastIndex: 9, lastTerm: 4, firstIndex: 8 });
  expect(node.heartbeat(2, 4, 9)).toContain('commit [8@3 9@4]');
});

test('a node whose own state is further than its snapshot is handed only what follows', () => {
  const node = new Solo({ snapshot: { index: 2, term: 1 }, log: [1, 1, 1], applied: 4 });
  expect(node.heartbeat(2, 1, 5)).toContain('commit [5@1]');
});

test('a state machine that does not fit the log is a defect of the driver', () => {
  expect(() => new Solo({ snapshot: { index: 5, term: 1 }, applied: 4 })).toThrow('start from the snapshot');
  expect(() => new Solo({ log: [1], applied: 2 })).toThrow('ahead of the log');
  expect(() => new Solo({ log: [1, 3], term: 2 })).toThrow('hard state only 2');
});
