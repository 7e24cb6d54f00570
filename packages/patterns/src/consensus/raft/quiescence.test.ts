import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const options = { raft: { quiesceAfterMs: 25, checkQuorum: true, preVote: true } };

/** A leader that has said its last words. */
function quietLeader(): Solo {
  const node = new Solo(options).reign();
  node.wait(4 * HEARTBEAT_MS);
  expect(node.status.quiet).toBe(true);
  return node;
}

function quietFollower(): Solo {
  const node = new Solo({ term: 1, log: [1], ...options });
  node.hear(2, 'heartbeat', { term: 1, commit: 1, round: 4, quiesce: true });
  expect(node.status.quiet).toBe(true);
  return node;
}

describe('a leader', () => {
  test('with nothing outstanding says so in a last heartbeat, and is silent for ever', () => {
    const node = new Solo(options).reign();
    expect(node.wait(4 * HEARTBEAT_MS).slice(-2)).toEqual([
      '>2 heartbeat t1 commit 1 round 3 quiesce',
      '>3 heartbeat t1 commit 1 round 3 quiesce',
    ]);
    expect(node.raft.deadline).toBeUndefined();
    node.now += 1e6;
    expect([...node.step({ kind: 'tick' }), ...node.confirm(2, 3)]).toEqual([]);
    expect(node.status.role).toBe('leader');
  });

  test('goes on while a follower lacks something, a read waits or a change is under way', () => {
    const lagging = new Solo(options).lead();
    lagging.accepted(2, 1);
    const reading = new Solo(options).reign();
    reading.wait(1);
    reading.step({ kind: 'read', id: 1 });
    const changing = new Solo(options).reign();
    changing.configure([1, 2]);
    for (const node of [lagging, reading, changing]) {
      const beats = node.wait(ELECTION_MS - 1).filter((line) => line.startsWith('>2 heartbeat'));
      expect(beats.length).toBeGreaterThanOrEqual(9);
      expect(node.status.quiet).toBe(false);
    }
  });

  test('goes on while its own disk lacks something that the others have', () => {
    const node = new Solo(options).reign();
    node.propose('a');
    for (const from of [2, 3]) node.accepted(from, 2);
    expect(node.status.commitIndex).toBe(2);
    node.wait(ELECTION_MS - 1);
    expect(node.status.quiet).toBe(false);
    node.sync();
    node.confirm(2, 1);
    node.wait(ELECTION_MS - 1);
    expect(node.status.quiet).toBe(true);
  });

  test('goes on while leadership is being transferred', () => {
    const node = new Solo(options).reign();
    node.step({ kind: 'transfer', to: NodeId.of(2) });
    node.wait(ELECTION_MS - 1);
    expect(node.status.quiet).toBe(false);
  });

  test('goes quiet after the time that is set, counted from the first heartbeat with nothing outstanding', () => {
    const node = new Solo({ raft: { ...options.raft, quiesceAfterMs: 30 } }).reign();
    node.wait(39);
    expect(node.status.quiet).toBe(false);
    node.wait(1);
    expect(node.status.quiet).toBe(true);
  });

  test('counts anew after what came and went between two heartbeats', () => {
    const node = new Solo(options).reign();
    node.wait(35);
    node.step({ kind: 'read', id: 1 });
    expect(node.confirm(2, 4)).toEqual(['read-ready 1 at 1']);
    node.wait(30);
    expect(node.status.quiet).toBe(false);
    node.wait(5);
    expect(node.status.quiet).toBe(true);
  });

  test('goes quiet when the reads of others were answered, or failed with an earlier reign', () => {
    const answered = new Solo(options).lead();
    for (const from of [2, 3]) answered.hear(from, 'read-request', { term: 1, id: 9 });
    answered.step({ kind: 'read', id: 1 });
    for (const from of [2, 3]) answered.accepted(from, 1);
    expect(answered.confirm(2, 1)).toHaveLength(3);
    const again = new Solo({ raft: { ...options.raft, preVote: false } }).reign();
    again.step({ kind: 'read', id: 1 });
    again.heartbeat(2, 5);
    again.now += 2 * ELECTION_MS;
    again.reign();
    for (const node of [answered, again]) {
      node.wait(ELECTION_MS - 1);
      expect(node.status.quiet).toBe(true);
    }
  });

  test('is not quiet as a follower when it is deposed by an answer', () => {
    const node = quietLeader();
    expect(node.hear(2, 'heartbeat-response', { term: 9, round: 0 })).toContain('follower in term 9');
    expect(node.status.quiet).toBe(false);
    expect(node.raft.deadline).toBeDefined();
  });

  for (const [what, stir] of [
    ['a proposal', (node: Solo) => node.propose('a')],
    ['a read', (node: Solo) => node.step({ kind: 'read', id: 1 })],
    ['a follower’s read', (node: Solo) => node.hear(2, 'read-request', { term: 1, id: 1 })],
    ['a pre-vote', (node: Solo) => node.requestVote(2, 2, [1, 1], { preVote: true })],
  ] as const) {
    test(`is woken by ${what}, and sends heartbeats again at once`, () => {
      const node = quietLeader();
      node.now += 1000;
      expect(stir(node).slice(0, 2)).toEqual(['>2 heartbeat t1 commit 1 round 4', '>3 heartbeat t1 commit 1 round 4']);
      expect(node.raft.deadline).toBeDefined();
      expect(node.wait(ELECTION_MS / 2)).not.toContain('follower in term 1');
    });
  }

  test('has no lease left when it wakes', () => {
    const node = new Solo({ raft: { ...options.raft, reads: 'lease' } }).reign();
    for (let beat = 1; beat < 4; beat++) {
      node.wait(HEARTBEAT_MS);
      node.confirm(2, beat);
    }
    node.wait(HEARTBEAT_MS);
    expect(node.status.quiet).toBe(true);
    node.now += 1000;
    expect(node.step({ kind: 'read', id: 1 })).not.toContain('read-ready 1 at 1');
  });
});

