import { clear, Instant, unreachable } from '@quorate/patterns/base';
import type {
  Configuration,
  NodeId,
  RaftEffect,
  RaftInput,
  RaftMessage,
  SnapshotMark,
} from '@quorate/patterns/consensus/raft';
import type { GroupId, PersistRequest } from '../storage/types.ts';
import { Applier, type ApplyBudget } from './applier.ts';
import { Changes } from './changes.ts';
import { GroupError } from './errors.ts';
import { HeldMessages } from './held-messages.ts';
import type { RaftKernel } from './kernel.ts';
import type { ResolvedGroupOptions } from './options.ts';
import { PendingProposals } from './pending-proposals.ts';
import { ReadBarriers } from './read-barriers.ts';
import type { Restored } from './restart.ts';
import type { GroupStatus, Proposal, RaftGroup, StateMachine } from './types.ts';

/** The longest entry: it must fit into one frame with what surrounds it. */
export const ENTRY_BYTES_MAX: number = 8 * 1024 * 1024;
/** The ticket of what the kernel need not hear back about. */
const UNASKED = 0;

/** Over all groups of a host. */
export interface GroupCounts {
  /** Entries that were to be proposed here. */
  proposals: number;
  /** Turns of a group in which there were any. */
  batches: number;
}

/** What a group asks of the host that runs it. */
export interface GroupPort {
  readonly self: NodeId;
  readonly counts: GroupCounts;
  now(): Instant;
  defer(fn: () => void): void;
  /** The group has something queued: step it at the end of this turn. */
  schedule(group: HostedGroup): void;
  send(to: NodeId, group: GroupId, message: RaftMessage): void;
  /** Joins this turn's batch; `HostedGroup.durable(ticket)` follows. */
  persist(group: HostedGroup, ticket: number, request: PersistRequest): void;
  sendSnapshot(group: HostedGroup, to: NodeId, term: number): void;
  takeSnapshot(group: HostedGroup, mark: SnapshotMark): void;
  restore(group: HostedGroup): Promise<Restored>;
  fatal(reason: Error): void;
}

export interface GroupParts {
  readonly kernel: RaftKernel;
  readonly machine: StateMachine;
  readonly options: ResolvedGroupOptions;
  /** Where the state machine stands, and where the log ends. */
  readonly mark: SnapshotMark;
  readonly lastIndex: number;
  /** Of the snapshot that the state machine was fed; 0 without one. */
  readonly snapshotSizeBytes: number;
  /** In [0, 1): spreads the snapshots of the members. */
  readonly random: () => number;
}

/** One group: its kernel, what waits to be stepped, and what its effects have set in motion. Driven by `RaftHost`. */
export class HostedGroup implements RaftGroup {
  readonly id: GroupId;
  readonly machine: StateMachine;
  readonly options: ResolvedGroupOptions;
  readonly #port: GroupPort;
  readonly #kernel: RaftKernel;

  readonly #inputs: RaftInput[] = [];
  readonly #out: RaftEffect[] = [];
  readonly #held: HeldMessages = new HeldMessages();
  readonly #send: (to: NodeId, message: RaftMessage) => void;
  #durableTicket = 0;
  #steppedTicket = 0;
  #nextId = 1;

  readonly #proposals: PendingProposals;
  readonly #reads: ReadBarriers;
  readonly #changes: Changes;
  readonly #applier: Applier;
  #reportedApplied: number;
  #commitIndex: number;
  #logLast: number;
  #snapshotIndex: number;

  readonly #listeners: Set<(status: GroupStatus) => void> = new Set();
  #changed = false;
  #stopped = false;
  /** In the host's list of groups to step. */
  scheduled = false;

