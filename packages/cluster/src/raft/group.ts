import { assert, type Instant, Instant as InstantOf, unreachable } from '@quorate/patterns/base';
import type {
  Configuration,
  Entry,
  NodeId,
  RaftEffect,
  RaftInput,
  RaftMessage,
  SnapshotMark,
} from '@quorate/patterns/consensus/raft';
import type { GroupId, PersistRequest } from '../storage/types.ts';
import { ApplyQueue } from './apply-queue.ts';
import { Changes } from './changes.ts';
import { GroupError } from './errors.ts';
import type { RaftKernel } from './kernel.ts';
import type { ResolvedGroupOptions } from './options.ts';
import { PendingProposals } from './pending-proposals.ts';
import { ReadBarriers } from './read-barriers.ts';
import type { GroupStatus, Proposal, RaftGroup, StateMachine } from './types.ts';

/** The longest entry: it must fit into one frame with what surrounds it. */
export const ENTRY_BYTES_MAX: number = 8 * 1024 * 1024;

/** What a group asks of the host that runs it. */
export interface GroupPort {
  readonly self: NodeId;
  now(): Instant;
  defer(fn: () => void): void;
  /** The group has something queued: step it at the end of this turn. */
  schedule(group: HostedGroup): void;
  send(to: NodeId, group: GroupId, message: RaftMessage): void;
  /** Joins this turn's batch; `HostedGroup.durable(ticket)` follows. */
  persist(group: HostedGroup, ticket: number, request: PersistRequest): void;
  sendSnapshot(group: HostedGroup, to: NodeId, term: number): void;
  /** Enough has been applied since the last snapshot. The state machine stands at `mark`. */
  takeSnapshot(group: HostedGroup, mark: SnapshotMark): void;
  /** Feeds the snapshot on disk to the state machine. */
  restore(group: HostedGroup): Promise<void>;
  fatal(reason: Error): void;
}

/** Where a group's state machine starts from. */
export interface GroupStart {
  readonly mark: SnapshotMark;
  readonly lastIndex: number;
}

/** The ticket of what the kernel need not hear back about. */
const REPAIRED = 0;

interface Held {
  readonly after: number;
  readonly to: NodeId;
  readonly message: RaftMessage;
}

/** How much a turn may apply before the sockets are looked at again. */
export interface ApplyBudget {
  entries: number;
  bytes: number;
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
  readonly #held: Held[] = [];
  #durableTicket = 0;
  #steppedTicket = 0;
  #nextId = 1;

  readonly #proposals: PendingProposals;
  readonly #reads: ReadBarriers;
  readonly #changes: Changes;

  readonly #committed: ApplyQueue = new ApplyQueue();
  #commitIndex: number;
  #logLast: number;
  /** The last applied entry, with the configuration in force there: what a snapshot taken now would be marked with. */
  #applied: SnapshotMark;
  #reportedApplied: number;
  /** Snapshots being fed to the state machine: nothing is applied meanwhile. */
  #restores = 0;
  #restoring: Promise<void> = Promise.resolve();

  #snapshotIndex: number;
  #entriesSinceSnapshot = 0;
  #bytesSinceSnapshot = 0;

  readonly #listeners: Set<(status: GroupStatus) => void> = new Set();
  #changed = false;
  #stopped = false;
  /** In the host's list of groups to step. */
  scheduled = false;

