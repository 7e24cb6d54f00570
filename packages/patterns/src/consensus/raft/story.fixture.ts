/** What befalls a cluster in one seeded run: a while of trouble, then calm, after which it must have come together. */
import { Cluster, type ClusterOptions } from './cluster.fixture.ts';
import type { FixtureNode } from './node.fixture.ts';
import type { NodeId } from './types.ts';

export interface Story extends ClusterOptions {
  readonly rounds: number;
  /** Disks may lose acknowledged entries, on one node at a time. */
  readonly damage?: boolean;
  /** Default: a bit of everything. The others drive at one kind of trouble. */
  readonly kind?: 'short reigns' | 'two leaders';
}

/** Runs it. Throws `InvariantError` on a violation, `Error` when the calm cluster does not come together. */
export function tell(story: Story): Cluster {
  const cluster = new Cluster(story);
  for (let round = 0; round < story.rounds; round++) {
    act(cluster, story);
    cluster.run(cluster.random.below(120));
  }
  cluster.calm();
  comeTogether(cluster);
  return cluster;
}

function act(cluster: Cluster, story: Story): void {
  const { random } = cluster;
  const node = random.pick([...cluster.nodes.values()]);
  const fate = random.below(100);
  if (story.kind === 'short reigns') return shortReign(cluster);
  if (story.kind === 'two leaders') return twoLeaders(cluster);
  if (fate < 20) return work(cluster);
  if (fate < 30) return workEverywhere(cluster);
  if (fate < 35) return changeWeather(cluster);
  if (fate < 40) return partition(cluster);
  if (fate < 52) return cluster.heal();
  if (fate < 60) return crashOrRestart(cluster, node, story);
  if (fate < 68) return cluster.compact(node, random.below(4));
  if (fate < 74) return reconfigure(cluster, story);
  if (fate < 78) return cluster.stall(node, random.below(1500));
  if (fate < 82) return askForTransfer(cluster);
  if (fate < 84) return cluster.step(node, { kind: 'campaign' });
  if (fate < 88) return cluster.step(node, { kind: 'unreachable', peer: random.pick([...cluster.nodes.keys()]) });
  for (let count = random.below(4); count >= 0; count--) readSomewhere(cluster);
}

function work(cluster: Cluster): void {
  const { random } = cluster;
  for (let count = random.below(6); count >= 0; count--) {
    const node = random.chance(0.8) ? (cluster.leader ?? random.pick(cluster.running)) : random.pick(cluster.running);
    cluster.propose(node, 1 + random.below(3));
    if (random.chance(0.3)) readSomewhere(cluster);
    cluster.run(random.below(10));
  }
}

function readSomewhere(cluster: Cluster): void {
  const node = cluster.random.pick(cluster.running);
  if (node !== undefined) cluster.read(node);
}

function changeWeather(cluster: Cluster): void {
  const { random, weather } = cluster;
  weather.drop = random.pick([0, 0, 0.01, 0.05, 0.3]);
  weather.duplicate = random.pick([0, 0, 0.05, 0.2]);
  weather.delayMaxMs = random.pick([1, 1, 2, 5, 20, 100]);
  weather.syncMaxMs = random.pick([0, 0, 2, 10, 100]);
}

function partition(cluster: Cluster): void {
  const { random } = cluster;
  const ids = [...cluster.nodes.keys()];
  if (random.chance(0.3)) return cutOneLink(cluster, random.pick(ids), random.pick(ids));
  if (random.chance(0.4))
    return cluster.isolate(random.chance(0.5) && cluster.leader ? cluster.leader : cluster.node(random.pick(ids)));
  const oneWay = random.chance(0.3);
  const side = new Set(ids.filter(() => random.chance(0.5)));
  for (const a of ids) {
    for (const b of ids) {
      if (side.has(a) === side.has(b)) continue;
      if (!oneWay || side.has(a)) cluster.cut(a, b);
    }
  }
}

function cutOneLink(cluster: Cluster, a: NodeId, b: NodeId): void {
  cluster.cut(a, b);
  if (cluster.random.chance(0.7)) cluster.cut(b, a);
}

