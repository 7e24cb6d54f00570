import { describe, expect, test } from 'vitest';
import type { Client, MemberStatus } from '../client/index.ts';
import { type App, addressOf, type ClusterOptions, SimCluster } from './cluster.fixture.ts';

const scenario = (
  name: string,
  run: (app: App, client: Client, cluster: SimCluster) => Promise<void>,
  options: ClusterOptions = {},
): void => {
  test(name, async () => {
    const cluster = new SimCluster(options);
    await cluster.run(async (app) => {
      const client = await app.connect({ timeoutMs: 20_000 });
      await run(app, client, cluster);
    });
  });
};

const idOf = (members: readonly MemberStatus[], name: string): number => members.find((m) => m.name === name)!.id;
const JOIN = { join: ['a', 'b', 'c'].map(addressOf), initialCluster: {} };

const HALF_ADDED = 4711;

/** What an addition leaves behind when its leader is lost between the record and the configuration. */
async function halfAdd(cluster: SimCluster, name: string): Promise<void> {
  const { core } = cluster.running.get(cluster.leader!)!;
  const member = { id: HALF_ADDED, name, peerAddress: addressOf(name), clientUrls: [] };
  await cluster.world.node(cluster.leader!).call(() => core.write({ kind: 'member-put', member }));
}

/** Waits until the cluster's members are those of these names, all of them voters. */
async function untilVoters(app: App, client: Client, names: readonly string[]): Promise<void> {
  let members: readonly MemberStatus[] = [];
  for (let tries = 0; tries < 400; tries++) {
    members = await client.cluster.members();
    const voters = members.filter(({ isLearner }) => !isLearner).map(({ name }) => name);
    if (voters.sort().join() === [...names].sort().join() && members.length === names.length) return;
    await app.sleep(50);
  }
  throw new Error(`members are ${JSON.stringify(members)}`);
}

describe('the founders', () => {
  scenario('know each other by name and address', async (app, client) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const members = await client.cluster.members();
    expect(members.map(({ peerAddress }) => peerAddress).sort()).toEqual(['a', 'b', 'c'].map(addressOf));
  });
});

describe('a node that joins', () => {
  scenario('is added as a learner, catches up, and votes', async (app, client, cluster) => {
    for (let i = 0; i < 50; i++) await client.put(`k${i}`, 'v');
    cluster.start('d', JOIN);
    await untilVoters(app, client, ['a', 'b', 'c', 'd']);
    // With d, the majority is three of four: it must really take part.
    cluster.world.node('a').kill();
    await client.put('with', 'd');
    const joined = cluster.running.get('d')!;
    await app.until(() => joined.status.raft.appliedIndex > 50);
    expect(joined.status.revision).toBeGreaterThan(50);
  });

  scenario('takes the place that an operator has made for it', async (app, client, cluster) => {
    const added = await client.cluster.addMember({ name: 'd', peerAddress: addressOf('d'), clientUrls: [] });
    expect(added.isLearner).toBe(true);
    cluster.start('d', JOIN);
    await untilVoters(app, client, ['a', 'b', 'c', 'd']);
    expect(cluster.running.get('d')!.status.memberId).toBe(added.id);
  });

  scenario('stays a learner when it is told to', async (app, client, cluster) => {
    cluster.start('d', { ...JOIN, joinAs: 'learner' });
    await app.until(() => (cluster.running.get('d')?.status.raft.appliedIndex ?? 0) > 3);
    await app.sleep(2000);
    expect((await client.cluster.members()).find(({ name }) => name === 'd')).toMatchObject({ isLearner: true });
  });

  scenario('joins although an earlier addition of it was cut short', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    await halfAdd(cluster, 'd');
    cluster.start('d', JOIN);
    await untilVoters(app, client, ['a', 'b', 'c', 'd']);
    expect(cluster.running.get('d')!.status.memberId).not.toBe(HALF_ADDED);
  });

  scenario('finds its cluster again after a restart of all', async (app, client, cluster) => {
    cluster.start('d', JOIN);
    await untilVoters(app, client, ['a', 'b', 'c', 'd']);
    await app.sleep(500);
    for (const name of ['a', 'b', 'c', 'd']) cluster.world.node(name).crash();
    await app.sleep(100);
    for (const name of ['b', 'c', 'd']) cluster.world.node(name).start();
    await client.put('again', '1');
  });
});

