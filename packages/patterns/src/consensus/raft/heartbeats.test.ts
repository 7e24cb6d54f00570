import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const DRIFT_MS = 10;
const lease = { raft: { checkQuorum: true, reads: 'lease', clockDriftMs: DRIFT_MS } } as const;
const read = (node: Solo): string[] => node.step({ kind: 'read', id: 7 });
const READY = ['read-ready 7 at 1'];

/** A leaseholder after so many rounds, each answered at once by a quorum. */
function afterRounds(rounds: number, answering = 2): Solo {
  const node = new Solo(lease).reign();
  for (let round = 1; round <= rounds; round++) {
    node.wait(HEARTBEAT_MS);
    node.confirm(answering, round);
  }
  return node;
}

describe('a lease (thesis 6.4.1)', () => {
  test('runs from the last confirmed round, however many went before it', () => {
    const node = afterRounds(25);
    node.now = 25 * HEARTBEAT_MS + ELECTION_MS - DRIFT_MS - 1;
    expect(read(node)).toEqual(READY);
    node.now += 1;
    expect(read(node)).toContain('>2 heartbeat t1 commit 1 round 26');
  });

  test.each([1, 10, 25])(
    'runs from the round that was answered, also when later ones are under way, after %i',
    (rounds) => {
      const node = afterRounds(rounds);
      node.wait(2 * HEARTBEAT_MS);
      node.confirm(2, rounds + 1);
      node.now = (rounds + 1) * HEARTBEAT_MS + ELECTION_MS - DRIFT_MS - 1;
      expect(read(node)).toEqual(READY);
      node.now += 1;
      expect(read(node)).toContain(`>2 heartbeat t1 commit 1 round ${rounds + 3}`);
    },
  );

  test('of others is not harmed by an answer that is older than any lease', () => {
    const node = afterRounds(15, 3);
    node.confirm(2, 1);
    expect(read(node)).toEqual(READY);
  });

  test('of an earlier reign is over, and the next reign begins like the first', () => {
    const node = afterRounds(25);
    node.step({ kind: 'transfer', to: NodeId.of(3) });
    node.heartbeat(2, 5);
    node.now += 2 * ELECTION_MS;
    node.reign();
    expect(read(node)).toContain('>2 heartbeat t6 commit 2 round 1');
    node.confirm(2, 1);
    expect(read(node)).toEqual(['read-ready 7 at 2']);
    node.now += ELECTION_MS - DRIFT_MS - 1;
    expect(read(node)).toEqual(['read-ready 7 at 2']);
    node.now += 1;
    expect(read(node)).toContain('>2 heartbeat t6 commit 2 round 2');
  });
});

describe('a round', () => {
  test('that was confirmed stays so, though an answer to an earlier one comes late', () => {
    const node = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    for (const id of [1, 2]) node.step({ kind: 'read', id });
    node.confirm(2, 2);
    node.confirm(2, 1);
    expect(node.confirm(3, 2)).toEqual(['read-ready 1 at 1', 'read-ready 2 at 1']);
  });

  test('is not confirmed by an answer from before it was sent', () => {
    const node = new Solo().reign();
    node.confirm(2, 5);
    expect(read(node)).toEqual(['>2 heartbeat t1 commit 1 round 1', '>3 heartbeat t1 commit 1 round 1']);
  });

  test('is one object for all who are told the same, to be encoded once', () => {
    const node = new Solo().reign();
    const effects = node.effectsOf({ kind: 'read', id: 7 });
    const [first, second] = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
    expect(first?.kind).toBe('heartbeat');
    expect(first).toBe(second);
  });
});

describe('news of a commit', () => {
  /** Three entries are with the others; none of them is committed. */
  function leaderAt(now: number): Solo {
    const node = new Solo().reign();
    node.wait(5);
    node.now = now;
    node.propose('a', 'b', 'c');
    node.sync();
    return node;
  }

  test('does not put off the next heartbeat', () => {
    const node = leaderAt(9.5);
    node.accepted(2, 2);
    expect(node.raft.deadline).toBe(10);
  });

  test('is not put off by further news, and not sent early', () => {
    const node = leaderAt(5.5);
    node.accepted(2, 2);
    node.now = 6;
    node.accepted(2, 3);
    expect(node.raft.deadline).toBe(6.5);
    expect(node.step({ kind: 'tick' })).toEqual([]);
    expect(node.wait(0.5)).toEqual(['>2 heartbeat t1 commit 3 round 0']);
  });

  test('is no reason to hurry where there is none', () => {
    const node = new Solo({ voters: [1, 2, 3, 4, 5] }).reign();
    node.wait(5);
    node.accepted(2, 1);
    expect(node.raft.deadline).toBe(HEARTBEAT_MS);
    node.propose('a');
    node.accepted(2, 2);
    expect(node.raft.deadline).toBe(HEARTBEAT_MS);
  });
});
