import { describe, expect, test } from 'vitest';
import { ENTRY_OVERHEAD_BYTES } from './log.ts';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const progressOf = (node: Solo, id: number) => node.status.progress.find((peer) => peer.id === id);

describe('a leader (section 5.3)', () => {
  test('begins its term with an empty entry, sent to all at once (section 8)', () => {
    const node = new Solo({ log: [1] });
    node.step({ kind: 'campaign' });
    node.sync();
    expect(node.grant(2)).toEqual([
      'persist #2 [2@2]',
      '>2 append t2 prev 1@1 [2@2] commit 0',
      '>3 append t2 prev 1@1 [2@2] commit 0',
      'leader in term 2',
    ]);
  });

  test('sends a proposal to all in parallel with its own disk (thesis 10.2.1)', () => {
    const node = new Solo().reign();
    expect(node.propose('a', 'b')).toEqual([
      'proposed 2..3@1',
      'persist #3 [2@1 3@1]',
      '>2 append t1 prev 1@1 [2@1 3@1] commit 1',
      '>3 append t1 prev 1@1 [2@1 3@1] commit 1',
    ]);
  });

  test('makes one object of a request that says the same to several', () => {
    const node = new Solo().reign();
    const effects = node.effectsOf({ kind: 'propose', id: 1, data: [new Uint8Array(1)] });
    const [first, second] = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
    expect(first).toBe(second);
  });

  test('commits once a majority holds the entry, with all that come before it', () => {
    const node = new Solo({ log: [1, 1] }).lead();
    expect(node.accepted(2, 3)).toEqual(['commit [1@1 2@1 3@2]']);
    expect(node.status.commitIndex).toBe(3);
  });

  test('counts itself only once its own ticket is durable (thesis 10.2.1)', () => {
    const node = new Solo().reign();
    node.propose('a');
    expect(node.accepted(2, 2)).toEqual([]);
    expect(node.sync()).toEqual(['commit [2@1]']);
  });

  test('commits without itself when a majority of others is faster', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.accepted(2, 2);
    expect(node.accepted(3, 2)).toEqual(['commit [2@1]']);
  });

  test('alone in its group commits after its own disk, and not before', () => {
    const node = new Solo({ voters: [1] });
    node.step({ kind: 'campaign' });
    expect(node.sync()).toEqual(['persist #2 [1@1]', 'leader in term 1']);
    expect(node.sync()).toEqual(['commit [1@1]']);
    expect(node.propose('a')).toEqual(['proposed 2..2@1', 'persist #3 [2@1]']);
    expect(node.sync()).toEqual(['commit [2@1]']);
  });

  test('tells followers what is committed with the next append request', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.sync();
    node.accepted(2, 2);
    expect(node.propose('b')).toContain('>3 append t1 prev 2@1 [3@1] commit 2');
  });

  test('tells them in a heartbeat soon after when there is no next request', () => {
    const node = new Solo().reign();
    node.now = 0.5;
    node.propose('a');
    node.sync();
    node.accepted(2, 2);
    expect(node.raft.deadline).toBe(1.5);
    expect(node.wait(1)).toEqual(['>2 heartbeat t1 commit 2 round 0']);
    // The other one is told as soon as it has the entry.
    node.accepted(3, 2);
    expect(node.wait(1)).toEqual(['>3 heartbeat t1 commit 2 round 0']);
  });

  test('never tells a follower of more than that follower is known to hold', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.sync();
    node.accepted(2, 2);
    const beats = node.wait(HEARTBEAT_MS).filter((line) => line.startsWith('>3'));
    expect(beats).toEqual(['>3 heartbeat t1 commit 1 round 1']);
  });

  test('keeps trying to reach a follower that does not answer', () => {
    const node = new Solo().lead();
    expect(node.wait(ELECTION_MS).filter((line) => line.startsWith('>3 heartbeat')).length).toBe(10);
    node.confirm(3, 0);
    expect(node.confirm(3, 1)).toEqual(['>3 append t1 prev 0@0 [1@1] commit 0']);
  });

  test('is not led on by answers of those who are no members', () => {
    const node = new Solo().reign();
    expect(node.accepted(9, 1)).toEqual([]);
    expect(node.hear(9, 'append-rejected', { term: 1, rejectedIndex: 1, hintIndex: 0, hintTerm: 0 })).toEqual([]);
    expect(node.confirm(9, 0)).toEqual([]);
    expect(node.hear(9, 'repair-request', { term: 1, id: 1 })).toEqual([]);
    expect(node.step({ kind: 'snapshot-sent', to: NodeId.of(9), index: 1, delivered: true })).toEqual([]);
  });

  test('does not believe that anybody has what it does not have itself', () => {
    const node = new Solo().reign();
    expect(node.accepted(2, 99)).toEqual([]);
    expect(progressOf(node, 2)?.matchIndex).toBe(1);
  });

  test('sends nothing when it leads again that it had made in an earlier term', () => {
    const node = new Solo().reign();
    node.propose('a');
    expect(node.propose('b')).toContain('>2 append t1 prev 2@1 [3@1] commit 1');
    node.append(2, 2, [1, 1], [2]);
    node.step({ kind: 'campaign' });
    node.sync();
    expect(node.grant(2)).toContain('>2 append t3 prev 2@2 [3@3] commit 1');
  });

  test('keeps no account of the others when it leads no more', () => {
    const node = new Solo().reign();
    node.propose('a');
    expect(node.status.progress).toHaveLength(2);
    node.heartbeat(2, 5);
    expect(node.status).toMatchObject({ progress: [], uncommittedBytes: 0 });
  });

  test('never changes or drops an entry of its own log', () => {
    const node = new Solo({ log: [1, 2, 2] }).lead();
    node.hear(2, 'append-rejected', { term: 3, rejectedIndex: 3, hintIndex: 0, hintTerm: 0 });
    expect(node.status).toMatchObject({ lastIndex: 4, lastTerm: 3 });
  });
});

