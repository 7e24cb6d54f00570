import { describe, expect, test } from 'vitest';
import { ELECTION_MS, HEARTBEAT_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const preVote = { raft: { preVote: true, checkQuorum: true } };

describe('terms (section 5.1)', () => {
  test('a follower, a candidate and a leader that hear of a higher term adopt it and follow', () => {
    const candidate = new Solo();
    candidate.step({ kind: 'campaign' });
    for (const node of [new Solo({ term: 1 }), candidate, new Solo().lead()]) {
      expect(node.heartbeat(2, 5)).toContain('follower in term 5 under 2');
      expect(node.status).toMatchObject({ role: 'follower', term: 5, leader: 2, vote: undefined });
    }
  });

  test('a request with a stale term is refused with the present one', () => {
    const node = new Solo({ term: 3 });
    expect(node.append(2, 2, [0, 0], [2])).toEqual(['>2 rejected t3 at 0 hint 0@0']);
    expect(node.requestVote(2, 2, [9, 2])).toEqual(['>2 vote-response t3 no']);
    expect(node.heartbeat(2, 2)).toEqual(['>2 heartbeat-response t3 round 0']);
    expect(node.status).toMatchObject({ lastIndex: 0, leader: undefined });
  });

  test('an answer with a stale term is ignored', () => {
    const node = new Solo({ term: 3, log: [1, 1] }).lead();
    expect(node.hear(2, 'append-accepted', { term: 3, matchIndex: 3 })).toEqual([]);
    expect(node.hear(2, 'append-rejected', { term: 3, rejectedIndex: 2, hintIndex: 0, hintTerm: 0 })).toEqual([]);
    expect(node.hear(2, 'heartbeat-response', { term: 3, round: 1 })).toEqual([]);
    expect(node.status.commitIndex).toBe(0);
  });

  test('a leader learns from an answer that its term is over', () => {
    const node = new Solo().lead();
    expect(node.hear(2, 'heartbeat-response', { term: 7, round: 0 })).toEqual([
      'persist #3 term 7',
      'follower in term 7',
    ]);
  });
});

describe('elections (section 5.2)', () => {
  test('a node starts as a follower, whatever it was before', () => {
    expect(new Solo({ term: 3, vote: 1, log: [3] }).status).toMatchObject({ role: 'follower', term: 3, vote: 1 });
  });

  test('a follower that hears from a leader stays one', () => {
    const node = new Solo({ term: 1 });
    for (let beat = 0; beat < 10; beat++) {
      expect(node.wait(ELECTION_MS - 1)).toEqual([]);
      node.heartbeat(2, 1);
    }
    expect(node.status.role).toBe('follower');
  });

  test('silence makes it raise the term, vote for itself and ask all others at once', () => {
    const node = new Solo({ term: 1, log: [1, 1], voters: [1, 2, 3] });
    expect(node.wait(ELECTION_MS)).toEqual([
      'persist #1 term 2 vote 1',
      '>2 vote-request t2 log 2@1 after #1',
      '>3 vote-request t2 log 2@1 after #1',
      'candidate in term 2',
    ]);
  });

  test('its own vote counts, and its question leaves, only once both are on its disk', () => {
    const node = new Solo();
    node.step({ kind: 'campaign' });
    expect(node.grant(2)).toEqual([]);
    expect(node.sync()).toContain('leader in term 1');
  });

  test('that what it wrote before is on its disk does not make its vote count', () => {
    const node = new Solo();
    node.append(2, 1, [0, 0], [1]);
    node.step({ kind: 'campaign' });
    node.step({ kind: 'persisted', ticket: 1 });
    expect(node.grant(2)).toEqual([]);
    expect(node.sync()).toContain('leader in term 2');
  });

  for (const [voters, needed] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [7, 3],
  ] as const) {
    test(`among ${voters} a candidate leads with ${needed} other votes, not with fewer`, () => {
      const node = new Solo({ voters: Array.from({ length: voters }, (_, at) => at + 1) });
      node.step({ kind: 'campaign' });
      if (needed > 0) node.sync();
      for (let other = 2; other <= needed; other++) node.grant(other);
      expect(node.status.role).toBe('candidate');
      if (needed === 0) node.sync();
      else node.grant(needed + 1);
      expect(node.status.role).toBe('leader');
    });
  }

  test('a vote is counted once, and only from voters', () => {
    const node = new Solo({ voters: [1, 2, 3, 4, 5], learners: [6] });
    node.step({ kind: 'campaign' });
    node.sync();
    for (const from of [2, 2, 6, 9]) node.grant(from);
    expect(node.status.role).toBe('candidate');
  });

  test('a vote that was given stands, though its doubled question may be refused: the voter’s log may have grown', () => {
    const node = new Solo({ voters: [1, 2, 3, 4, 5] });
    node.step({ kind: 'campaign' });
    node.sync();
    node.grant(2);
    node.hear(2, 'vote-response', { term: 1, preVote: false, granted: false });
    expect(node.grant(3)).toContain('leader in term 1');
  });

  test('a node votes once per term, first come, first served', () => {
    const node = new Solo();
    expect(node.requestVote(2, 1, [0, 0])).toEqual([
      'persist #1 term 1 vote 2',
      '>2 vote-response t1 yes after #1',
      'follower in term 1',
    ]);
    expect(node.requestVote(3, 1, [0, 0])).toEqual(['>3 vote-response t1 no after #1']);
    expect(node.requestVote(2, 1, [0, 0])).toEqual(['>2 vote-response t1 yes after #1']);
    node.sync();
    expect(node.requestVote(3, 2, [0, 0])).toContain('>3 vote-response t2 yes after #2');
  });

  test('a vote that was cast before a restart is remembered', () => {
    const node = new Solo({ term: 1, vote: 2 });
    expect(node.requestVote(3, 1, [0, 0])).toEqual(['>3 vote-response t1 no']);
    expect(node.requestVote(2, 1, [0, 0])).toEqual(['>2 vote-response t1 yes']);
  });

  test('who follows a leader of this term votes for nobody else in it', () => {
    const node = new Solo();
    node.heartbeat(2, 1);
    expect(node.requestVote(3, 1, [5, 1])).toContain('>3 vote-response t1 no after #1');
  });

  test('a vote that is given postpones the own candidacy, one that is refused does not', () => {
    const node = new Solo({ log: [1] });
    node.wait(ELECTION_MS - 10);
    node.requestVote(2, 2, [0, 0]);
    expect(node.wait(10)).toContain('candidate in term 3');
    const other = new Solo({ log: [1] });
    other.wait(ELECTION_MS - 10);
    other.requestVote(2, 2, [1, 1]);
    expect(other.wait(ELECTION_MS - 1)).toEqual([]);
  });

  test('a candidate that hears from a leader of its term follows it', () => {
    const node = new Solo();
    node.step({ kind: 'campaign' });
    expect(node.append(3, 1, [0, 0], [1])).toContain('follower in term 1 under 3');
  });

  test('a candidate whom a majority refuses follows nobody and waits', () => {
    const node = new Solo();
    node.step({ kind: 'campaign' });
    node.sync();
    node.hear(2, 'vote-response', { term: 1, preVote: false, granted: false });
    expect(node.hear(3, 'vote-response', { term: 1, preVote: false, granted: false })).toEqual(['follower in term 1']);
  });

  test('a split vote ends in a new election in a new term', () => {
    const node = new Solo();
    node.step({ kind: 'campaign' });
    node.sync();
    expect(node.wait(ELECTION_MS)).toContain('>2 vote-request t2 log 0@0 after #2');
  });

  test('who stands for election knows no leader', () => {
    for (const raft of [{}, preVote.raft]) {
      const node = new Solo({ term: 1, raft });
      node.heartbeat(2, 1);
      node.wait(ELECTION_MS);
      expect(node.status.leader).toBeUndefined();
      expect(node.propose('a')).toEqual(['refused: not-leader']);
    }
  });

  test('a leader that is asked to stand for election, or told to take over, goes on leading', () => {
    const node = new Solo().reign();
    expect(node.step({ kind: 'campaign' })).toEqual([]);
    expect(node.hear(2, 'timeout-now', { term: 1 })).toEqual([]);
    expect(node.status).toMatchObject({ role: 'leader', term: 1 });
  });

  test('two leaders of one term are a broken promise: the node stops', () => {
    expect(() => new Solo().reign().heartbeat(2, 1)).toThrow('both lead term 1');
  });

  test('timeouts are drawn evenly from one to two election timeouts', () => {
    const deadlines = [0, 2 ** 30, 2 ** 31, 2 ** 32 - 1].map(
      (draw) => new Solo({ raft: { random: () => draw } }).raft.deadline,
    );
    expect(deadlines).toEqual([100, 125, 150, 199]);
  });

  test('a leader sends heartbeats to all, on multiples of the interval', () => {
    const node = new Solo();
    node.now = 3;
    node.lead();
    expect(node.raft.deadline).toBe(HEARTBEAT_MS);
    expect(node.wait(2 * HEARTBEAT_MS)).toEqual([
      '>2 heartbeat t1 commit 0 round 1',
      '>3 heartbeat t1 commit 0 round 1',
      '>2 heartbeat t1 commit 0 round 2',
      '>3 heartbeat t1 commit 0 round 2',
    ]);
  });

  test('who is no voter never stands', () => {
    for (const node of [new Solo({ id: 4 }), new Solo({ id: 4, learners: [4] }), new Solo({ voters: [] })]) {
      expect(node.raft.deadline).toBeUndefined();
      expect([...node.step({ kind: 'campaign' }), ...node.step({ kind: 'tick' })]).toEqual([]);
    }
  });
});

