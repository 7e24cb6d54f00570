import { describe, expect, test } from 'vitest';
import { ELECTION_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const transfer = (node: Solo, to: number): string[] => node.step({ kind: 'transfer', to: NodeId.of(to) });

describe('leadership transfer (thesis 3.10)', () => {
  test('the leader tells a target that is caught up to stand for election at once', () => {
    expect(transfer(new Solo().reign(), 3)).toEqual(['>3 timeout-now t1']);
  });

  test('a target that lags is brought up first', () => {
    const node = new Solo().reign();
    node.propose('a');
    expect(transfer(node, 3)).toEqual([]);
    expect(node.accepted(3, 2)).toContain('>3 timeout-now t1');
  });

  test('meanwhile the leader takes no proposals and no changes', () => {
    const node = new Solo().reign();
    transfer(node, 3);
    expect(node.propose('a')).toEqual(['refused: transferring under 1']);
    expect(node.configure([1, 2])).toEqual(['refused: transferring under 1']);
  });

  test('it is given up after an election timeout, and the leader goes on', () => {
    const node = new Solo().reign();
    transfer(node, 3);
    expect(node.status.transferringTo).toBe(3);
    node.wait(ELECTION_MS);
    expect(node.status.transferringTo).toBeUndefined();
    expect(node.propose('a')[0]).toBe('proposed 2..2@1');
  });

  test('it is given up when that is due, not at some later heartbeat', () => {
    const node = new Solo().reign();
    node.wait(5);
    transfer(node, 3);
    node.wait(ELECTION_MS - 1);
    expect(node.status.transferringTo).toBe(3);
    node.wait(1);
    expect(node.status.transferringTo).toBeUndefined();
  });

  test('the target is told once, however often it says that it has everything', () => {
    const node = new Solo().reign();
    transfer(node, 3);
    expect(node.accepted(3, 1)).toEqual([]);
  });

  test('it is over when the leader is deposed, and does not bind it when it leads again', () => {
    const node = new Solo().reign();
    transfer(node, 3);
    node.heartbeat(3, 2);
    expect(node.status.transferringTo).toBeUndefined();
    expect(node.reign().propose('a')[0]).toBe('proposed 3..3@3');
  });

  test('another target replaces the first, the same one is not told twice', () => {
    const node = new Solo().reign();
    transfer(node, 3);
    expect(transfer(node, 3)).toEqual([]);
    expect(transfer(node, 2)).toEqual(['>2 timeout-now t1']);
  });

  test('a target must be a voter that stays, and not the leader itself', () => {
    const node = new Solo({ learners: [4] }).reign();
    for (const to of [1, 4, 9]) expect(transfer(node, to)).toEqual([]);
    expect(transfer(new Solo(), 2)).toEqual([]);
  });

  test('the target skips the pre-vote, and its request says why', () => {
    const node = new Solo({ term: 1, raft: { preVote: true, checkQuorum: true } });
    node.heartbeat(2, 1);
    expect(node.hear(2, 'timeout-now', { term: 1 })).toContain('>3 vote-request t2 log 0@0 transfer after #1');
  });

  test('a target that is no voter, or that has moved on, does nothing', () => {
    expect(new Solo({ id: 4, learners: [4], term: 1 }).hear(2, 'timeout-now', { term: 1 })).toEqual([]);
    expect(new Solo({ term: 3 }).hear(2, 'timeout-now', { term: 1 })).toEqual([]);
  });
});
