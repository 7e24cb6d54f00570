/**
 * The consistent core on one of its nodes: the replicated state machine, its Raft group, and the way to the other members, behind the
 * interface that gateways and the native server use.
 */
import type { Address, Env } from '@quorate/env';
import { NodeId } from '@quorate/patterns/consensus/raft';
import type { RaftGroup } from '../../raft/types.ts';
import type { PeerTransport } from '../../transport/types.ts';
import { encodeCommand } from '../codec/index.ts';
import type { CallOptions, Core, CoreStatus, LeaseStatus, MemberStatus, WatchHandle } from '../core.ts';
import { CoreError } from '../errors.ts';
import type { CoreMachine } from '../machine/index.ts';
import { coreError } from '../messages.ts';
import type {
  LeaseGrantRequest,
  LeaseGrantResponse,
  MemberRecord,
  RangeRequest,
  RangeResponse,
  WatchMessage,
  WatchRequest,
  WriteRequest,
  WriteResponseOf,
} from '../requests.ts';
import { checkWrite } from '../validation.ts';
import type { CoreBackend } from './core-backend.ts';
import { DEFAULT_TIMEOUT_MS, LeaderCalls } from './leader-calls.ts';
import { LeaderLine } from './leader-line.ts';
import { LeaderView } from './leader-view.ts';
import { LeaseKeeping } from './lease-keeping.ts';
import { LocalReads } from './local-reads.ts';
import { LocalWrites } from './local-writes.ts';
import { MemberBook } from './member-book.ts';
import { MemberCalls } from './member-calls.ts';
import { Membership } from './membership.ts';
import { QuotaWatch } from './quota-watch.ts';
import { ReadQueue } from './read-queue.ts';
import type { ServedMachine } from './served-machine.ts';
import { WaitingList } from './waiting-list.ts';
import { WriteForwarding } from './write-forwarding.ts';
import { WriteQueue } from './write-queue.ts';

/** Calls of this process's own (gateways, the embedding application) that may wait at the same time. */
export const CALLS_WAITING_MAX = 131_072;
export const QUOTA_BYTES_DEFAULT: number = 2 * 1024 * 1024 * 1024;

export interface CoreServiceParts {
  readonly env: Env;
  readonly group: RaftGroup;
  readonly machine: ServedMachine;
  readonly transport: PeerTransport & { isReachable(peer: NodeId): boolean };
  readonly clusterId: number;
  /** This node, as the others are to know it. */
  readonly self: MemberRecord;
  /** The members that the cluster was founded with; none on a node that was added later. */
  readonly founders: readonly MemberRecord[];
  readonly version: string;
  readonly quotaBytes?: number;
  /** The group's election timeout. Default 300. */
  readonly electionTimeoutMs?: number;
  /** Hears who the members are whenever that changes. */
  readonly onMembers?: (members: readonly MemberRecord[]) => void;
}

export class CoreService implements Core, CoreBackend {
  readonly core: Core = this;
  readonly view: LeaderView;
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
  readonly leaseKeeping: LeaseKeeping;
  readonly #parts: CoreServiceParts;
  readonly #calls: WaitingList;
  readonly #localReads: LocalReads;
  readonly #localWrites: LocalWrites;
  readonly #book: MemberBook;
  readonly #memberCalls: MemberCalls;
  readonly #quota: QuotaWatch;
  readonly #subscriptions: Disposable[] = [];
  /** Shown in `status`. */
  removed = false;