describe('a follower', () => {
  test('that has and knows everything stops waiting for its leader', () => {
    const node = quietFollower();
    expect(node.raft.deadline).toBeUndefined();
  });

  test('stays quiet when a timer fires late', () => {
    const node = quietFollower();
    node.now += 1e6;
    expect(node.step({ kind: 'tick' })).toEqual([]);
  });

  test('that lacks something does not agree', () => {
    const node = new Solo({ term: 1, log: [1, 1], ...options });
    node.hear(2, 'heartbeat', { term: 1, commit: 1, round: 4, quiesce: true });
    expect(node.status.quiet).toBe(false);
  });

  test('woken by anything it waits a whole election timeout, in which it votes for nobody else', () => {
    for (const stir of [
      (node: Solo) => node.step({ kind: 'unreachable', peer: NodeId.of(2) }),
      (node: Solo) => node.propose('a'),
      (node: Solo) => node.step({ kind: 'read', id: 1 }),
    ]) {
      const node = quietFollower();
      node.now += 1e6;
      stir(node);
      expect(node.status.quiet).toBe(false);
      expect(node.raft.deadline).toBeGreaterThanOrEqual(node.now);
    }
    const node = quietFollower();
    node.now += 1e6;
    expect(node.requestVote(3, 2, [1, 1], { preVote: true })).toEqual(['>3 pre-vote-response t1 no']);
    expect(node.wait(ELECTION_MS)).toContain('pre-candidate in term 1');
  });

  test('is woken by a heartbeat of a leader that has woken', () => {
    const node = quietFollower();
    node.heartbeat(2, 1, 1, 5);
    expect(node.status.quiet).toBe(false);
    expect(node.raft.deadline).toBe(node.now + ELECTION_MS);
  });

  test('gives up a read that it had asked for before, if no answer comes', () => {
    const node = new Solo({ term: 1, log: [1], ...options });
    node.heartbeat(2, 1, 1);
    node.step({ kind: 'read', id: 7 });
    node.hear(2, 'heartbeat', { term: 1, commit: 1, round: 4, quiesce: true });
    expect(node.status.quiet).toBe(true);
    expect(node.raft.deadline).toBe(ELECTION_MS);
    expect(node.wait(ELECTION_MS)).toEqual(['read-failed 7']);
  });

  test('another node that cannot be reached does not wake it', () => {
    const node = quietFollower();
    node.step({ kind: 'unreachable', peer: NodeId.of(3) });
    expect(node.status.quiet).toBe(true);
  });
});

test('without the option nobody is ever quiet by itself, but follows a leader that is', () => {
  const leader = new Solo({ raft: { checkQuorum: false } }).reign();
  leader.wait(1e4);
  expect(leader.status.quiet).toBe(false);
  const follower = new Solo({ term: 1, log: [1] });
  follower.hear(2, 'heartbeat', { term: 1, commit: 1, round: 4, quiesce: true });
  expect(follower.status.quiet).toBe(true);
  follower.propose('a');
  expect(follower.status.quiet).toBe(false);
});
