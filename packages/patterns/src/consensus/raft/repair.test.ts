import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const damaged = (log: readonly number[] = [1, 1]): Solo => new Solo({ damaged: true, log, term: 2 });

/** The leader writes; returns the token of the request that this provokes. */
function tokenOf(node: Solo, term: number): number {
  const heartbeat = { kind: 'heartbeat', term, commit: 0, round: 1, quiesce: false } as const;
  const effects = node.effectsOf({ kind: 'message', from: NodeId.of(2), message: heartbeat });
  const asked = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
  expect(asked.map(({ kind }) => kind)).toEqual(['repair-request']);
  return (asked[0] as { id: number }).id;
}

/** A snapshot at 5@2, from 2 as leader of `term`. */
function receive(node: Solo, term: number): string[] {
  const mark = { index: 5, term: 2, configuration: node.status.configuration };
  return node.step({ kind: 'snapshot-received', from: NodeId.of(2), term, mark });
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

  test('takes no snapshot either before it is confirmed: it asks the leader that sent it', () => {
    const node = damaged();
    expect(receive(node, 2)).toEqual(['>2 repair-request t2', 'follower in term 2 under 2']);
    expect(receive(node, 1)).toEqual([]);
    expect(node.status).toMatchObject({ lastIndex: 2, commitIndex: 0 });
  });

  test('is not whole because its disk answers', () => {
    const node = damaged();
    tokenOf(node, 3);
    expect(node.sync()).toEqual([]);
    expect(node.status.damaged).toBe(true);
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

  test('is whole at once when it turns out to have everything', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 2 });
    expect(node.append(2, 2, [2, 1], [])).toContain('repaired');
  });

  test('is whole no sooner than its term is on the disk', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 3, id: tokenOf(node, 3), index: 2 });
    expect(node.append(2, 3, [2, 1], [])).toEqual(['>2 accepted t3 match 2 after #1']);
    expect(node.sync()).toEqual(['repaired']);
  });

  test('is whole with a snapshot that reaches far enough, once it is durable', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 5 });
    expect(receive(node, 2)).toContain('restore #1 5@2');
    expect(node.sync()).toEqual(['repaired']);
  });

  test('does not agree to be quiet while it does not know what is committed', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 40 });
    node.hear(2, 'heartbeat', { term: 2, commit: 2, round: 4, quiesce: true });
    expect(node.status).toMatchObject({ lastIndex: 2, commitIndex: 0, quiet: false });
  });

  test('is not whole because its log is long enough, were it by one entry: it must agree with the leader', () => {
    const node = damaged([1]);
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 1 });
    node.sync();
    expect(node.status.damaged).toBe(true);
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

  test('is repaired by that one like by the first, and what it agreed on with the first does not count', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 9 });
    node.append(2, 2, [2, 1], [2, 2]);
    node.hear(2, 'repair-response', { term: 3, id: tokenOf(node, 3), index: 4 });
    expect(node.sync()).toEqual([]);
    expect(node.append(2, 3, [4, 2], [])).toContain('repaired');
  });

  test('is not whole when what it agreed on becomes durable in another term', () => {
    const node = damaged();
    node.hear(2, 'repair-response', { term: 2, id: tokenOf(node, 2), index: 4 });
    node.append(2, 2, [2, 1], [2, 2]);
    node.requestVote(3, 3, [9, 9]);
    expect(node.sync()).toEqual([]);
    expect(node.status.damaged).toBe(true);
  });

  test('does not take an answer of another term than it asked in', () => {
    const node = damaged();
    const id = tokenOf(node, 2);
    node.requestVote(3, 3, [9, 9]);
    node.hear(2, 'repair-response', { term: 3, id, index: 0 });
    expect(node.heartbeat(2, 3)).toContain('>2 repair-request t3');
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

  test('lets no lease rest on what the node has forgotten', () => {
    const leader = new Solo({ raft: { checkQuorum: true, reads: 'lease' } }).reign();
    leader.wait(HEARTBEAT_MS);
    leader.confirm(3, 1);
    expect(leader.step({ kind: 'read', id: 7 })).toEqual(['read-ready 7 at 1']);
    leader.hear(3, 'repair-request', { term: 1, id: 9 });
    expect(leader.step({ kind: 'read', id: 8 })).toContain('>2 heartbeat t1 commit 1 round 3');
  });

  test('lets no read rest on what the node has forgotten', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    leader.step({ kind: 'read', id: 7 });
    leader.confirm(5, 1);
    leader.hear(5, 'repair-request', { term: 1, id: 9 });
    expect(leader.confirm(2, 1)).toEqual([]);
    expect(leader.confirm(3, 1)).toEqual(['read-ready 7 at 1']);
  });

  test('sends the node no entries until it has answered', () => {
    const leader = new Solo().reign();
    leader.hear(3, 'repair-request', { term: 1, id: 9 });
    expect(leader.propose('a').some((line) => line.startsWith('>3'))).toBe(false);
    expect(leader.confirm(2, 1)).toContain('>3 append t1 prev 0@0 [1@1 2@1] commit 1');
  });

  test('answers once to one question, however often it is asked', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).lead();
    const ask = (): string[] => leader.hear(5, 'repair-request', { term: 1, id: 9 });
    // No entry of this term is committed yet, so it waits.
    leader.hear(3, 'read-request', { term: 1, id: 8 });
    ask();
    ask();
    leader.accepted(2, 1);
    expect(leader.accepted(3, 1)).toContain('>2 heartbeat t1 commit 1 round 1');
    // Now it is under way, together with the other question.
    expect(ask()).toEqual([]);
    leader.confirm(2, 1);
    const answers = leader.confirm(3, 1).filter((line) => line.includes('-response'));
    expect(answers).toEqual(['>3 read-response t1 at 1', '>5 repair-response t1 up to 1']);
  });

  test('answers each of several questions, alike as they look', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    leader.step({ kind: 'read', id: 9 });
    leader.hear(5, 'read-request', { term: 1, id: 9 });
    // Two nodes with the same token; then one of them again, in its next life.
    for (const [from, id] of [
      [5, 9],
      [4, 9],
      [5, 10],
    ] as const)
      leader.hear(from, 'repair-request', { term: 1, id });
    const seen = [...leader.confirm(2, 4), ...leader.confirm(3, 4), ...leader.confirm(2, 5), ...leader.confirm(3, 5)];
    expect(seen.filter((line) => line.includes('repair-response')).map((line) => line.slice(0, 2))).toEqual([
      '>5',
      '>4',
      '>5',
    ]);
  });

  test('does not answer when it leads no more', () => {
    const leader = new Solo().reign();
    leader.hear(3, 'repair-request', { term: 1, id: 9 });
    expect(leader.heartbeat(2, 5).some((line) => line.startsWith('>3'))).toBe(false);
  });

  test('lets it ask again when 65,536 readers wait already', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).lead();
    for (let id = 1; id <= 65_536; id++) leader.step({ kind: 'read', id });
    leader.hear(5, 'repair-request', { term: 1, id: 9 });
    leader.accepted(2, 1);
    leader.accepted(3, 1);
    leader.confirm(2, 1);
    const seen = leader.confirm(3, 1);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.startsWith('read-ready')).toBe(true);
    expect(leader.hear(5, 'repair-request', { term: 1, id: 9 })).toContain('>2 heartbeat t1 commit 1 round 2');
  });

  test('bears it when the node has been removed in the meantime', () => {
    const leader = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    leader.hear(5, 'repair-request', { term: 1, id: 9 });
    leader.configure([1, 2, 3, 4]);
    leader.sync();
    for (const from of [2, 3, 4]) leader.accepted(from, 2);
    leader.sync();
    for (const from of [2, 3, 4]) leader.accepted(from, 3);
    expect(leader.status.progress.map(({ id }) => id)).toEqual([2, 3, 4]);
    leader.confirm(2, 1);
    expect(leader.confirm(3, 1)).toContain('>5 repair-response t1 up to 3');
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