describe('the election restriction (section 5.4.1)', () => {
  const table: readonly (readonly [own: number[], last: [number, number], granted: boolean])[] = [
    [[1, 1], [2, 1], true],
    [[1, 1], [3, 1], true],
    [[1, 1], [1, 1], false],
    [[1, 1], [1, 2], true],
    [[1, 2], [5, 1], false],
    [[1, 2], [2, 2], true],
    [[], [0, 0], true],
  ];
  for (const [own, [index, term], granted] of table) {
    test(`a log of terms [${own}] ${granted ? 'votes for' : 'refuses'} a candidate whose last entry is ${index}@${term}`, () => {
      const answer = new Solo({ log: own, term: 2 }).requestVote(2, 3, [index, term]);
      expect(answer).toContain(`>2 vote-response t3 ${granted ? 'yes' : 'no'} after #1`);
    });
  }
});

describe('pre-vote (thesis 9.6)', () => {
  test('a pre-candidate asks in its next term, changes nothing, and waits for nobody’s disk', () => {
    const node = new Solo({ term: 4, ...preVote });
    expect(node.wait(ELECTION_MS)).toEqual([
      '>2 pre-vote-request t5 log 0@0',
      '>3 pre-vote-request t5 log 0@0',
      'pre-candidate in term 4',
    ]);
  });

  test('it speaks of the log in memory, durable or not: no promise is made', () => {
    const node = new Solo({ term: 1, ...preVote });
    node.append(2, 1, [0, 0], [1]);
    expect(node.wait(ELECTION_MS)).toContain('>3 pre-vote-request t2 log 1@1');
  });

  test('an answer to what it asked in an earlier term does not count', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.wait(ELECTION_MS);
    node.heartbeat(2, 5);
    node.wait(ELECTION_MS);
    expect(node.status).toMatchObject({ role: 'pre-candidate', term: 5 });
    expect(node.hear(3, 'vote-response', { term: 5, preVote: true, granted: true })).toEqual([]);
    expect(node.grantPreVote(3)).toContain('candidate in term 6');
  });

  test('a majority that would vote lets it stand', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.wait(ELECTION_MS);
    expect(node.grantPreVote(3)).toContain('>2 vote-request t5 log 0@0 after #1');
  });

  test('granting a pre-vote binds nobody: it raises no term, and two can be granted', () => {
    const node = new Solo({ term: 4, ...preVote });
    expect(node.requestVote(2, 5, [0, 0], { preVote: true })).toEqual(['>2 pre-vote-response t5 yes']);
    expect(node.requestVote(3, 5, [0, 0], { preVote: true })).toEqual(['>3 pre-vote-response t5 yes']);
    expect(node.status).toMatchObject({ term: 4, vote: undefined });
  });

  test('it is refused to a candidate with an older log, and to one that would not raise the term', () => {
    const node = new Solo({ log: [1, 4], ...preVote });
    expect(node.requestVote(2, 5, [5, 1], { preVote: true })).toEqual(['>2 pre-vote-response t4 no']);
    expect(node.requestVote(2, 4, [5, 4], { preVote: true })).toEqual(['>2 pre-vote-response t4 no']);
  });

  test('it is refused within an election timeout of hearing from a leader', () => {
    const node = new Solo({ term: 4, raft: { preVote: true, checkQuorum: false } });
    node.heartbeat(3, 4);
    node.now += ELECTION_MS - 1;
    expect(node.requestVote(2, 5, [0, 0], { preVote: true })).toEqual(['>2 pre-vote-response t4 no']);
    node.now += 1;
    expect(node.requestVote(2, 5, [0, 0], { preVote: true })).toEqual(['>2 pre-vote-response t5 yes']);
  });

  test('a node that comes back from a partition does not unseat the leader', () => {
    const leader = new Solo({ ...preVote }).reign();
    leader.confirm(2, 0);
    expect(leader.requestVote(3, 2, [9, 9], { preVote: true })).toEqual(['>3 pre-vote-response t1 no']);
    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
  });

  test('a pre-candidate that was left behind learns the term from a refusal', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.wait(ELECTION_MS);
    node.hear(2, 'vote-response', { term: 7, preVote: true, granted: false });
    expect(node.status).toMatchObject({ role: 'follower', term: 7 });
  });
});