  constructor(port: GroupPort, id: GroupId, parts: GroupParts) {
    const { kernel, machine, options, mark } = parts;
    this.#port = port;
    this.id = id;
    this.machine = machine;
    this.options = options;
    this.#kernel = kernel;
    this.#send = (to, message) => port.send(to, id, message);
    this.#reportedApplied = mark.index;
    this.#commitIndex = mark.index;
    this.#snapshotIndex = mark.index;
    this.#logLast = parts.lastIndex;
    this.#proposals = new PendingProposals(options.queuedProposalsMax);
    this.#reads = new ReadBarriers({
      timeoutMs: options.readTimeoutMs,
      answerMs: options.electionTimeoutMs,
      retryMs: options.heartbeatIntervalMs,
    });
    this.#changes = new Changes(port.self, this.#inputs);
    this.#applier = this.#makeApplier(parts);
  }

  // --- The owner's side.

  get status(): GroupStatus {
    const { role, term, leader, commitIndex, lastIndex, configuration, damaged, progress } = this.#kernel.status;
    const appliedIndex = Math.min(this.#applier.applied.index, commitIndex);
    const snapshotIndex = this.#snapshotIndex;
    const stopped = this.#stopped;
    return {
      // Whoever has stopped leads nothing and follows nobody, whatever its last step left behind.
      role: stopped ? 'follower' : role,
      term,
      leader: stopped ? undefined : leader,
      commitIndex,
      appliedIndex,
      lastIndex,
      snapshotIndex,
      configuration,
      damaged,
      progress: stopped ? [] : progress,
    };
  }

  propose(data: Uint8Array | (() => Uint8Array), proposal: Proposal): void {
    if (typeof data !== 'function' && data.length > ENTRY_BYTES_MAX) {
      throw new RangeError(`an entry of ${data.length} bytes: at most ${ENTRY_BYTES_MAX} fit into a frame`);
    }
    if (this.#stopped) {
      this.#port.defer(() => proposal.refused({ reason: 'stopped', leader: undefined }));
      return;
    }
    if (this.#applier.backlogBytes > this.options.applyBacklogBytesMax) {
      this.#proposals.turnAway(proposal, { reason: 'overloaded', leader: this.#kernel.status.leader });
    } else this.#proposals.add(data, proposal);
    this.#port.schedule(this);
  }

  readBarrier(done: (error: Error | undefined) => void): void {
    if (this.#stopped) {
      this.#port.defer(() => done(stopped()));
      return;
    }
    this.#reads.add(done, this.#port.now());
    this.#port.schedule(this);
  }

  configure(voters: readonly NodeId[], learners: readonly NodeId[]): Promise<void> {
    if (this.#stopped) return Promise.reject(stopped());
    this.#port.schedule(this);
    return this.#changes.configure(this.#nextId++, voters, learners);
  }

  transferLeadership(to: NodeId): Promise<void> {
    if (this.#stopped) return Promise.reject(stopped());
    const { role, leader, configuration } = this.#kernel.status;
    if (leader === to) return Promise.resolve();
    if (role !== 'leader') {
      const message = leader === undefined ? 'no leader is known' : `node ${leader} is the leader: ask it`;
      return Promise.reject(new GroupError('not-leader', message));
    }
    if (!configuration.voters.includes(to)) {
      return Promise.reject(new GroupError('invalid-configuration', `node ${to} is not a voter of this group`));
    }
    this.#port.schedule(this);
    return this.#changes.transfer(to, Instant.add(this.#port.now(), this.options.transferTimeoutMs));
  }

  onChange(listener: (status: GroupStatus) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  // --- The host's side.

  /** When `step` with a tick is next useful. */
  get deadline(): Instant | undefined {
    if (this.#stopped) return undefined;
    return least(this.#kernel.deadline, least(this.#reads.deadline, this.#changes.deadline));
  }

  /** Something waits for `apply`. */
  get hasWork(): boolean {
    return this.#applier.hasWork || this.#reads.hasReady(this.#applier.applied.index);
  }

  /** Where the state machine stands; undefined while a snapshot takes its place, or has brought it beyond what is committed here. */
  get applied(): SnapshotMark | undefined {
    const { isRestoring, applied } = this.#applier;
    return isRestoring || applied.index > this.#commitIndex ? undefined : applied;
  }

  get configuration(): Configuration {
    return this.#kernel.status.configuration;
  }

  isLeaderOf(term: number): boolean {
    const { role, term: current } = this.#kernel.status;
    return !this.#stopped && role === 'leader' && current === term;
  }

  enqueue(input: RaftInput): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    this.#port.schedule(this);
  }

  /** Everything up to and including `ticket` is on disk. */
  durable(ticket: number): void {
    if (this.#stopped || ticket <= this.#durableTicket) return;
    this.#durableTicket = ticket;
    this.#port.schedule(this);
  }

  /** Steps everything queued; then, if `tick`, lets time pass. Messages that have arrived are seen before the clock is. */
  step(now: Instant, tick: boolean): void {
    const kernel = this.#kernel;
    const out = this.#out;
    if (this.#durableTicket > this.#steppedTicket) {
      this.#steppedTicket = this.#durableTicket;
      this.#held.release(this.#durableTicket, this.#send);
      kernel.step({ kind: 'persisted', ticket: this.#durableTicket }, now, out);
    }
    for (let i = 0; i < this.#inputs.length; i++) kernel.step(this.#inputs[i]!, now, out);
    clear(this.#inputs);
    this.#reportApplied(now);
    if (this.#proposals.queued > 0) {
      const id = this.#nextId++;
      this.#port.counts.proposals += this.#proposals.queued;
      this.#port.counts.batches += 1;
      kernel.step({ kind: 'propose', id, data: this.#proposals.takeBatch(id) }, now, out);
    }
    if (tick) this.#tick(now);
    if (this.#reads.ask(this.#nextId, now)) kernel.step({ kind: 'read', id: this.#nextId++ }, now, out);
    for (let i = 0; i < out.length; i++) this.#carryOut(out[i]!, now);
    clear(out);
    this.#proposals.flushTurnedAway();
  }

  /** Feeds committed entries to the state machine until there are none or the budget is spent; then tells readers. */
  apply(budget: ApplyBudget): void {
    this.#applier.run(budget);
    this.#reads.complete(this.#applier.applied.index);
  }

  /** Tells listeners of a change, once per turn. */
  announce(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const status = this.status;
    for (const listener of [...this.#listeners]) listener(status);
  }

  /**
   * A snapshot of the state machine at `mark` is durable here; `trailing` entries stay behind it. Returns up to where the log may be
   * forgotten.
   */
  compacted(mark: SnapshotMark, trailing: number): number {
    this.#snapshotIndex = Math.max(this.#snapshotIndex, mark.index);
    const keepFrom = Math.min(mark.index + 1, Math.max(1, mark.index + 1 - trailing, this.#applier.trailFrom));
    this.enqueue({ kind: 'compact', mark, keepFrom });
    return keepFrom - 1;
  }

  snapshotTaken(sizeBytes: number): void {
    this.#applier.snapshotTaken(sizeBytes);
  }

  snapshotFailed(): void {
    this.#applier.snapshotFailed();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clear(this.#inputs);
    this.#held.clear();
    this.#applier.stop();
    this.#proposals.stop();
    this.#reads.stop(stopped());
    this.#changes.stop(stopped());
    this.#listeners.clear();
  }

  // --- Inside.

  #makeApplier({ mark, snapshotSizeBytes, random }: GroupParts): Applier {
    const port = this.#port;
    return new Applier({
      machine: this.machine,
      proposals: this.#proposals,
      mark,
      snapshotSizeBytes,
      random,
      snapshotEntries: this.options.snapshotEntries,
      snapshotBytes: this.options.snapshotBytes,
      trailingBytes: this.options.trailingBytes,
      takeSnapshot: (at) => port.takeSnapshot(this, at),
      restore: () => port.restore(this),
      moved: () => port.schedule(this),
      failed: (cause) => port.fatal(new Error(`group ${this.id}: a received snapshot cannot be restored`, { cause })),
    });
  }

  #reportApplied(now: Instant): void {
    const index = Math.min(this.#applier.applied.index, this.#commitIndex);
    if (index <= this.#reportedApplied) return;
    this.#reportedApplied = index;
    this.#kernel.step({ kind: 'applied', index }, now, this.#out);
  }

  #tick(now: Instant): void {
    this.#reads.expire(now);
    this.#changes.expire(now);
    this.#kernel.step({ kind: 'tick' }, now, this.#out);
  }

  #carryOut(effect: RaftEffect, now: Instant): void {
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.ticket, { entries: effect.entries, state: effect.state });
        return;
      case 'send':
        if (effect.after <= this.#durableTicket) this.#send(effect.to, effect.message);
        else this.#held.add(effect.after, effect.to, effect.message);
        return;
      case 'commit':
        this.#commitIndex = effect.entries[effect.entries.length - 1]?.index ?? this.#commitIndex;
        this.#applier.commit(effect.entries);
        return;
      case 'proposed':
        this.#proposals.accepted(effect.id, effect.firstIndex, effect.lastIndex, effect.term);
        return;
      case 'refused':
        this.#refused(effect);
        return;
      case 'read-ready':
        this.#reads.answered(effect.ids, effect.index);
        return;
      case 'read-failed':
        this.#reads.failed(effect.ids, now);
        return;
      case 'send-snapshot':
        this.#port.sendSnapshot(this, effect.to, effect.term);
        return;
      case 'restore':
        this.#restore(effect);
        return;
      case 'role':
        this.#role(effect, now);
        return;
      case 'configuration':
        this.#changed = true;
        if (effect.committed) this.#changes.configured(effect.configuration);
        return;
      case 'repaired':
        this.#changed = true;
        this.#persist(UNASKED, { entries: [], state: undefined, repaired: true });
        return;
      default:
        unreachable(effect);
    }
  }

  #persist(ticket: number, request: Omit<PersistRequest, 'group' | 'commit'>): void {
    this.#logLast = request.entries[request.entries.length - 1]?.index ?? this.#logLast;
    // What is committed may not be in this log yet; recovery must find every entry that the record speaks of.
    const commit = Math.min(this.#commitIndex, this.#logLast);
    this.#port.persist(this, ticket, { group: this.id, ...request, commit });
  }

  #refused({ id, reason, leader }: Extract<RaftEffect, { kind: 'refused' }>): void {
    const known = reason === 'not-leader' || reason === 'transferring' ? reason : 'overloaded';
    if (!this.#proposals.refused(id, { reason: known, leader })) this.#changes.refused(id, reason, leader);
  }

  #role({ role, leader }: Extract<RaftEffect, { kind: 'role' }>, now: Instant): void {
    this.#changed = true;
    if (role !== 'leader') this.#proposals.loseAfter(this.#commitIndex);
    if (leader !== undefined) this.#reads.leaderKnown(now);
    this.#changes.role(leader);
  }

  /** The snapshot at `mark` is durable in the snapshot store already; now the log restarts after it and the machine is replaced. */
  #restore({ ticket, mark, state }: Extract<RaftEffect, { kind: 'restore' }>): void {
    this.#commitIndex = Math.max(this.#commitIndex, mark.index);
    this.#snapshotIndex = mark.index;
    this.#logLast = mark.index;
    this.#proposals.loseAfter(-1);
    this.#persist(ticket, { restart: mark, entries: [], state });
    this.#applier.restore();
  }
}

function least(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}

const stopped = (): GroupError => new GroupError('stopped', 'this node is stopping');