describe('a node that was added without a name, by a client of etcd', () => {
  for (const learner of [true, false]) {
    scenario(`takes the place that waits at its address (learner: ${learner})`, async (app, client, cluster) => {
      await untilVoters(app, client, ['a', 'b', 'c']);
      await client.cluster.addMember({ name: '', peerAddress: addressOf('e'), clientUrls: [] });
      await client.cluster.addMember({ name: '', peerAddress: addressOf('d'), clientUrls: [] }, { learner });
      cluster.start('d', JOIN);
      cluster.start('e', JOIN);
      await untilVoters(app, client, ['a', 'b', 'c', 'd', 'e']);
    });
  }
});

describe('a member', () => {
  scenario('that was removed is not asked any more, and can be replaced', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const victim = cluster.others(cluster.leader)[0]!;
    cluster.world.node(victim).kill();
    await client.cluster.removeMember(idOf(await client.cluster.members(), victim));
    cluster.world.node(victim).wipeDisk();
    cluster.start(victim, { initialCluster: {}, join: cluster.others(victim).map(addressOf) });
    await untilVoters(app, client, ['a', 'b', 'c']);
    await client.put('after', '1');
  });

  scenario(
    'that comes back with an empty disk is refused, because it has forgotten its votes',
    async (app, client, cluster) => {
      await untilVoters(app, client, ['a', 'b', 'c']);
      await client.put('a', '1');
      const victim = cluster.others(cluster.leader)[0]!;
      cluster.world.node(victim).kill();
      cluster.world.node(victim).wipeDisk();
      cluster.start(victim, { initialCluster: {}, join: cluster.others(victim).map(addressOf) });
      await app.until(() => cluster.world.failures.length > 0);
      expect(String(cluster.world.failures[0]!.error)).toMatch(/has data already, but this directory has none/);
    },
    { onProcessError: 'exit' },
  );

  scenario(
    'that comes back with an empty disk is refused, though it reaches nobody who leads at first',
    async (app, client, cluster) => {
      await untilVoters(app, client, ['a', 'b', 'c']);
      await client.put('a', '1');
      const [victim] = cluster.others(cluster.leader);
      const before = cluster.running.get(victim!);
      cluster.world.node(victim!).kill();
      cluster.world.node(victim!).wipeDisk();
      const cut = cluster.world.net.partition([victim!], [cluster.leader!]);
      cluster.start(victim!, { initialCluster: {}, join: cluster.others(victim).map(addressOf) });
      await app.sleep(5000);
      expect(cluster.running.get(victim!)).toBe(before);
      cut[Symbol.dispose]();
      await app.until(() => cluster.world.failures.length > 0);
      expect(String(cluster.world.failures[0]!.error)).toMatch(/has data already, but this directory has none/);
    },
    { onProcessError: 'exit' },
  );

  scenario(
    'that comes back with an empty disk gets a new id when the present leader has never heard of it',
    async (app, client, cluster) => {
      await untilVoters(app, client, ['a', 'b', 'c']);
      const [victim, heir] = cluster.others(cluster.leader);
      const old = cluster.running.get(victim!)!.status.memberId;
      cluster.world.node(victim!).kill();
      cluster.world.node(victim!).wipeDisk();
      await client.cluster.moveLeader(idOf(await client.cluster.members(), heir!));
      await client.put('a', '1');
      cluster.start(victim!, { initialCluster: {}, join: cluster.others(victim).map(addressOf) });
      await app.until(() => cluster.running.get(victim!)!.status.memberId !== old);
      await untilVoters(app, client, ['a', 'b', 'c']);
    },
  );

  scenario('whose addition was cut short is no voter', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    await halfAdd(cluster, 'd');
    expect((await client.cluster.members()).find(({ name }) => name === 'd')).toMatchObject({ isLearner: true });
  });

  scenario('that leads can be removed: it hands over first', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const old = cluster.leader!;
    await client.cluster.removeMember(idOf(await client.cluster.members(), old));
    await client.put('after', '1');
    await untilVoters(app, client, cluster.others(old));
    expect(cluster.leader).not.toBe(old);
  });

  scenario('that was removed finds out, says so, and leaves the others alone', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const victim = cluster.others(cluster.leader)[0]!;
    const node = cluster.running.get(victim)!;
    let told = 0;
    void node.removed.then(() => {
      told += 1;
    });
    const { term } = cluster.running.get(cluster.leader!)!.status.raft;
    const own = await node.client({ timeoutMs: 20_000 });
    await client.cluster.removeMember(idOf(await client.cluster.members(), victim));
    await app.until(() => told === 1, 5000);
    // Its client has learnt of the others, and goes on with them.
    await own.put('by its client', '1');
    await own.close();
    expect(node.status.removed).toBe(true);
    await app.sleep(5000);
    expect(cluster.running.get(cluster.leader!)!.status.raft.term).toBe(term);
    for (const name of cluster.others(victim)) expect(cluster.running.get(name)!.status.removed).toBe(false);
  });

  scenario('that was down when it was removed finds out when it starts', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const victim = cluster.others(cluster.leader)[0]!;
    cluster.world.node(victim).crash();
    await client.cluster.removeMember(idOf(await client.cluster.members(), victim));
    const before = cluster.running.get(victim);
    cluster.world.node(victim).start();
    await app.until(() => cluster.running.get(victim) !== before);
    await app.until(() => cluster.running.get(victim)!.status.removed === true, 5000);
  });

  scenario('that is merely cut off does not take itself for removed', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const [alone, other] = cluster.others(cluster.leader);
    const leader = cluster.leader!;
    // It reaches one follower, but nobody who leads.
    cluster.world.net.partition([alone!], [leader]);
    await app.sleep(20_000);
    expect(cluster.running.get(alone!)!.status.removed).toBe(false);
    cluster.world.node(other!).kill();
    cluster.world.node(leader).kill();
    await app.sleep(20_000);
    expect(cluster.running.get(alone!)!.status.removed).toBe(false);
  });

  scenario('can be given the lead', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    for (const name of cluster.names) {
      await client.cluster.moveLeader(idOf(await client.cluster.members(), name));
      await app.until(() => cluster.leader === name);
      await client.put('led by', name);
    }
    await expect(client.cluster.moveLeader(12345)).rejects.toMatchObject({ code: 'bad-leader-transferee' });
  });

  scenario('can be renamed, but not to a name that another has', async (app, client) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const { isLearner: _, ...member } = (await client.cluster.members())[0]!;
    await client.cluster.updateMember({ ...member, clientUrls: ['http://x:1'] });
    expect((await client.cluster.members())[0]).toMatchObject({ clientUrls: ['http://x:1'] });
    const other = (await client.cluster.members())[1]!;
    await expect(client.cluster.updateMember({ ...member, name: other.name })).rejects.toMatchObject({
      code: 'member-exists',
    });
  });
});