describe('leader stickiness (section 6, thesis 4.2.3)', () => {
  test('a follower that has just heard from its leader neither votes nor raises its term', () => {
    const node = new Solo({ term: 1, raft: { checkQuorum: true } });
    node.heartbeat(2, 1);
    expect(node.requestVote(3, 9, [9, 9])).toEqual([]);
    expect(node.status.term).toBe(1);
    node.now += ELECTION_MS;
    expect(node.requestVote(3, 9, [9, 9])).toContain('>3 vote-response t9 yes after #1');
  });

  test('a transfer is exempt: the leader itself asked for it', () => {
    const node = new Solo({ term: 1, raft: { checkQuorum: true } });
    node.heartbeat(2, 1);
    expect(node.requestVote(3, 2, [9, 9], { transfer: true })).toContain('>3 vote-response t2 yes after #1');
  });

  test('a node whose term ran ahead comes back: it tells the leader, which steps down to meet it', () => {
    const ahead = new Solo({ id: 3, term: 6, ...preVote });
    expect(ahead.heartbeat(1, 2)).toEqual(['>1 heartbeat-response t6 round 0']);
    expect(ahead.append(1, 2, [4, 2], [])).toEqual(['>1 rejected t6 at 4 hint 0@0']);
    const leader = new Solo({ ...preVote }).reign();
    expect(leader.hear(3, 'heartbeat-response', { term: 6, round: 0 })).toContain('follower in term 6');
  });
});