test('a proposal of nothing is a defect of the caller', () => {
  expect(() => new Solo().reign().propose()).toThrow('at least one item');
});

describe('what may be committed (section 5.4.2, figure 8)', () => {
  test('an entry of an older term is not committed by counting replicas, but by one of the own term behind it', () => {
    const node = new Solo({ log: [1, 2], term: 3, voters: [1, 2, 3, 4, 5] }).lead();
    node.accepted(2, 2);
    expect(node.accepted(3, 2)).not.toContain('commit [1@1 2@2]');
    node.accepted(2, 3);
    expect(node.accepted(3, 3)).toContain('commit [1@1 2@2 3@4]');
  });
});

describe('a follower (section 5.3)', () => {
  test('appends, and answers behind the ticket that makes the entries durable', () => {
    const node = new Solo({ term: 1 });
    expect(node.append(2, 1, [0, 0], [1, 1])).toEqual([
      'persist #1 [1@1 2@1]',
      '>2 accepted t1 match 2 after #1',
      'follower in term 1 under 2',
    ]);
  });

  test('refuses entries that do not follow on its log', () => {
    const node = new Solo({ log: [1, 1] });
    expect(node.append(2, 1, [3, 1], [1])).toContain('>2 rejected t1 at 3 hint 2@1');
    expect(node.append(2, 2, [2, 2], [2])).toContain('>2 rejected t2 at 2 hint 2@1');
    expect(node.status.lastIndex).toBe(2);
  });

  test('replaces what conflicts, with all that follows it', () => {
    const node = new Solo({ log: [1, 2, 2, 2] });
    expect(node.append(2, 3, [1, 1], [3])).toContain('persist #1 term 3 [2@3]');
    expect(node.status).toMatchObject({ lastIndex: 2, lastTerm: 3 });
  });

  test('replaces from the first entry that differs, not from where the request begins', () => {
    const node = new Solo({ log: [1, 2, 2, 2] });
    expect(node.append(2, 3, [0, 0], [1, 3, 3])).toContain('persist #1 term 3 [2@3 3@3]');
    expect(node.status).toMatchObject({ lastIndex: 3, lastTerm: 3 });
  });

  test('does not count as durable what replaces durable entries, until it is itself', () => {
    const node = new Solo({ log: [1, 2, 2] });
    node.append(2, 3, [1, 1], [3, 3]);
    expect(node.status.durableIndex).toBe(1);
    node.sync();
    expect(node.status.durableIndex).toBe(3);
  });

  test('keeps what does not conflict: a late or doubled request takes nothing away', () => {
    const node = new Solo({ log: [1, 1, 1] });
    expect(node.append(2, 1, [0, 0], [1])).toEqual(['>2 accepted t1 match 1', 'follower in term 1 under 2']);
    expect(node.append(2, 1, [1, 1], [])).toEqual(['>2 accepted t1 match 1']);
    expect(node.status.lastIndex).toBe(3);
  });

  test('answers a doubled request behind the disk too, while the first is not durable', () => {
    const node = new Solo({ term: 1 });
    node.append(2, 1, [0, 0], [1]);
    expect(node.append(2, 1, [0, 0], [1])).toEqual(['>2 accepted t1 match 1 after #1']);
    node.sync();
    expect(node.append(2, 1, [0, 0], [1])).toEqual(['>2 accepted t1 match 1']);
  });

  test('commits what the leader has committed, but no more than it knows to share', () => {
    const node = new Solo({ log: [1, 1, 1] });
    expect(node.append(2, 1, [0, 0], [1], 3)).toContain('commit [1@1]');
    expect(node.heartbeat(2, 1, 2)).toContain('commit [2@1]');
  });

  test('hands out what is committed before it is durable here', () => {
    const node = new Solo({ term: 1 });
    const seen = node.append(2, 1, [0, 0], [1], 1);
    expect(seen).toEqual([
      'persist #1 [1@1]',
      '>2 accepted t1 match 1 after #1',
      'commit [1@1]',
      'follower in term 1 under 2',
    ]);
    expect(node.status.durableIndex).toBe(0);
  });

  test('takes only what is new of a request that reaches back before the commit index', () => {
    const node = new Solo({ log: [1, 1, 1], applied: 2 });
    expect(node.append(2, 2, [0, 0], [1, 1, 2])).toContain('persist #1 term 2 [3@2]');
    expect(node.append(2, 2, [0, 0], [1])).toContain('>2 accepted t2 match 2 after #1');
  });

  test('takes what is new also when the request reaches back to what it has forgotten', () => {
    const node = new Solo({ snapshot: { index: 3, term: 1 }, log: [1] });
    expect(node.append(2, 1, [1, 1], [1, 1, 1, 1])).toEqual([
      'persist #1 [5@1]',
      '>2 accepted t1 match 5 after #1',
      'follower in term 1 under 2',
    ]);
  });

  test('stops rather than replace a committed entry', () => {
    const node = new Solo({ log: [1, 1], applied: 2 });
    expect(() => node.heartbeat(2, 1, 9)).toThrow('it lost data');
  });
});

