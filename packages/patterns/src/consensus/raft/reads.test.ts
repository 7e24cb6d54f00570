import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const read = (node: Solo, id: number): string[] => node.step({ kind: 'read', id });
/** Returns the different things that came of it. */
function readMany(node: Solo, count: number): Set<string> {
  const seen = new Set<string>();
  for (let id = 1; id <= count; id++) for (const line of read(node, id)) seen.add(line);
  return seen;
}
const lease = { raft: { checkQuorum: true, reads: 'lease', clockDriftMs: 10 } } as const;

describe('ReadIndex (section 8, thesis 6.4)', () => {
  test('a read waits for a heartbeat round that a quorum answers, and needs no entry in the log', () => {
    const node = new Solo().reign();
    expect(read(node, 7)).toEqual(['>2 heartbeat t1 commit 1 round 1', '>3 heartbeat t1 commit 1 round 1']);
    expect(node.confirm(3, 1)).toEqual(['read-ready 7 at 1']);
    expect(node.status.lastIndex).toBe(1);
  });

  test('its index is what was committed when the round left', () => {
    const node = new Solo().reign();
    node.propose('a');
    node.sync();
    read(node, 7);
    node.accepted(2, 2);
    expect(node.confirm(2, 1)).toContain('read-ready 7 at 1');
  });

  test('a new leader answers none before an entry of its own term is committed', () => {
    const node = new Solo({ log: [1, 1] }).lead();
    expect(read(node, 7)).toEqual([]);
    expect(node.accepted(2, 3)).toContain('>2 heartbeat t2 commit 3 round 1');
    expect(node.confirm(2, 1)).toEqual(['read-ready 7 at 3']);
  });

  test('an answer to an earlier round proves nothing of a later read', () => {
    const node = new Solo().reign();
    node.wait(HEARTBEAT_MS);
    read(node, 7);
    expect(node.confirm(2, 1)).toEqual([]);
    expect(node.confirm(2, 2)).toEqual(['read-ready 7 at 1']);
  });

  test('an answer to a later round proves it of all earlier ones', () => {
    const node = new Solo().reign();
    read(node, 7);
    read(node, 8);
    expect(node.confirm(2, 2)).toEqual(['read-ready 7 at 1', 'read-ready 8 at 1']);
  });

  test('when several rounds are under way, all further reads share the next one', () => {
    const node = new Solo().reign();
    for (let id = 1; id <= 4; id++) read(node, id);
    for (let id = 5; id <= 100; id++) expect(read(node, id)).toEqual([]);
    expect(node.confirm(2, 1)).toEqual([
      'read-ready 1 at 1',
      '>2 heartbeat t1 commit 1 round 5',
      '>3 heartbeat t1 commit 1 round 5',
    ]);
    expect(node.confirm(2, 5).at(-1)).toMatch(/^read-ready 5,6,.*,100 at 1$/);
  });

  test('regular heartbeats confirm reads whose own round was lost', () => {
    const node = new Solo().reign();
    read(node, 7);
    node.wait(HEARTBEAT_MS);
    expect(node.confirm(3, 2)).toEqual(['read-ready 7 at 1']);
  });

  test('both halves of a joint configuration must confirm', () => {
    const node = new Solo().reign();
    node.configure([1, 4, 5]);
    read(node, 7);
    expect(node.confirm(2, 1)).toEqual([]);
    expect(node.confirm(5, 1)).toContain('read-ready 7 at 1');
  });

  test('a group of one is its own quorum', () => {
    expect(read(new Solo({ voters: [1] }).reign(), 7)).toEqual(['read-ready 7 at 1']);
  });

  test('a leader turns reads away when 65,536 wait, and takes them again when those are answered', () => {
    const node = new Solo().lead();
    expect(readMany(node, 65_536)).toEqual(new Set());
    expect(read(node, 99_999)).toEqual(['read-failed 99999']);
    node.accepted(2, 1);
    expect(node.confirm(2, 1).length).toBe(1);
    expect(read(node, 99_999)).toContain('>2 heartbeat t1 commit 1 round 2');
  });

  test('what failed with a reign is not answered in the next one of the same leader', () => {
    const node = new Solo().reign();
    for (let id = 1; id <= 5; id++) read(node, id);
    expect(node.heartbeat(2, 5).filter((line) => line.startsWith('read-failed'))).toHaveLength(5);
    node.reign();
    for (let beat = 1; beat < 9; beat++) {
      node.wait(HEARTBEAT_MS);
      expect(node.confirm(2, beat)).toEqual([]);
    }
  });

  test('a leader that is deposed fails the reads that wait', () => {
    const node = new Solo().reign();
    read(node, 7);
    expect(node.heartbeat(2, 5)).toContain('read-failed 7');
  });
});

