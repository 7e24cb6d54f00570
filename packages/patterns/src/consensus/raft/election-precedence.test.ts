/** Who of several stands first. */
import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.fixture.ts';
import { ELECTION_MS, Solo } from './solo.fixture.ts';
import { NodeId } from './types.ts';

const preVote = { raft: { preVote: true, checkQuorum: true } };

describe('a rival that asks for a pre-vote', () => {
  const ask = (node: Solo, from: number, last: readonly [number, number] = [0, 0]): string[] =>
    node.requestVote(from, node.status.term + 1, last, { preVote: true });

  test('may try first: who would vote for it waits half an election timeout from then', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.now = ELECTION_MS - 10;
    ask(node, 2);
    expect(node.raft.deadline).toBe(node.now + ELECTION_MS / 2);
  });

  test('shortens no wait that is longer', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.now = 10;
    ask(node, 2);
    expect(node.raft.deadline).toBe(ELECTION_MS);
  });

  test('may do so once: many rivals keep nobody from standing', () => {
    const node = new Solo({ term: 4, ...preVote });
    node.now = ELECTION_MS - 10;
    ask(node, 2);
    const until = node.raft.deadline;
    node.now += 20;
    ask(node, 3);
    ask(node, 2);
    expect(node.raft.deadline).toBe(until);
    // It has asked in vain by then, and lets another by.
    node.wait(ELECTION_MS / 2);
    node.hear(2, 'vote-response', { term: 4, preVote: true, granted: false });
    node.hear(3, 'vote-response', { term: 4, preVote: true, granted: false });
    node.now = node.raft.deadline! - 1;
    ask(node, 3);
    expect(node.raft.deadline).toBe(node.now + ELECTION_MS / 2);
  });

  test('is not waited for when it is refused', () => {
    const node = new Solo({ log: [4], ...preVote });
    node.now = ELECTION_MS - 10;
    expect(ask(node, 2)).toEqual(['>2 pre-vote-response t4 no']);
    expect(node.raft.deadline).toBe(ELECTION_MS);
  });

  const table: readonly (readonly [what: string, from: number, last: readonly [number, number], goesOn: boolean])[] = [
    ['an equal log and a smaller id', 1, [1, 4], true],
    ['an equal log and a larger id', 3, [1, 4], false],
    ['a longer log and a smaller id', 1, [2, 4], false],
    ['a log with a later term, though not longer, and a smaller id', 1, [1, 5], false],
  ];
  for (const [what, from, last, goesOn] of table) {
    test(`with ${what}: a pre-candidate ${goesOn ? 'goes on' : 'goes back'}`, () => {
      const node = new Solo({ id: 2, log: [4], term: 6, ...preVote });
      node.wait(ELECTION_MS);
      expect(node.status.role).toBe('pre-candidate');
      expect(ask(node, from, last)).toContain(`>${from} pre-vote-response t7 yes`);
      expect(node.status.role).toBe(goesOn ? 'pre-candidate' : 'follower');
      node.grantPreVote(from === 1 ? 3 : 1);
      expect(node.status.role).toBe(goesOn ? 'candidate' : 'follower');
    });
  }

  test('splits no votes: two who lose their leader at once elect one of them at the first attempt', () => {
    let attempts = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const cluster = new Cluster({ seed, voters: 3, raft: { preVote: true, checkQuorum: true } });
      cluster.weather = { drop: 0, duplicate: 0, delayMaxMs: 5, syncMaxMs: 15 };
      cluster.run(3000);
      const { leader } = cluster;
      const term = leader!.term;
      cluster.crash(leader!);
      for (const node of cluster.running) cluster.step(node, { kind: 'unreachable', peer: leader!.id });
      cluster.run(3000);
      attempts += cluster.leader!.term - term;
    }
    expect(attempts).toBe(60);
  });
});

describe('a pre-candidate asks again soon', () => {
  const asking = (random: number): Solo => {
    const node = new Solo({ term: 4, raft: { preVote: true, checkQuorum: true, random: () => random } });
    node.now = node.raft.deadline!;
    expect(node.step({ kind: 'tick' })).toContain('>2 pre-vote-request t5 log 0@0');
    expect(node.status.role).toBe('pre-candidate');
    return node;
  };

  for (const [random, waitMs] of [
    [0, ELECTION_MS / 4],
    [2 ** 32 - 1, ELECTION_MS / 2 - 1],
  ] as const) {
    test(`after ${waitMs} ms, when nobody has answered`, () => {
      const node = asking(random);
      expect(node.raft.deadline).toBe(node.now + waitMs);
      expect(node.wait(waitMs)).toContain('>2 pre-vote-request t5 log 0@0');
      expect(node.raft.deadline).toBe(node.now + waitMs);
    });
  }

  test('when one peer has refused, but not when a majority has: that knows better', () => {
    const node = asking(0);
    const due = node.raft.deadline;
    node.hear(2, 'vote-response', { term: 4, preVote: true, granted: false });
    expect(node.status.role).toBe('pre-candidate');
    expect(node.raft.deadline).toBe(due);
    node.hear(3, 'vote-response', { term: 4, preVote: true, granted: false });
    expect(node.status.role).toBe('follower');
    expect(node.raft.deadline).toBe(node.now + ELECTION_MS);
  });

  test('but takes its time as a candidate', () => {
    const node = asking(0);
    node.grantPreVote(2);
    expect(node.status.role).toBe('candidate');
    expect(node.raft.deadline).toBe(node.now + ELECTION_MS);
  });
});

describe('a node that has much to apply leaves the others a start of half an election timeout', () => {
  const behind = (entries: number): Solo => {
    const node = new Solo({ term: 1, ...preVote });
    const terms = Array.from({ length: entries }, () => 1);
    node.append(2, 1, [0, 0], terms, entries);
    node.sync();
    node.now = 10;
    node.heartbeat(2, 1, entries);
    return node;
  };

  test('when it hears nothing', () => {
    expect(behind(33).raft.deadline).toBe(10 + 1.5 * ELECTION_MS);
    expect(behind(32).raft.deadline).toBe(10 + ELECTION_MS);
  });

  test('when the connection to the leader breaks', () => {
    for (const [entries, waitMs] of [
      [33, ELECTION_MS / 2],
      [32, 0],
    ] as const) {
      const node = behind(entries);
      node.step({ kind: 'unreachable', peer: NodeId.of(2) });
      expect(node.raft.deadline).toBe(10 + waitMs);
    }
  });

  test('again, as long as it has not applied it', () => {
    const node = behind(40);
    node.wait(1.5 * ELECTION_MS);
    expect(node.status.role).toBe('follower');
    node.wait(7 * (ELECTION_MS / 2));
    node.step({ kind: 'applied', index: 8 });
    node.wait(ELECTION_MS / 2);
    expect(node.status.role).toBe('pre-candidate');
  });

  test('but not for ever: nobody else may have the whole log', () => {
    const node = behind(40);
    node.wait(5.5 * ELECTION_MS - 1);
    expect(node.status.role).toBe('follower');
    node.wait(1);
    expect(node.status.role).toBe('pre-candidate');
    // A leader that is heard begins the count anew.
    node.heartbeat(2, 2, 40);
    node.wait(5.5 * ELECTION_MS - 1);
    expect(node.status.role).toBe('follower');
  });

  test('no longer once it has applied it', () => {
    const node = behind(40);
    node.step({ kind: 'applied', index: 8 });
    node.heartbeat(2, 1, 40);
    expect(node.raft.deadline).toBe(10 + ELECTION_MS);
  });
});