describe('finding where two logs meet (section 5.3)', () => {
  test('the follower skips the terms that the leader does not have', () => {
    const follower = new Solo({ log: [1, 2, 2, 2, 2, 2] });
    expect(follower.append(2, 4, [6, 3], [4])).toContain('>2 rejected t4 at 6 hint 6@2');
    expect(follower.append(2, 4, [5, 1], [4])).toContain('>2 rejected t4 at 5 hint 1@1');
  });

  test('the leader skips the terms that the follower does not have', () => {
    const leader = new Solo({ log: [1, 3, 3, 3, 3, 3], term: 3 }).lead();
    leader.confirm(2, 0);
    expect(leader.hear(2, 'append-rejected', { term: 4, rejectedIndex: 6, hintIndex: 6, hintTerm: 2 })).toEqual([
      '>2 append t4 prev 1@1 [2@3 3@3 4@3 5@3 6@3 7@4] commit 0',
    ]);
  });

  test('the leader takes one step for one answer: a doubled rejection changes nothing', () => {
    const leader = new Solo({ log: [1, 3, 3, 3, 3, 3], term: 3 }).lead();
    const rejection = { term: 4, rejectedIndex: 6, hintIndex: 6, hintTerm: 2 };
    expect(leader.hear(2, 'append-rejected', rejection)).toHaveLength(1);
    expect(leader.hear(2, 'append-rejected', rejection)).toEqual([]);
  });

  test('the leader steps back with every rejection, whatever the hint', () => {
    const leader = new Solo({ log: [1, 3, 3, 3, 3, 3], term: 3 }).lead();
    expect(leader.hear(2, 'append-rejected', { term: 4, rejectedIndex: 6, hintIndex: 9, hintTerm: 4 })).toEqual([
      '>2 append t4 prev 5@3 [6@3 7@4] commit 0',
    ]);
  });

  test('the leader goes on right behind what the follower says it holds, not where it had meant to try', () => {
    const leader = new Solo({ log: [1, 1, 1, 1] }).lead();
    expect(leader.accepted(2, 2)).toEqual(['>2 append t2 prev 2@1 [3@1 4@1 5@2] commit 0']);
  });

  test('an answer that was overtaken changes nothing', () => {
    const leader = new Solo({ log: [1, 1] }).lead();
    leader.accepted(2, 3);
    expect(leader.hear(2, 'append-rejected', { term: 2, rejectedIndex: 2, hintIndex: 0, hintTerm: 0 })).toEqual([]);
    expect(progressOf(leader, 2)).toMatchObject({ matchIndex: 3, state: 'replicate' });
  });
});

