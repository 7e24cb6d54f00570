/**
 * One node of the consistent core, from its configuration to a running whole, and back. The order of the start is that of the dependencies, and
 * the stop is its reverse:
 *
 *     identity -> data directory (lock) -> log, snapshots -> port -> Raft -> core -> native server
 *
 * What was started when something later fails is stopped again before the error is passed on.
 */
import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { type Client, connect } from '../client/client.ts';
import { formatAddress } from '../client/endpoints.ts';
import type { ClientOptions } from '../client/options.ts';
import type { Core, CoreStatus } from '../core/core.ts';
import type { MemberRecord } from '../core/requests.ts';
import { CoreService } from '../core/service/core-service.ts';
import { ServedMachine } from '../core/service/served-machine.ts';
import { NativeServer } from '../core/service/server/native-server.ts';
import { type RaftGroup, RaftHost } from '../raft/index.ts';
import { type DataDirectory, GroupId, openDataDirectory, openLogStore, openSnapshotStore } from '../storage/index.ts';
import { NodeTransport } from '../transport/index.ts';
import type { ClientConnection, ClientHandler } from '../transport/types.ts';
import { type CoreNodeConfig, checkConfig } from './config.ts';
import { identify, type NodeIdentity, ownRecord } from './identity.ts';
import { MembersFile } from './members-file.ts';
import { RemovalWatch } from './removal-watch.ts';
import { logRoles } from './role-log.ts';
import { SelfCare } from './self-care.ts';

/** The consistent core's group; others follow. */
const CORE_GROUP: GroupId = GroupId.of(0);
/** How long a stop waits for a successor to lead, and for requests under way. */
const HAND_OVER_MS = 1000;
const DRAIN_MS = 500;
const DRAIN_LOOK_MS = 10;
const VERSION = '0.1.0';

export interface CoreNode extends AsyncDisposable {
  readonly core: Core;
  /** Where it listens, with the port that the system chose when 0 was asked for. */
  readonly address: Address;
  readonly status: CoreStatus;
  /** A client of this cluster that starts with this node. */
  client(options?: Partial<Omit<ClientOptions, 'env'>>): Promise<Client>;
  /** Hands leadership over if that is quickly done, finishes what is under way, and closes everything. Idempotent. */
  stop(): Promise<void>;
  /** Resolves, if ever, when the disk failed or an invariant broke: nothing is acknowledged any more, and the process must end. */
  readonly fatal: Promise<Error>;
  /** Resolves, if ever, when this node was removed from its cluster: it serves nothing any more, and its data is of no further use. */
  readonly removed: Promise<void>;
}

/** Rejects with `NodeConfigError`, `StorageError`, `NetError` or, when it could not join, `CoreError`. */
export async function startCoreNode(env: Env, config: CoreNodeConfig): Promise<CoreNode> {
  checkConfig(config);
  const identity = await identify(env, config);
  const node = new RunningNode(env, config, identity);
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.stop();
    // When the disk failed meanwhile, what came of it is not the reason.
    throw node.failure ?? error;
  }
}

class RunningNode implements CoreNode {
  readonly fatal: Promise<Error>;
  readonly removed: Promise<void>;
  readonly #env: Env;
  readonly #config: CoreNodeConfig;
  readonly #identity: NodeIdentity;
  /** How to undo what has been started, in the order of the start. */
  readonly #started: (() => Promise<void>)[] = [];
  #announceFatal!: (reason: Error) => void;
  #announceRemoved!: () => void;
  #transport!: NodeTransport;
  #service!: CoreService;
  #server: NativeServer | undefined;
  /** Why it stopped by itself. */
  failure: Error | undefined;
  #stopping: Promise<void> | undefined;

  constructor(env: Env, config: CoreNodeConfig, identity: NodeIdentity) {
    this.#env = env;
    this.#config = config;
    this.#identity = identity;
    this.fatal = new Promise((resolve) => {
      this.#announceFatal = resolve;
    });
    this.removed = new Promise((resolve) => {
      this.#announceRemoved = resolve;
    });
  }

