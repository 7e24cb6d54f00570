/** Three hosts in this process, over real files and sockets, each with the same groups. */
import { join } from 'node:path';
import {
  type GroupOptions,
  type Proposal,
  type ProposalRefusal,
  type RaftGroup,
  RaftHost,
  type StateMachine,
} from '@quorate/cluster/raft';
import { GroupId, type LogStore, openLogStore, openSnapshotStore } from '@quorate/cluster/storage';
import { NodeTransport } from '@quorate/cluster/transport';
import { createNodeEnv, type NodeEnv } from '@quorate/env/node';
import { NodeId } from '@quorate/patterns/consensus/raft';
import { removeDirectory, temporaryDirectory } from '../leftovers.ts';

const CLUSTER = 3;
const HOSTS = 3;
const LEADERS_WITHIN_MS = 30_000;
const RETRY_MS = 10;

export interface HostCounts {
  readonly frames: number;
  readonly persists: number;
}

/** Keeps nothing: what is measured is the way there. */
class Sink implements StateMachine {
  apply(_index: number, _data: Uint8Array, local: Proposal | undefined): void {
    (local as Waiting | undefined)?.applied();
  }
  applied(): void {}
  async *snapshot(): AsyncGenerator<Uint8Array> {}
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const _ of chunks);
  }
}

class Waiting implements Proposal {
  readonly applied: () => void;
  readonly #failed: (error: Error) => void;
  constructor(applied: () => void, failed: (error: Error) => void) {
    this.applied = applied;
    this.#failed = failed;
  }
  refused({ reason }: ProposalRefusal): void {
    this.#failed(new Error(`refused: ${reason}`));
  }
  lost(): void {
    this.#failed(new Error('lost'));
  }
}

class Host {
  readonly id: NodeId;
  readonly env: NodeEnv = createNodeEnv({ log: { level: 'error' } });
  readonly groups: RaftGroup[] = [];
  transport!: NodeTransport;
  log!: LogStore;
  raft!: RaftHost;

  constructor(id: number) {
    this.id = NodeId.of(id);
  }

  async listen(): Promise<void> {
    const { env, id } = this;
    const listen = { host: '127.0.0.1', port: 0 };
    this.transport = await NodeTransport.listen({ env, self: id, clusterId: CLUSTER, listen });
  }

  async start(directory: string, hosts: readonly Host[], groups: number, options: GroupOptions): Promise<void> {
    const { env, id, transport } = this;
    transport.setPeers(new Map(hosts.map((host) => [host.id, host.transport.address])));
    const owner = { clusterId: CLUSTER, nodeId: id };
    this.log = await openLogStore(env, join(directory, `${id}`, 'log'), owner);
    const snapshots = await openSnapshotStore(env, join(directory, `${id}`, 'snapshots'), owner);
    const onFatal = (reason: Error): void => {
      throw reason;
    };
    this.raft = new RaftHost({ env, self: id, transport, log: this.log, snapshots, onFatal });
    const initial = { voters: hosts.map((host) => host.id), outgoing: [], learners: [], learnersNext: [] };
    for (let group = 0; group < groups; group++) {
      this.groups.push(await this.raft.addGroup(GroupId.of(group), new Sink(), options, initial));
    }
  }

  async stop(): Promise<void> {
    await this.raft.stop();
    await this.transport.close();
    await this.log.close();
    this.env[Symbol.dispose]();
  }
}

export class Hosts implements AsyncDisposable {
  readonly groupCount: number;
  readonly #directory: string;
  readonly #hosts: readonly Host[];

  private constructor(directory: string, hosts: readonly Host[], groupCount: number) {
    this.#directory = directory;
    this.#hosts = hosts;
    this.groupCount = groupCount;
  }

  /** Resolves when every group has a leader that all hosts follow. */
  static async start(groupCount: number, options: GroupOptions): Promise<Hosts> {
    const directory = temporaryDirectory('quorate-bench-groups-');
    const hosts = Array.from({ length: HOSTS }, (_, i) => new Host(i + 1));
    for (const host of hosts) await host.listen();
    await Promise.all(hosts.map((host) => host.start(directory, hosts, groupCount, options)));
    const started = new Hosts(directory, hosts, groupCount);
    await started.#untilLed();
    return started;
  }

  async #untilLed(): Promise<void> {
    const until = performance.now() + LEADERS_WITHIN_MS;
    for (let group = 0; group < this.groupCount; ) {
      const leaders = new Set(this.#hosts.map((host) => host.groups[group]!.status.leader));
      if (leaders.size === 1 && !leaders.has(undefined)) group += 1;
      else if (performance.now() > until) throw new Error(`group ${group} has no leader after ${LEADERS_WITHIN_MS} ms`);
      else await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** All hosts together. */
  get counts(): HostCounts {
    let frames = 0;
    let persists = 0;
    for (const { raft } of this.#hosts) {
      frames += raft.counters.frames;
      persists += raft.counters.persists;
    }
    return { frames, persists };
  }

  /** Proposes on the group's leader; resolves when it was applied there. A machine that stalls changes leaders: what that loses is proposed again. */
  async propose(group: number, data: Uint8Array): Promise<void> {
    const until = performance.now() + LEADERS_WITHIN_MS;
    for (;;) {
      try {
        return await this.#proposeOnce(group, data);
      } catch (error) {
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #proposeOnce(group: number, data: Uint8Array): Promise<void> {
    const leader = this.#hosts.find((host) => host.groups[group]!.status.role === 'leader');
    if (leader === undefined) return Promise.reject(new Error(`group ${group} has no leader`));
    return new Promise((applied, failed) => leader.groups[group]!.propose(data, new Waiting(applied, failed)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) await host.stop();
    removeDirectory(this.#directory);
  }
}