/** Leaders that come and go before they have told everybody, with little else going on: figure 8's weather. */
function shortReign(cluster: Cluster): void {
  const { random, weather } = cluster;
  weather.drop = 0.3;
  weather.delayMaxMs = 10;
  for (const node of cluster.running) {
    if (node.role !== 'leader') continue;
    if (random.chance(0.5)) cluster.propose(node);
    cluster.run(random.below(25));
    if (random.chance(0.7) && node.running) cluster.crash(node);
  }
  for (const node of cluster.nodes.values()) if (!node.running && random.chance(0.4)) cluster.start(node);
  cluster.run(random.below(120));
}

/** The leader loses touch with one follower, which may be elected by those who still hear both. */
function twoLeaders(cluster: Cluster): void {
  const { random, leader } = cluster;
  cluster.heal();
  if (leader !== undefined) cutOneLink(cluster, leader.id, random.pick([...cluster.nodes.keys()]));
  for (let turn = 0; turn < 200; turn++) {
    if (cluster.leader !== undefined && random.chance(0.02)) cluster.propose(cluster.leader);
    cluster.run(2);
    for (const node of cluster.running) if (node.role === 'leader') cluster.read(node);
  }
}

/** Everybody who thinks that it leads writes and reads. */
function workEverywhere(cluster: Cluster): void {
  for (const node of cluster.running) {
    if (node.role !== 'leader') continue;
    cluster.propose(node);
    cluster.run(cluster.random.below(10));
  }
  for (const node of cluster.running) if (node.role === 'leader') cluster.read(node);
}

function crashOrRestart(cluster: Cluster, node: FixtureNode, story: Story): void {
  if (!node.running) return cluster.start(node);
  const nodes = [...cluster.nodes.values()];
  const whole = nodes.every((each) => !each.disk.damaged);
  cluster.crash(node);
  if (story.damage && whole && cluster.random.chance(0.6)) damage(cluster, node);
  // Keep somebody to talk to.
  if (cluster.running.length === 0) cluster.start(cluster.random.pick(nodes));
}

function damage(cluster: Cluster, node: FixtureNode): void {
  const { durable } = node;
  if (durable.state.term === 0) return;
  const count = 1 + cluster.random.below(Math.max(1, durable.entries.length));
  node.disk.damage(count, cluster.random.below(durable.state.term + 1));
}

function reconfigure(cluster: Cluster, story: Story): void {
  const { random, leader } = cluster;
  if (leader === undefined) return;
  const voters: NodeId[] = [];
  const learners: NodeId[] = [];
  for (const id of cluster.nodes.keys()) {
    const part = random.below(4);
    if (part < 2) voters.push(id);
    else if (part === 2) learners.push(id);
  }
  // Repair needs a majority besides the damaged node.
  if (story.damage && voters.length < 3) return;
  cluster.configure(leader, voters, learners);
}

function askForTransfer(cluster: Cluster): void {
  const { leader, random, nodes } = cluster;
  if (leader !== undefined) cluster.step(leader, { kind: 'transfer', to: random.pick([...nodes.keys()]) });
}

/** The group serves again, and all its members know the same. */
function comeTogether(cluster: Cluster): void {
  const before = cluster.invariants.maxCommit;
  const probe = { done: false };
  const done = (): boolean => {
    const { leader } = cluster;
    if (leader === undefined) return false;
    if (!probe.done) cluster.propose(leader);
    probe.done = true;
    return cluster.invariants.maxCommit > before && settled(cluster, leader);
  };
  for (let attempt = 0; attempt < 20; attempt++) {
    probe.done = false;
    if (cluster.runUntil(done, 1000)) return;
  }
  const shown = [...cluster.nodes.values()].map((node) => JSON.stringify(node.status));
  throw new Error(`the calm cluster does not come together:\n${shown.join('\n')}`);
}

function settled(cluster: Cluster, leader: FixtureNode): boolean {
  const { voters, outgoing, learners } = leader.configuration;
  if (outgoing.length > 0 || leader.commitIndex !== leader.image.lastIndex) return false;
  return [...voters, ...learners].every((id) => {
    const { status } = cluster.node(id);
    return status.commitIndex === leader.commitIndex && status.durableIndex === leader.commitIndex && !status.damaged;
  });
}