  async start(): Promise<void> {
    const directory = await this.#openDirectory();
    const membersFile = new MembersFile(this.#env, directory.path);
    this.#started.push(() => membersFile.close());
    const remembered = await membersFile.read();
    this.#transport = await this.#listen();
    const machine = new ServedMachine(this.#env.tasks);
    const { host, group } = await this.#startRaft(directory, machine);
    this.#service = this.#serve(group, machine, membersFile, remembered);
    this.#started.push(async () => {
      this.#service.stop();
      await host.stop();
    });
    this.#server = new NativeServer(this.#env, this.#service);
    this.#started.push(async () => this.#server?.stop());
    this.#careForSelf(machine);
    this.#env.log.info('node started', {
      node: this.#config.name,
      id: this.#identity.nodeId,
      cluster: this.#identity.clusterId,
      address: formatAddress(this.address),
    });
  }

  async #openDirectory(): Promise<DataDirectory> {
    const { clusterId, nodeId } = this.#identity;
    const directory = await openDataDirectory(this.#env, this.#config.dataDirectory, { clusterId, nodeId });
    this.#started.push(async () => directory[Symbol.asyncDispose]());
    return directory;
  }

  async #listen(): Promise<NodeTransport> {
    const { clusterId, nodeId } = this.#identity;
    const onClient = (client: ClientConnection): ClientHandler | undefined => this.#server?.accept(client);
    const { listen } = this.#config;
    const transport = await NodeTransport.listen({ env: this.#env, self: nodeId, clusterId, listen, onClient });
    this.#started.push(() => transport.close());
    return transport;
  }

  async #startRaft(
    directory: DataDirectory,
    machine: ServedMachine,
  ): Promise<{ readonly host: RaftHost; readonly group: RaftGroup }> {
    const owner = { clusterId: this.#identity.clusterId, nodeId: this.#identity.nodeId };
    const log = await openLogStore(this.#env, directory.logPath, { ...this.#config.storage, ...owner });
    this.#started.push(() => log.close());
    const snapshots = await openSnapshotStore(this.#env, directory.snapshotsPath, owner);
    const host = new RaftHost({
      env: this.#env,
      self: owner.nodeId,
      transport: this.#transport,
      log,
      snapshots,
      onFatal: (reason) => this.#fail(reason),
      ...(this.#config.createKernel === undefined ? {} : { createKernel: this.#config.createKernel }),
    });
    const group = await host.addGroup(CORE_GROUP, machine, this.#config.raft ?? {}, this.#identity.initial);
    logRoles(group, this.#env.log, this.#config.name);
    return { host, group };
  }

  #serve(
    group: RaftGroup,
    machine: ServedMachine,
    membersFile: MembersFile,
    remembered: readonly MemberRecord[],
  ): CoreService {
    const { clusterId, nodeId, known } = this.#identity;
    const { quotaBytes, version, raft } = this.#config;
    return new CoreService({
      env: this.#env,
      group,
      machine,
      transport: this.#transport,
      clusterId,
      self: ownRecord(this.#config, nodeId, this.address),
      founders: remembered.length > 0 ? remembered : known,
      version: version ?? VERSION,
      onMembers: (members) => membersFile.save(members),
      ...(quotaBytes === undefined ? {} : { quotaBytes }),
      ...(raft?.electionTimeoutMs === undefined ? {} : { electionTimeoutMs: raft.electionTimeoutMs }),
    });
  }

  #careForSelf(machine: ServedMachine): void {
    const { nodeId } = this.#identity;
    const care = new SelfCare({
      env: this.#env,
      core: this.#service,
      self: ownRecord(this.#config, nodeId, this.address),
      recorded: () => machine.machine.members.find(({ id }) => id === nodeId),
      promote: this.#config.joinAs !== 'learner',
    });
    const watch = new RemovalWatch({
      env: this.#env,
      core: this.#service,
      clusterId: this.#identity.clusterId,
      removed: () => this.#wasRemoved(),
    });
    this.#started.push(async () => {
      care[Symbol.dispose]();
      watch[Symbol.dispose]();
    });
  }

  #wasRemoved(): void {
    this.#service.removed = true;
    const { nodeId, clusterId } = this.#identity;
    const { name } = this.#config;
    this.#env.log.warn('this node was removed from the cluster for good', {
      node: name,
      id: nodeId,
      cluster: clusterId,
    });
    this.#announceRemoved();
  }

  get core(): Core {
    return this.#service;
  }

  get address(): Address {
    return this.#transport.address;
  }

  get status(): CoreStatus {
    return this.#service.status;
  }

  client(options: Partial<Omit<ClientOptions, 'env'>> = {}): Promise<Client> {
    return connect({
      env: this.#env,
      endpoints: [this.address],
      clusterId: this.#identity.clusterId,
      name: this.#config.name,
      ...options,
    });
  }

  #fail(reason: Error): void {
    if (this.failure !== undefined) return;
    this.failure = reason;
    this.#env.log.error('node failed', { node: this.#config.name, reason: reason.message });
    this.#announceFatal(reason);
    void this.stop();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#server !== undefined && this.failure === undefined) {
      await this.#handOver();
      await this.#drain();
    }
    for (const undo of this.#started.reverse()) {
      try {
        await undo();
      } catch (error) {
        this.#env.log.warn('while stopping', { node: this.#config.name, reason: String(error) });
      }
    }
  }

  async #handOver(): Promise<void> {
    try {
      await this.#service.handOver(HAND_OVER_MS);
    } catch (error) {
      this.#env.log.debug('leadership was not handed over', { reason: String(error) });
    }
  }

  async #drain(): Promise<void> {
    const { clock, timers } = this.#env;
    const until = Instant.add(clock.monotonic(), DRAIN_MS);
    while (this.#service.busy && clock.monotonic() < until) {
      await new Promise<void>((resolve) => timers.at(Instant.add(clock.monotonic(), DRAIN_LOOK_MS), resolve));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