describe('a read on a follower (thesis 6.4)', () => {
  /** Asks, and returns the token of the question. */
  function ask(node: Solo, id: number): number {
    const [effect] = node.effectsOf({ kind: 'read', id });
    if (effect?.kind !== 'send' || effect.message.kind !== 'read-request') throw new Error('no question was sent');
    return effect.message.id;
  }
  function follower(): Solo {
    const node = new Solo({ term: 1 });
    node.heartbeat(2, 1);
    return node;
  }

  test('asks the leader, and is ready at the index that it names', () => {
    const node = follower();
    const id = ask(node, 7);
    expect(node.hear(2, 'read-response', { term: 1, id, index: 12 })).toEqual(['read-ready 7 at 12']);
    expect(node.hear(2, 'read-response', { term: 1, id, index: 12 })).toEqual([]);
  });

  test('fails when there is no leader, when it cannot answer, when it changes, and when no answer comes', () => {
    expect(read(new Solo(), 7)).toEqual(['read-failed 7']);
    const node = follower();
    expect(node.hear(2, 'read-response', { term: 1, id: ask(node, 7), index: undefined })).toEqual(['read-failed 7']);
    ask(node, 8);
    expect(node.heartbeat(3, 2)).toContain('read-failed 8');
    ask(node, 9);
    for (let beat = 0; beat < 20; beat++) node.heartbeat(3, 2, 0, beat);
    node.now += ELECTION_MS;
    expect(node.step({ kind: 'tick' })).toContain('read-failed 9');
  });

  test('is asked under a token of its own', () => {
    const node = follower();
    const [first, second] = [ask(node, 7), ask(node, 8)];
    expect(node.hear(2, 'read-response', { term: 1, id: second, index: 5 })).toEqual(['read-ready 8 at 5']);
    expect(node.hear(2, 'read-response', { term: 1, id: first, index: 4 })).toEqual(['read-ready 7 at 4']);
  });

  test('fails when no answer comes for an election timeout, though the leader is heard', () => {
    const node = follower();
    node.now = 10;
    ask(node, 7);
    node.now = 20;
    ask(node, 8);
    node.now = 90;
    node.heartbeat(2, 1);
    expect(node.raft.deadline).toBe(10 + ELECTION_MS);
    expect(node.wait(20)).toEqual(['read-failed 7']);
    expect(node.wait(10)).toEqual(['read-failed 8']);
  });

  test('fails at once when 65,536 are waiting', () => {
    const node = follower();
    expect(readMany(node, 65_536)).toEqual(new Set(['>2 read-request t1']));
    expect(read(node, 99_999)).toEqual(['read-failed 99999']);
  });

  test('fails when its leader begins a new term, for the question may be lost with the old one', () => {
    const node = follower();
    ask(node, 7);
    expect(node.heartbeat(2, 2)).toContain('read-failed 7');
  });

  test('fails when the leader has fallen silent and the node asks for pre-votes', () => {
    const node = new Solo({ term: 1, raft: { preVote: true } });
    node.heartbeat(2, 1);
    node.now = ELECTION_MS / 2;
    const id = ask(node, 7);
    expect(node.wait(ELECTION_MS / 2)).toContain('read-failed 7');
    // And is not answered after all.
    node.heartbeat(2, 1);
    expect(node.hear(2, 'read-response', { term: 1, id, index: 12 })).toEqual([]);
  });

  test('is answered by the leader after a round, like its own', () => {
    const node = new Solo().reign();
    expect(node.hear(3, 'read-request', { term: 1, id: 99 })).toContain('>2 heartbeat t1 commit 1 round 1');
    expect(node.confirm(2, 1)).toEqual(['>3 read-response t1 at 1']);
  });

  test('is answered in its turn with others that went with the same round', () => {
    const node = new Solo().lead();
    for (const from of [2, 3]) node.hear(from, 'read-request', { term: 1, id: 99 });
    node.accepted(2, 1);
    expect(node.confirm(2, 1)).toEqual(['>2 read-response t1 at 1', '>3 read-response t1 at 1']);
  });

  test('is told to ask again when 65,536 wait already', () => {
    const node = new Solo().lead();
    for (let id = 1; id <= 65_536; id++) node.hear(3, 'read-request', { term: 1, id });
    expect(node.hear(2, 'read-request', { term: 1, id: 99 })).toEqual(['>2 read-response t1 ask again']);
    expect(read(node, 7)).toEqual(['read-failed 7']);
  });

  test('is told to ask again by who does not lead, or leads no more', () => {
    expect(new Solo({ term: 1 }).hear(3, 'read-request', { term: 1, id: 99 })).toEqual([
      '>3 read-response t1 ask again',
    ]);
    const node = new Solo().reign();
    node.hear(3, 'read-request', { term: 1, id: 99 });
    expect(node.heartbeat(2, 5)).toContain('>3 read-response t5 ask again');
  });

  test('cannot take the answer to a question of an earlier life for its own', () => {
    const before = ask(follower(), 7);
    const node = new Solo({ term: 1, raft: { random: () => 1 } });
    node.heartbeat(2, 1);
    ask(node, 8);
    expect(node.hear(2, 'read-response', { term: 1, id: before, index: 1 })).toEqual([]);
  });
});