  constructor(parts: CoreServiceParts) {
    this.#parts = parts;
    const { env, group, transport, clusterId } = parts;
    const { machine } = parts.machine;
    const self = NodeId.of(parts.self.id);
    this.#calls = new WaitingList(env, CALLS_WAITING_MAX);
    this.view = new LeaderView(group, self);
    const line = new LeaderLine(transport, this.view);
    const forwarding = new WriteForwarding(line, group);
    this.writes = new WriteQueue({
      tasks: env.tasks,
      group,
      view: this.view,
      forward: (leader, payload, batch) => forwarding.forward(leader, payload, batch),
      ended: () => this.#quota.check(),
    });
    this.reads = new ReadQueue(group);
    this.#localReads = new LocalReads(this.#calls, this.reads, machine);
    this.#localWrites = new LocalWrites(env, this.#calls, this.writes, this.view);
    const calls = new LeaderCalls(env, this.#calls, line);
    this.leaseKeeping = new LeaseKeeping({
      env,
      machine,
      view: this.view,
      writes: this.writes,
      reads: this.reads,
      line,
      calls,
      extendMs: parts.electionTimeoutMs ?? 300,
    });
    const records = (): readonly MemberRecord[] => machine.members;
    parts.machine.leases = this.leaseKeeping;
    this.#book = new MemberBook({ group, transport, records }, parts.founders, parts.onMembers);
    const write = (request: WriteRequest): Promise<unknown> => this.write(request);
    const isReachable = (member: NodeId): boolean => transport.isReachable(member);
    const membership = new Membership({
      group,
      self,
      clusterId,
      records,
      members: () => this.#book.members,
      write,
      isReachable,
      barrier: () => this.#localReads.barrier('change the members'),
    });
    this.#memberCalls = new MemberCalls(line, calls, membership, this.view, self);
    this.#quota = new QuotaWatch({
      quotaBytes: this.quotaBytes,
      sizeBytes: () => machine.sizeBytes,
      alarms: () => machine.alarms,
      raise: () => this.write({ kind: 'alarm', action: 'activate', alarm: 'no-space', memberId: self }),
    });
    this.#subscribe();
  }

  #subscribe(): void {
    const { group, machine } = this.#parts;
    this.#subscriptions.push(
      group.onChange(() => this.#book.configurationChanged()),
      machine.onApplied(() => this.#book.refresh()),
    );
  }

  get #machine(): CoreMachine {
    return this.#parts.machine.machine;
  }

  get quotaBytes(): number {
    return this.#parts.quotaBytes ?? QUOTA_BYTES_DEFAULT;
  }

  get status(): CoreStatus {
    const { clusterId, self, version, group } = this.#parts;
    const { machine } = this.#parts.machine;
    return {
      clusterId,
      memberId: self.id,
      name: self.name,
      version,
      raft: group.status,
      revision: machine.revision,
      compactRevision: machine.compactRevision,
      sizeBytes: machine.sizeBytes,
      quotaBytes: this.quotaBytes,
      alarms: machine.alarms,
      removed: this.removed,
    };
  }

  get members(): readonly MemberStatus[] {
    return this.#book.members;
  }

  addressOf(member: NodeId | undefined): Address | undefined {
    return this.#book.addressOf(member);
  }

  write<K extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: K }>,
    options?: CallOptions,
  ): Promise<WriteResponseOf[K]> {
    const objection = checkWrite(request);
    if (objection !== undefined) return Promise.reject(objection);
    const command = encodeCommand(request);
    return this.#localWrites.write(request.kind, command, options, DEFAULT_TIMEOUT_MS) as Promise<WriteResponseOf[K]>;
  }

  range(request: RangeRequest, options?: CallOptions & { serializable?: boolean }): Promise<RangeResponse> {
    return this.#localReads.range(request, options);
  }

  readNow(request: RangeRequest): RangeResponse | CoreError {
    return this.#machine.range(request);
  }

  watch(request: WatchRequest, deliver: (message: WatchMessage) => void): WatchHandle {
    return this.#machine.watch(request, deliver);
  }

  grantLease(request: Omit<LeaseGrantRequest, 'kind'>, options?: CallOptions): Promise<LeaseGrantResponse> {
    return this.write({ kind: 'lease-grant', ...request }, options);
  }

  keepAlive(
    leaseId: number,
    options?: CallOptions,
  ): Promise<{ readonly ttlSeconds: number; readonly revision: number }> {
    return this.leaseKeeping.keepAliveCall(leaseId, options);
  }

  leaseStatus(leaseId: number, options?: CallOptions & { keys?: boolean }): Promise<LeaseStatus> {
    return this.leaseKeeping.statusCall(leaseId, options);
  }

  async leases(options?: CallOptions): Promise<readonly number[]> {
    await this.#localReads.barrier('list the leases', options);
    return Array.from(this.#machine.leases, ({ id }) => id);
  }

  async hash(
    revision: number,
  ): Promise<{ readonly hash: number; readonly revision: number; readonly compactRevision: number }> {
    const slices = this.#machine.hash(revision);
    for (;;) {
      const { value, done } = slices.next();
      if (done !== true) await this.#pause();
      else if (value instanceof CoreError) throw value;
      else return value;
    }
  }

  addMember(member: Omit<MemberRecord, 'id'>, options: CallOptions & { learner: boolean }): Promise<MemberStatus> {
    return this.#memberCalls.add(member, options.learner, options);
  }

  promoteMember(id: number, options?: CallOptions): Promise<void> {
    return this.#memberCalls.promote(id, options);
  }

  removeMember(id: number, options?: CallOptions): Promise<void> {
    return this.#memberCalls.remove(id, options);
  }

  updateMember(member: MemberRecord, options?: CallOptions): Promise<void> {
    return this.#memberCalls.update(member, options);
  }

  moveLeader(to: number, options?: CallOptions): Promise<void> {
    return this.#memberCalls.moveLeader(to, options);
  }

  /** Everything acknowledged before this call is in it. */
  async *snapshot(): AsyncGenerator<Uint8Array, void> {
    await this.#localReads.barrier('snapshot');
    // Whoever asked may collect them.
    for await (const chunk of this.#machine.snapshot()) {
      if (chunk.length > 0) yield chunk.slice();
      else await this.#pause();
    }
  }

  /** Lets sockets and timers have their turn. */
  #pause(): Promise<void> {
    const { clock, timers } = this.#parts.env;
    return new Promise((resolve) => timers.at(clock.monotonic(), resolve));
  }

  onApplied(listener: () => void): Disposable {
    return this.#parts.machine.onApplied(listener);
  }

  /** Writes or calls are under way. */
  get busy(): boolean {
    return this.writes.inFlight > 0 || this.#calls.size > 0;
  }

  /** If this node leads and another one can: lets it. Rejects when that has not happened in time. */
  async handOver(timeoutMs: number): Promise<void> {
    if (!this.view.leads || this.#parts.group.status.configuration.voters.length < 2) return;
    await this.moveLeader(0, { timeoutMs });
  }

  /** Takes no more requests, and rejects those that wait. The group is its owner's to stop. */
  stop(): void {
    this.writes.stop();
    this.#localWrites[Symbol.dispose]();
    this.leaseKeeping[Symbol.dispose]();
    this.#calls.rejectAll((waiter) => coreError('stopped', { outcome: waiter.outcome }));
    this.#calls[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.view[Symbol.dispose]();
  }
}