describe('flow control (thesis 10.2.1)', () => {
  const large = ENTRY_OVERHEAD_BYTES + 1;

  test('in probe one request is under way, and the next waits for a sign of life', () => {
    const node = new Solo().lead();
    expect(progressOf(node, 2)?.state).toBe('probe');
    expect(node.propose('a').some((line) => line.startsWith('>2'))).toBe(false);
    expect(node.accepted(2, 1)).toContain('>2 append t1 prev 1@1 [2@1] commit 1');
    expect(progressOf(node, 2)?.state).toBe('replicate');
  });

  test('in replicate requests follow one another without waiting', () => {
    const node = new Solo().reign();
    expect(node.propose('a')).toContain('>2 append t1 prev 1@1 [2@1] commit 1');
    expect(node.propose('b')).toContain('>2 append t1 prev 2@1 [3@1] commit 1');
  });

  test('the window is bounded in messages', () => {
    const node = new Solo({ raft: { inflightMessagesMax: 2 } }).reign();
    node.propose('a');
    node.propose('b');
    expect(node.propose('c').some((line) => line.startsWith('>2'))).toBe(false);
    expect(node.accepted(2, 2)).toContain('>2 append t1 prev 3@1 [4@1] commit 1');
  });

  test('the window is bounded in bytes', () => {
    const node = new Solo({ raft: { inflightBytesMax: large } }).reign();
    node.propose('a');
    expect(progressOf(node, 2)?.inflightBytes).toBe(large);
    expect(node.propose('b', 'c').some((line) => line.startsWith('>2'))).toBe(false);
    expect(node.accepted(2, 2)).toContain('>2 append t1 prev 2@1 [3@1 4@1] commit 1');
  });

  test('a request is bounded in bytes, but holds at least one entry', () => {
    const node = new Solo({ raft: { appendBytesMax: 2 * large } }).reign();
    expect(node.propose('a', 'b', 'c').filter((line) => line.startsWith('>2'))).toEqual([
      '>2 append t1 prev 1@1 [2@1 3@1] commit 1',
      '>2 append t1 prev 3@1 [4@1] commit 1',
    ]);
    expect(node.propose('x'.repeat(1000))).toContain('>2 append t1 prev 4@1 [5@1] commit 1');
  });

  test('a request that got lost is found by the next one, and all is sent again', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.propose('b');
    const answer = node.hear(2, 'append-rejected', { term: 1, rejectedIndex: 2, hintIndex: 1, hintTerm: 1 });
    expect(answer).toEqual(['>2 append t1 prev 1@1 [2@1 3@1] commit 1']);
  });

  test('a last request that got lost, or its answer, is found by heartbeats', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.confirm(2, 0);
    expect(node.confirm(2, 0)).toEqual(['>2 append t1 prev 2@1 [] commit 1']);
  });

  test('finding out costs no entries, and no place in the window', () => {
    const node = new Solo({ raft: { inflightMessagesMax: 2 } }).reign();
    for (const item of ['a', 'b', 'c']) node.propose(item);
    node.confirm(2, 0);
    expect(node.confirm(2, 0)).toEqual(['>2 append t1 prev 3@1 [] commit 1']);
    expect(node.accepted(2, 2)).toContain('>2 append t1 prev 3@1 [4@1] commit 1');
  });

  test('whoever was out of reach but lacks nothing is not sent anything', () => {
    const node = new Solo().reign();
    node.step({ kind: 'unreachable', peer: NodeId.of(2) });
    expect(node.confirm(2, 0)).toEqual([]);
  });

  test('an answer to what was sent before it was out of reach is a sign of life, but does not fill the pipeline', () => {
    const node = new Solo().reign();
    node.step({ kind: 'unreachable', peer: NodeId.of(2) });
    node.propose('a');
    expect(node.accepted(2, 0)).toEqual(['>2 append t1 prev 1@1 [2@1] commit 1']);
    expect(progressOf(node, 2)?.state).toBe('probe');
    expect(node.propose('b').some((line) => line.startsWith('>2'))).toBe(false);
  });

  test('a request holds all that is new by the time it leaves, also when another follower was sent its beginning', () => {
    const node = new Solo({ raft: { inflightMessagesMax: 1 } }).reign();
    node.step({ kind: 'unreachable', peer: NodeId.of(3) });
    expect(node.propose('a')).toContain('>2 append t1 prev 1@1 [2@1] commit 1');
    node.propose('b');
    expect(node.confirm(3, 0)).toEqual(['>3 append t1 prev 1@1 [2@1 3@1] commit 1']);
  });

  test('nothing is pipelined to a node that the transport cannot reach', () => {
    const node = new Solo().reign();
    node.step({ kind: 'unreachable', peer: node.status.progress[0]!.id });
    expect(node.propose('a').some((line) => line.startsWith('>2'))).toBe(false);
    expect(node.confirm(2, 0)).toEqual(['>2 append t1 prev 1@1 [2@1] commit 1']);
  });

  test('uncommitted entries are bounded: then proposals are refused until something is committed', () => {
    const node = new Solo({ raft: { uncommittedBytesMax: 2 * large } }).reign();
    node.propose('a', 'b');
    expect(node.propose('c')).toEqual(['refused: uncommitted-log-full under 1']);
    node.accepted(2, 2);
    node.accepted(3, 2);
    expect(node.propose('c')[0]).toBe('proposed 4..4@1');
  });

  test('that bound counts the data and 32 bytes for each entry', () => {
    const node = new Solo({ raft: { uncommittedBytesMax: 200 } }).reign();
    node.propose('a'.repeat(68));
    expect(node.status.uncommittedBytes).toBe(100);
    expect(node.propose('b'.repeat(18), 'b'.repeat(19))).toEqual(['refused: uncommitted-log-full under 1']);
    expect(node.propose('b'.repeat(18), 'b'.repeat(18))[0]).toBe('proposed 3..4@1');
    expect(node.status.uncommittedBytes).toBe(200);
  });

  test('what an earlier leader left uncommitted counts too', () => {
    const node = new Solo({ log: [1, 1, 1], applied: 1 }).lead();
    expect(node.status.uncommittedBytes).toBe(34 + 34 + 32);
    node.accepted(2, 4);
    expect(node.status.uncommittedBytes).toBe(0);
  });

  test('what alone is larger than the bound is let through when nothing else is outstanding', () => {
    const node = new Solo({ raft: { uncommittedBytesMax: 10 } }).reign();
    expect(node.propose('x'.repeat(100))[0]).toBe('proposed 2..2@1');
    expect(node.propose('y')).toEqual(['refused: uncommitted-log-full under 1']);
  });
});