describe('leases (thesis 6.4.1)', () => {
  function leaseholder(): Solo {
    const node = new Solo(lease).reign();
    node.wait(HEARTBEAT_MS);
    node.confirm(2, 1);
    return node;
  }

  test('a read costs no round while a quorum has answered recently', () => {
    expect(read(leaseholder(), 7)).toEqual(['read-ready 7 at 1']);
  });

  test('also for a follower’s read, once an entry of the own term is committed', () => {
    const ask = (node: Solo): string[] => node.hear(3, 'read-request', { term: 1, id: 99 });
    expect(ask(leaseholder())).toEqual(['>3 read-response t1 at 1']);
    const node = new Solo(lease).lead();
    node.wait(HEARTBEAT_MS);
    node.confirm(2, 1);
    expect(ask(node)).toEqual([]);
  });

  test('the lease runs from when the round was sent, not from when it was answered', () => {
    const node = new Solo(lease).reign();
    node.wait(HEARTBEAT_MS);
    node.now = HEARTBEAT_MS + 89;
    node.confirm(2, 1);
    expect(read(node, 7)).toEqual(['read-ready 7 at 1']);
    node.now = HEARTBEAT_MS + 90;
    expect(read(node, 8)).toContain('>2 heartbeat t1 commit 1 round 2');
  });

  test('a stall of the event loop does not lengthen it', () => {
    const node = leaseholder();
    node.now += 5000;
    node.step({ kind: 'tick' });
    expect(read(node, 7).some((line) => line.startsWith('read-ready'))).toBe(false);
  });

  test('a clock that goes back does not lengthen it', () => {
    const node = leaseholder();
    node.now += 5000;
    read(node, 7);
    node.now -= 5000;
    expect(read(node, 8).some((line) => line.startsWith('read-ready'))).toBe(false);
  });

  test('there is none in a term in which leadership was to be transferred: timeout-now may arrive at any time', () => {
    const node = leaseholder();
    node.step({ kind: 'transfer', to: NodeId.of(2) });
    node.confirm(2, 1);
    node.confirm(3, 1);
    expect(read(node, 7)).toContain('>2 heartbeat t1 commit 1 round 2');
  });

  test('there is none before an entry of the own term is committed', () => {
    const node = new Solo(lease).lead();
    node.wait(HEARTBEAT_MS);
    node.confirm(2, 1);
    expect(read(node, 7)).toEqual([]);
  });

  test('a node that restarts keeps the promise that it may have given before', () => {
    const node = new Solo({ term: 1, ...lease });
    expect(node.requestVote(2, 2, [9, 9])).toEqual([]);
    expect(node.step({ kind: 'campaign' })).toEqual([]);
    node.now += ELECTION_MS;
    expect(node.requestVote(2, 2, [9, 9])).toContain('>2 vote-response t2 yes after #1');
  });

  test('a node confirms a term only once it cannot forget it any more', () => {
    const node = new Solo(lease);
    expect(node.heartbeat(2, 1, 0, 3)).toContain('>2 heartbeat-response t1 round 3 after #1');
    node.append(2, 1, [0, 0], [1]);
    expect(node.heartbeat(2, 1, 0, 4)).toEqual(['>2 heartbeat-response t1 round 4 after #1']);
    node.sync();
    node.append(2, 1, [1, 1], [1]);
    expect(node.heartbeat(2, 1, 0, 5)).toEqual(['>2 heartbeat-response t1 round 5']);
  });
});