describe('a change of the membership is refused', () => {
  scenario('when the name or the address is taken', async (app, client) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const taken = { name: 'a', peerAddress: addressOf('z'), clientUrls: [] };
    await expect(client.cluster.addMember(taken)).rejects.toMatchObject({ code: 'member-exists' });
    const same = { name: 'z', peerAddress: addressOf('a'), clientUrls: [] };
    await expect(client.cluster.addMember(same)).rejects.toMatchObject({ code: 'member-exists' });
  });

  scenario('when the learner has not caught up', async (_app, client) => {
    const { id } = await client.cluster.addMember({ name: 'd', peerAddress: addressOf('d'), clientUrls: [] });
    await expect(client.cluster.promoteMember(id)).rejects.toMatchObject({
      code: 'learner-not-ready',
      retryable: true,
    });
  });

  scenario('when there is no such member, or it votes already', async (app, client) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    await expect(client.cluster.promoteMember(12345)).rejects.toMatchObject({ code: 'member-not-found' });
    await expect(client.cluster.removeMember(12345)).rejects.toMatchObject({ code: 'member-not-found' });
    const [first] = await client.cluster.members();
    await expect(client.cluster.promoteMember(first!.id)).rejects.toMatchObject({ code: 'member-not-learner' });
  });

  scenario('when too few would be left to decide', async (app, client, cluster) => {
    await untilVoters(app, client, ['a', 'b', 'c']);
    const [dead, alive] = cluster.others(cluster.leader);
    cluster.world.node(dead!).kill();
    await app.sleep(3000);
    const members = await client.cluster.members();
    await expect(client.cluster.removeMember(idOf(members, alive!))).rejects.toMatchObject({
      code: 'unhealthy-cluster',
    });
    await client.cluster.removeMember(idOf(members, dead!));
    await client.put('after', '1');
  });
});