test('only the leader takes proposals, and says who leads', () => {
  const node = new Solo();
  expect(node.propose('a')).toEqual(['refused: not-leader']);
  node.heartbeat(2, 1);
  expect(node.propose('a')).toEqual(['refused: not-leader under 2']);
  expect(node.configure([1])).toEqual(['refused: not-leader under 2']);
});

describe('check-quorum (thesis 6.2)', () => {
  test('a leader that hears no quorum for an election timeout steps down', () => {
    const node = new Solo({ raft: { checkQuorum: true } }).reign();
    node.wait(ELECTION_MS - 1);
    expect(node.status.role).toBe('leader');
    expect(node.wait(1)).toContain('follower in term 1');
  });

  test('any answer of a quorum keeps it in office', () => {
    const node = new Solo({ raft: { checkQuorum: true } }).reign();
    for (let beat = 1; beat < 50; beat++) {
      node.wait(HEARTBEAT_MS);
      node.confirm(2, beat);
    }
    expect(node.status.role).toBe('leader');
  });

  test.each([
    ['accepts', (node: Solo) => node.accepted(2, 1)],
    [
      'rejects',
      (node: Solo) => node.hear(2, 'append-rejected', { term: 1, rejectedIndex: 1, hintIndex: 1, hintTerm: 1 }),
    ],
  ])('who %s what it is sent is in touch, though its answers to heartbeats are lost', (_what, answer) => {
    const node = new Solo({ raft: { checkQuorum: true } }).reign();
    for (let beat = 1; beat < 50; beat++) {
      node.wait(HEARTBEAT_MS);
      answer(node);
    }
    expect(node.status.role).toBe('leader');
  });

  test('after its own stall it listens once more before it gives up', () => {
    const node = new Solo({ raft: { checkQuorum: true } }).reign();
    node.now += 5000;
    expect(node.step({ kind: 'tick' })).toContain('>2 heartbeat t1 commit 1 round 1');
    expect(node.wait(HEARTBEAT_MS)).toContain('follower in term 1');
  });
});