  constructor(
    port: GroupPort,
    id: GroupId,
    parts: { kernel: RaftKernel; machine: StateMachine; options: ResolvedGroupOptions; start: GroupStart },
  ) {
    const { kernel, machine, options, start } = parts;
    this.#port = port;
    this.id = id;
    this.machine = machine;
    this.options = options;
    this.#kernel = kernel;
    this.#applied = start.mark;
    this.#reportedApplied = start.mark.index;
    this.#commitIndex = start.mark.index;
    this.#snapshotIndex = start.mark.index;
    this.#logLast = start.lastIndex;
    this.#proposals = new PendingProposals(options.queuedProposalsMax);
    this.#reads = new ReadBarriers({
      timeoutMs: options.readTimeoutMs,
      answerMs: options.electionTimeoutMs,
      retryMs: options.heartbeatIntervalMs,
    });
    this.#changes = new Changes(port.self, this.#inputs);
  }

  // --- The owner's side.

  get status(): GroupStatus {
    const kernel = this.#kernel.status;
    return {
      role: kernel.role,
      term: kernel.term,
      leader: kernel.leader,
      commitIndex: kernel.commitIndex,
      appliedIndex: this.#applied.index,
      lastIndex: kernel.lastIndex,
      snapshotIndex: this.#snapshotIndex,
      configuration: kernel.configuration,
      damaged: kernel.damaged,
      progress: kernel.progress,
    };
  }

  propose(data: Uint8Array, proposal: Proposal): void {
    assert(data.length <= ENTRY_BYTES_MAX, `an entry of ${data.length} bytes: at most ${ENTRY_BYTES_MAX} are allowed`);
    if (this.#stopped) {
      this.#port.defer(() => proposal.refused({ reason: 'stopped', leader: undefined }));
      return;
    }
    if (this.#committed.sizeBytes > this.options.applyBacklogBytesMax) {
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
    return this.#changes.transfer(to, InstantOf.add(this.#port.now(), this.options.transferTimeoutMs));
  }

  onChange(listener: (status: GroupStatus) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  // --- The host's side.

  get stopped(): boolean {
    return this.#stopped;
  }

  /** When `step` with a tick is next useful. */
  get deadline(): Instant | undefined {
    if (this.#stopped) return undefined;
    return least(this.#kernel.deadline, least(this.#reads.deadline, this.#changes.deadline));
  }

  get configuration(): Configuration {
    return this.#kernel.status.configuration;
  }

  isLeaderOf(term: number): boolean {
    const { role, term: current } = this.#kernel.status;
    return !this.#stopped && role === 'leader' && current === term;
  }

  /** Something waits for `apply`. */
  get hasWork(): boolean {
    return (!this.#committed.isEmpty && this.#restores === 0) || this.#reads.hasReady(this.#applied.index);
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
      this.#releaseHeld();
      kernel.step({ kind: 'persisted', ticket: this.#durableTicket }, now, out);
    }
    for (let i = 0; i < this.#inputs.length; i++) kernel.step(this.#inputs[i]!, now, out);
    this.#inputs.length = 0;
    if (this.#applied.index > this.#reportedApplied) {
      this.#reportedApplied = this.#applied.index;
      kernel.step({ kind: 'applied', index: this.#applied.index }, now, out);
    }
    if (this.#proposals.queued > 0) {
      const id = this.#nextId++;
      kernel.step({ kind: 'propose', id, data: this.#proposals.takeBatch(id) }, now, out);
    }
    if (tick) this.#tick(now);
    if (this.#reads.ask(this.#nextId, now)) kernel.step({ kind: 'read', id: this.#nextId++ }, now, out);
    for (let i = 0; i < out.length; i++) this.#carryOut(out[i]!, now);
    out.length = 0;
    this.#proposals.flushTurnedAway();
  }

  /** Feeds committed entries to the state machine until there are none or the budget is spent; then tells readers. */
  apply(budget: ApplyBudget): void {
    if (this.#restores === 0 && !this.#committed.isEmpty) {
      while (budget.entries > 0 && budget.bytes > 0) {
        const entry = this.#committed.shift();
        if (entry === undefined) break;
        this.#applyOne(entry, budget);
      }
      this.machine.applied(this.#applied.index);
      this.#port.schedule(this);
      this.#considerSnapshot();
    }
    this.#reads.complete(this.#applied.index);
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
    const keepFrom = Math.max(1, mark.index + 1 - trailing);
    this.enqueue({ kind: 'compact', mark, keepFrom });
    return keepFrom - 1;
  }

  /** The last snapshot attempt failed: try again after a tenth of the usual distance. */
  snapshotFailed(): void {
    this.#entriesSinceSnapshot = Math.floor(this.options.snapshotEntries * 0.9);
    this.#bytesSinceSnapshot = Math.floor(this.options.snapshotBytes * 0.9);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#inputs.length = 0;
    this.#held.length = 0;
    this.#committed.clear();
    this.#proposals.stop();
    this.#reads.stop(stopped());
    this.#changes.stop(stopped());
    this.#listeners.clear();
  }

  #tick(now: Instant): void {
    this.#reads.expire(now);
    this.#changes.expire(now);
    this.#kernel.step({ kind: 'tick' }, now, this.#out);
  }

  #releaseHeld(): void {
    const held = this.#held;
    let released = 0;
    while (released < held.length && held[released]!.after <= this.#durableTicket) {
      this.#port.send(held[released]!.to, this.id, held[released]!.message);
      released += 1;
    }
    if (released > 0) held.splice(0, released);
  }

  #carryOut(effect: RaftEffect, now: Instant): void {
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.ticket, { entries: effect.entries, state: effect.state });
        return;
      case 'send':
        if (effect.after <= this.#durableTicket) this.#port.send(effect.to, this.id, effect.message);
        else this.#held.push(effect);
        return;
      case 'commit': {
        const last = effect.entries[effect.entries.length - 1];
        if (last === undefined) return;
        this.#commitIndex = last.index;
        this.#committed.push(effect.entries);
        return;
      }
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
        this.#restore(effect.ticket, effect);
        return;
      case 'role':
        this.#role(effect, now);
        return;
      case 'configuration':
        this.#changed = true;
        if (effect.committed) this.#changes.configured(effect.configuration);
        return;
      case 'repaired':
        this.#persist(REPAIRED, { entries: [], state: undefined, repaired: true });
        return;
      default:
        return unreachable(effect);
    }
  }

  #persist(ticket: number, request: Omit<PersistRequest, 'group' | 'commit'>): void {
    const last = request.entries[request.entries.length - 1];
    if (last !== undefined) this.#logLast = last.index;
    // What is committed may not be in this log yet; recovery must find every entry that the record speaks of.
    const commit = Math.min(this.#commitIndex, this.#logLast);
    this.#port.persist(this, ticket, { group: this.id, ...request, commit });
  }

  #refused(effect: Extract<RaftEffect, { kind: 'refused' }>): void {
    const { id, reason, leader } = effect;
    const known =
      reason === 'not-leader' || reason === 'transferring'
        ? { reason, leader }
        : { reason: 'overloaded' as const, leader };
    if (!this.#proposals.refused(id, known)) this.#changes.refused(id, reason, leader);
  }

  #role(effect: Extract<RaftEffect, { kind: 'role' }>, now: Instant): void {
    this.#changed = true;
    if (effect.role !== 'leader') this.#proposals.loseAfter(this.#commitIndex);
    if (effect.leader !== undefined) this.#reads.leaderKnown(now);
    this.#changes.role(effect.leader);
  }

  /** The snapshot at `mark` is durable in the snapshot store already; now the log restarts after it and the machine is replaced. */
  #restore(ticket: number, effect: Extract<RaftEffect, { kind: 'restore' }>): void {
    const { mark, state } = effect;
    this.#commitIndex = Math.max(this.#commitIndex, mark.index);
    this.#logLast = mark.index;
    this.#committed.clear();
    this.#proposals.loseAfter(-1);
    this.#persist(ticket, { restart: mark, entries: [], state });
    this.#restores += 1;
    this.#restoring = this.#restoring
      .then(() => this.#port.restore(this))
      .then(
        () => this.#restored(mark),
        (error: unknown) =>
          this.#port.fatal(new Error(`group ${this.id}: a received snapshot cannot be restored`, { cause: error })),
      );
  }

  #restored(mark: SnapshotMark): void {
    this.#restores -= 1;
    if (this.#stopped) return;
    this.#applied = mark;
    this.#snapshotIndex = mark.index;
    this.#entriesSinceSnapshot = 0;
    this.#bytesSinceSnapshot = 0;
    this.#port.schedule(this);
  }

  #applyOne(entry: Entry, budget: ApplyBudget): void {
    const { index, term } = entry;
    const configuration = entry.kind === 'configuration' ? entry.configuration : this.#applied.configuration;
    budget.entries -= 1;
    if (entry.kind === 'data') {
      budget.bytes -= entry.data.length;
      this.#bytesSinceSnapshot += entry.data.length;
      this.machine.apply(index, entry.data, this.#proposals.claim(index, term));
    }
    this.#entriesSinceSnapshot += 1;
    this.#applied = { index, term, configuration };
  }

  #considerSnapshot(): void {
    if (
      this.#entriesSinceSnapshot < this.options.snapshotEntries &&
      this.#bytesSinceSnapshot < this.options.snapshotBytes
    ) {
      return;
    }
    this.#entriesSinceSnapshot = 0;
    this.#bytesSinceSnapshot = 0;
    this.#port.takeSnapshot(this, this.#applied);
  }
}

function least(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}

const stopped = (): GroupError => new GroupError('stopped', 'this node is stopping');
