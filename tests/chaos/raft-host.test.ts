import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Proposal, type RaftGroup, RaftHost, type StateMachine } from '@quorate/cluster/raft';
import { GroupId, type LogStore, openLogStore, openSnapshotStore } from '@quorate/cluster/storage';
import { NodeTransport } from '@quorate/cluster/transport';
import { createNodeEnv, type NodeEnv } from '@quorate/env/node';
import { NodeId } from '@quorate/patterns/consensus/raft';
import { afterEach, beforeEach, expect, test } from 'vitest';

const CLUSTER = 3;

class Counter implements StateMachine {
  sum = 0;
  apply(_index: number, data: Uint8Array, local: Proposal | undefined): void {
    this.sum += data[0]!;
    (local as (Proposal & { applied(): void }) | undefined)?.applied();
  }
  applied(): void {}
  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${this.sum}`);
  }
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) this.sum = Number(new TextDecoder().decode(chunk));
  }
}

class Node {
  readonly id: NodeId;
  readonly env: NodeEnv = createNodeEnv({ log: { level: 'error' } });
  readonly machine: Counter = new Counter();
  transport!: NodeTransport;
  log!: LogStore;
  host!: RaftHost;
  group!: RaftGroup;

  constructor(id: number) {
    this.id = NodeId.of(id);
  }

  async listen(): Promise<void> {
    const { env, id } = this;
    const listen = { host: '127.0.0.1', port: 0 };
    this.transport = await NodeTransport.listen({ env, self: id, clusterId: CLUSTER, listen });
  }

  async start(directory: string, nodes: readonly Node[]): Promise<void> {
    const { env, id, transport } = this;
    transport.setPeers(new Map(nodes.map((node) => [node.id, node.transport.address])));
    const owner = { clusterId: CLUSTER, nodeId: id };
    this.log = await openLogStore(env, join(directory, `${id}`, 'log'), owner);
    const snapshots = await openSnapshotStore(env, join(directory, `${id}`, 'snapshots'), owner);
    const onFatal = (reason: Error): void => {
      throw reason;
    };
    this.host = new RaftHost({ env, self: id, transport, log: this.log, snapshots, onFatal });
    const voters = nodes.map((node) => node.id);
    const initial = { voters, outgoing: [], learners: [], learnersNext: [] };
    this.group = await this.host.addGroup(GroupId.of(0), this.machine, { snapshotEntries: 100 }, initial);
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.transport.close();
    await this.log.close();
    this.env[Symbol.dispose]();
  }
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-raft-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function cluster(): Promise<Node[]> {
  const nodes = [1, 2, 3].map((id) => new Node(id));
  for (const node of nodes) await node.listen();
  for (const node of nodes) await node.start(directory, nodes);
  return nodes;
}

/** Resolves when the condition holds; looked at whenever a group changes, and at least a hundred times a second. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 2000) throw new Error(`not reached within 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const leaderOf = (nodes: readonly Node[]): Node | undefined =>
  nodes.find((node) => node.group.status.role === 'leader');

function add(node: Node, amount: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const proposal = {
      applied: resolve,
      refused: ({ reason }: { reason: string }) => reject(new Error(reason)),
      lost: () => reject(new Error('lost')),
    };
    node.group.propose(new Uint8Array([amount]), proposal);
  });
}

test('over real sockets and real files three nodes agree, and find everything again after a restart', async () => {
  const first = await cluster();
  await until(() => leaderOf(first) !== undefined);
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 100 }, () => add(leaderOf(first)!, 1)));
  }
  await until(() => first.every((node) => node.machine.sum === 300 && node.host.counters.snapshotsTaken > 0));
  for (const node of first) await node.stop();

  const second = await cluster();
  await until(() => leaderOf(second) !== undefined);
  await add(leaderOf(second)!, 5);
  await until(() => second.every((node) => node.machine.sum === 305));
  for (const node of second) {
    const read = await new Promise((resolve) => node.group.readBarrier(resolve));
    expect(read).toBe(undefined);
  }
  for (const node of second) await node.stop();
});