describe('a broken connection to the leader', () => {
  test('makes a follower ask soon, without waiting for silence', () => {
    const node = new Solo({ term: 1, ...preVote });
    node.heartbeat(2, 1);
    node.step({ kind: 'unreachable', peer: node.status.leader! });
    expect(node.wait(ELECTION_MS / 2)).toContain('>3 pre-vote-request t2 log 0@0');
  });

  test('is noticed by several: each draws from half an election timeout when to ask', () => {
    const node = new Solo({ term: 1, raft: { ...preVote.raft, random: () => 2 ** 31 } });
    node.heartbeat(2, 1);
    node.now = 10;
    node.step({ kind: 'unreachable', peer: NodeId.of(2) });
    expect(node.raft.deadline).toBe(10 + ELECTION_MS / 4);
  });

  test('makes a follower willing to vote for another at once', () => {
    const node = new Solo({ term: 1, ...preVote });
    node.heartbeat(2, 1);
    node.step({ kind: 'unreachable', peer: NodeId.of(2) });
    expect(node.requestVote(3, 2, [0, 0], { preVote: true })).toEqual(['>3 pre-vote-response t2 yes']);
  });

  test('is no reason without pre-vote: an election would unseat a leader whom the others still hear', () => {
    const node = new Solo({ term: 1, raft: { checkQuorum: true } });
    node.heartbeat(2, 1);
    node.step({ kind: 'unreachable', peer: NodeId.of(2) });
    expect(node.requestVote(3, 2, [0, 0])).toEqual([]);
    expect(node.wait(ELECTION_MS - 1)).toEqual([]);
  });

  test('is no reason with leases, which rest on the promise to wait', () => {
    const node = new Solo({ term: 1, raft: { preVote: true, checkQuorum: true, reads: 'lease' } });
    node.heartbeat(2, 1);
    node.step({ kind: 'unreachable', peer: node.status.leader! });
    expect(node.wait(ELECTION_MS - 1)).toEqual([]);
  });
});

describe('a stalled event loop', () => {
  test('one late tick starts no election, the next does', () => {
    const node = new Solo({ term: 1 });
    node.heartbeat(2, 1);
    node.now += 5000;
    expect(node.step({ kind: 'tick' })).toEqual([]);
    expect(node.raft.deadline).toBe(node.now + HEARTBEAT_MS);
    expect(node.wait(HEARTBEAT_MS)).toContain('candidate in term 2');
  });

  test('what had been waiting to be read prevents it', () => {
    const node = new Solo({ term: 1 });
    node.heartbeat(2, 1);
    node.now += 5000;
    node.step({ kind: 'tick' });
    node.heartbeat(2, 1);
    expect(node.wait(ELECTION_MS - 1)).toEqual([]);
  });
});

describe('a node that may not stand for election', () => {
  test.each([
    ['a learner', { id: 4, learners: [4] }],
    ['a removed member', { id: 4 }],
    ['a damaged voter', { damaged: true }],
  ])('%s forgets a leader that has fallen silent, and stands for nothing', (_who, options) => {
    const node = new Solo({ term: 1, ...options });
    node.heartbeat(2, 1);
    expect(node.status.leader).toBe(2);
    expect(node.wait(ELECTION_MS - 1)).toEqual([]);
    expect(node.wait(1)).toEqual(['follower in term 1']);
    expect(node.status).toMatchObject({ role: 'follower', term: 1, leader: undefined });
    expect(node.raft.deadline).toBeUndefined();
    node.heartbeat(2, 1);
    expect(node.status.leader).toBe(2);
  });
});
