import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId, type RaftEffect } from './types.ts';

const damaged = (log: readonly number[] = [1, 1]): Solo => new Solo({ damaged: true, log, term: 2 });

/** The leader writes; returns the token of the request that this provokes. */
function tokenOf(node: Solo, term: number): number {
  const effects: RaftEffect[] = [];
  const heartbeat = { kind: 'heartbeat', term, commit: 0, round: 1, quiesce: false } as const;
  node.raft.step({ kind: 'message', from: NodeId.of(2), message: heartbeat }, node.now as never, effects);
  const asked = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
  expect(asked.map(({ kind }) => kind)).toEqual(['repair-request']);
  return (asked[0] as { id: number }).id;
}

describe('a damaged node', () => {
  test('does not vote, pre-vote or stand', () => {
    const node = damaged();
    expect(node.requestVote(3, 3, [9, 9])).toContain('>3 vote-response t3 no after #1');
    expect(node.requestVote(3, 4, [9, 9], { preVote: true })).toEqual(['>3 pre-vote-response t3 no']);
    expect(node.raft.deadline).toBeUndefined();
    expect([...node.step({ kind: 'campaign' }), ...node.hear(2, 'timeout-now', { term: 3 })]).toEqual([]);
  });

  test('accepts nothing and confirms nothing, but asks whoever leads to repair it', () => {
    const node = damaged();
    expect(node.append(2, 2, [2, 1], [2])).toEqual(['>2 repair-request t2', 'follower in term 2 under 2']);
    expect(node.heartbeat(2, 2, 2, 5)).toEqual(['>2 repair-request t2']);
    expect(node.status).toMatchObject({ lastIndex: 2, commitIndex: 0 });
  });

  test('asks under one token in a term, and under another in the next', () => {
    const node = damaged();
    const token = tokenOf(node, 2);
    expect(tokenOf(node, 2)).toBe(token);
    expect(tokenOf(node, 3)).not.toBe(token);
  });

  test('follows once its leader was confirmed without it, and is whole when it durably agrees up to the index', () => {
    const node = damaged();
    const id = tokenOf(node, 2);
    node.hear(2, 'repair-response', { term: 2, id, index: 4 });
    expect(node.heartbeat(2, 2, 0, 6)).toEqual(['>2 heartbeat-response t2 round 6']);
    expect(node.append(2, 2, [2, 1], [2, 2])).toEqual(['persist #1 [3@2 4@2]', '>2 accepted t2 match 4 after #1']);
    expect(node.status.damaged).toBe(true);
    expect(node.sync()).toEqual(['repaired']);
    expect(node.status.damaged).toBe(false);
    node.now += ELECTION_MS;
    expect(node.requestVote(3, 3, [9, 9])).toContain('>3 vote-response t3 yes after #2');
  });

  test('is not whole because its log is long enough: it must agree with the leader', () => {
    const node = damaged([1, 1, 1, 1]);
    const id = tokenOf(node, 2);
    node.hear(2, 'repair-response', { term: 2, id, index: 3 });
    node.sync();
    expect(node.status.damaged).toBe(true);
    expect(node.append(2, 2, [1, 1], [2, 2])).toContain('persist #1 [2@2 3@2]');
    expect(node.sync()).toEqual(['repaired']);
  });

  test('starts over under a new leader', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 4 });
    expect(node.append(3, 3, [2, 1], [2, 2])).toContain('>3 repair-request t3');
  });

  test('does not take the answer to somebody else, or to an earlier life', () => {
    const node = damaged();
    const id = tokenOf(node, 2);
    node.hear(2, 'repair-response', { term: 2, id: id + 1, index: 0 });
    expect(node.heartbeat(2, 2)).toEqual(['>2 repair-request t2']);
  });

  test('does not believe a heartbeat that counts on what it has lost', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 40 });
    expect(node.heartbeat(2, 2, 30)).toEqual(['>2 heartbeat-response t2 round 0']);
    expect(node.status.commitIndex).toBe(0);
  });
});

describe('its leader', () => {
  test('forgets what it believed, and answers after a round that others confirmed', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    expect(leader.hear(5, 'repair-request', { term: 1, id: 9 })).toContain('>2 heartbeat t1 commit 1 round 1');
    expect(leader.status.progress.find(({ id }) => id === 5)).toMatchObject({ matchIndex: 0, state: 'probe' });
    leader.confirm(2, 1);
    expect(leader.confirm(3, 1)).toEqual(['>5 repair-response t1 up to 1', '>5 append t1 prev 0@0 [1@1] commit 1']);
  });

  test('does so under a lease as well: that may rest on what the node has forgotten', () => {
    const leader = new Solo({ raft: { checkQuorum: true, reads: 'lease' } }).reign();
    leader.wait(HEARTBEAT_MS);
    leader.confirm(3, 1);
    const seen = leader.hear(3, 'repair-request', { term: 1, id: 9 });
    expect(seen.some((line) => line.startsWith('>3 repair-response'))).toBe(false);
    expect(leader.confirm(2, 2)).toContain('>3 repair-response t1 up to 1');
  });

  test('does not count the request as a sign of life', () => {
    const leader = new Solo({ raft: { checkQuorum: true } }).reign();
    for (let waited = 0; waited < ELECTION_MS; waited += HEARTBEAT_MS) {
      leader.hear(3, 'repair-request', { term: 1, id: 9 });
      leader.wait(HEARTBEAT_MS);
    }
    expect(leader.status.role).toBe('follower');
  });

  test('steps below what it knew when an old acceptance has misled it', () => {
    const leader = new Solo({ log: [1, 1, 1, 1] }).reign();
    leader.hear(3, 'repair-request', { term: 2, id: 9 });
    leader.confirm(2, 1);
    leader.accepted(3, 5);
    expect(leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 5, hintIndex: 2, hintTerm: 1 })).toEqual([
      '>3 append t2 prev 4@1 [5@2] commit 5',
    ]);
    expect(leader.hear(3, 'append-rejected', { term: 2, rejectedIndex: 4, hintIndex: 2, hintTerm: 1 })).toEqual([
      '>3 append t2 prev 2@1 [3@1 4@1 5@2] commit 5',
    ]);
  });
});
