import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

describe('a node', () => {
  test('makes a picture of itself once per step', () => {
    const node = new Solo();
    const before = node.status;
    expect(node.status).toBe(before);
    node.heartbeat(2, 1);
    expect(node.status).not.toBe(before);
  });

  test('is told by its state machine how far that is, and takes nothing back', () => {
    const node = new Solo({ log: [1, 1, 1] });
    node.heartbeat(2, 1, 3);
    node.step({ kind: 'applied', index: 2 });
    expect(node.status.appliedIndex).toBe(2);
    node.step({ kind: 'applied', index: 1 });
    expect(node.status.appliedIndex).toBe(2);
  });

  test('stops when the state machine claims what was never handed out', () => {
    const node = new Solo({ log: [1, 1] });
    node.heartbeat(2, 1, 1);
    expect(() => node.step({ kind: 'applied', index: 2 })).toThrow('only 1 was handed out');
  });
});

describe('a reader of another term (section 5.1)', () => {
  test('that is behind is told the present term, and asks again', () => {
    const node = new Solo({ term: 3 }).lead();
    expect(node.hear(2, 'read-request', { term: 3, id: 9 })).toEqual(['>2 read-response t4 ask again']);
  });

  test('that is ahead deposes whom it asks, and asks again', () => {
    const node = new Solo({ term: 3 }).lead();
    expect(node.hear(2, 'read-request', { term: 7, id: 9 })).toContain('>2 read-response t7 ask again');
  });
});

describe('after a stall', () => {
  const snapshotOf2 = (node: Solo): string[] =>
    node.step({
      kind: 'snapshot-received',
      from: NodeId.of(2),
      term: 1,
      mark: { index: 1, term: 1, configuration: node.status.configuration },
    });
  test.each([
    ['a heartbeat', (node: Solo) => node.heartbeat(2, 1)],
    ['a snapshot', snapshotOf2],
  ])('%s that was heard gives the node its grace back for the next', (_what, hear) => {
    const node = new Solo({ term: 1 });
    node.heartbeat(2, 1);
    for (let stall = 0; stall < 3; stall++) {
      node.now += 50 * ELECTION_MS;
      expect(node.step({ kind: 'tick' })).toEqual([]);
      expect(node.raft.deadline).toBe(node.now + HEARTBEAT_MS);
      hear(node);
    }
    expect(node.status).toMatchObject({ role: 'follower', leader: 2 });
  });
});
