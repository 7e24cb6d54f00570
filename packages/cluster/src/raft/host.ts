import type { Env } from '@quorate/env';
import { clear, Instant } from '@quorate/patterns/base';
import { type Configuration, type NodeId, Raft } from '@quorate/patterns/consensus/raft';
import type { GroupId, LogStore, SnapshotStore } from '../storage/types.ts';
import { Channels } from '../transport/channels.ts';
import type { PeerTransport } from '../transport/types.ts';
import { type GroupMessage, readRaftMessages } from '../wire/index.ts';
import { Alarm } from './alarm.ts';
import { type ApplyBudget, isSpent } from './applier.ts';
import { Deadlines } from './deadlines.ts';
import { type GroupCounts, type GroupPort, HostedGroup } from './group.ts';
import { GroupSnapshots } from './group-snapshots.ts';
import type { CreateKernel } from './kernel.ts';
import { type GroupOptions, resolveGroupOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { PersistBatch } from './persist-batch.ts';
import { recover, restoreMachine } from './restart.ts';
import { takeSnapshot } from './snapshot-taking.ts';
import type { RaftGroup, StateMachine } from './types.ts';

/** What one turn applies before sockets are looked at again, over all groups. */
const APPLY_ENTRIES_PER_TURN = 4096;
const APPLY_BYTES_PER_TURN: number = 4 * 1024 * 1024;
const APPLY_MS_PER_TURN = 8;
/** A turn's effects may cause further steps (what is applied is reported to the kernel); after this many the next turn goes on. */
const ROUNDS_PER_TURN = 4;

export interface RaftHostParts {
  readonly env: Env;
  readonly self: NodeId;
  readonly transport: PeerTransport;
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  /** Default: `Raft` of the patterns. Tests put defective ones in its place. */
  readonly createKernel?: CreateKernel;
  /** Beyond this size of the log, groups that keep its oldest part in use are made to take a snapshot. Default 512 MiB. */
  readonly logBytesMax?: number;
  /** The disk failed or an invariant broke: everything here has stopped, nothing is acknowledged any more, the process must end. Called once. */
  readonly onFatal: (reason: Error) => void;
}

export interface RaftCounters {
  /** Entries that were to be proposed here, and in how many batches. */
  readonly proposals: number;
  readonly batches: number;
  /** Turns in which something was stepped. */
  readonly turns: number;
  /** Calls of `LogStore.persist`, each for all groups of a turn. */
  readonly persists: number;
  readonly frames: number;
  readonly messages: number;
  readonly bytes: number;
  readonly snapshotsTaken: number;
  readonly snapshotsSent: number;
  readonly snapshotsReceived: number;
}

/**
 * Runs many Raft groups over one log, one socket per peer and one timer (singular update queue). Everything that arrives during one turn
 * of the event loop is stepped when it ends; the effects of all groups leave together: one frame per peer and lane, one batch to the
 * disk. Then committed entries are applied, in slices.
 *
 * The order within a turn: messages, then proposals, then time; network, then disk (both only start here), then the state machine.
 */
export class RaftHost {
  readonly #parts: RaftHostParts;
  readonly #groups: Map<GroupId, HostedGroup> = new Map();
  readonly #port: GroupPort;
  readonly #outbox: Outbox;
  readonly #batch: PersistBatch;
  readonly #snapshots: GroupSnapshots;
  readonly #deadlines: Deadlines<HostedGroup> = new Deadlines();
  readonly #alarm: Alarm;
  readonly #reachability: Disposable;

  #toStep: HostedGroup[] = [];
  #stepping: HostedGroup[] = [];
  readonly #due: HostedGroup[] = [];
  readonly #toApply: Set<HostedGroup> = new Set();
  readonly #toAnnounce: Set<HostedGroup> = new Set();
  readonly #inbound: GroupMessage[] = [];
  #deferred = false;
  #ticking = false;
  #stopped = false;
  #turns = 0;
  readonly #counts: GroupCounts = { proposals: 0, batches: 0 };
  readonly #now: () => Instant;
  readonly #run: () => void = () => this.#turn();

  constructor(parts: RaftHostParts) {
    const { env, transport, log } = parts;
    this.#parts = parts;
    this.#now = () => env.clock.monotonic();
    this.#outbox = new Outbox(transport);
    this.#batch = new PersistBatch(log);
    this.#snapshots = new GroupSnapshots({
      ...parts,
      group: (id) => this.#groups.get(id),
      fatal: (reason) => this.#fatal(reason),
    });
    this.#alarm = new Alarm(env, () => {
      this.#ticking = true;
      this.#defer();
    });
    this.#port = this.#makePort();
    transport.receive(Channels.raft, (from, payload) => this.#receive(from, payload));
    this.#reachability = transport.onReachable((peer, reachable) => {
      if (!reachable) this.#unreachable(peer);
    });
    void log.failed.then((reason) => this.#fatal(reason));
  }

  get counters(): RaftCounters {
    const { frames, messages, bytes } = this.#outbox;
    const { taken, sent, received } = this.#snapshots;
    const snapshots = { snapshotsTaken: taken, snapshotsSent: sent, snapshotsReceived: received };
    return { ...this.#counts, turns: this.#turns, persists: this.#batch.count, frames, messages, bytes, ...snapshots };
  }

  /**
   * Starts a group from what the disk holds of it, or, when that is nothing, from `initial` (empty on a node that is to be added to a
   * running group). Resolves once the state machine has been restored. Rejects when that fails.
   */
  async addGroup(
    id: GroupId,
    machine: StateMachine,
    options: GroupOptions,
    initial: Configuration,
  ): Promise<RaftGroup> {
    const { env, self, log, snapshots, createKernel = newRaft } = this.#parts;
    if (this.#groups.has(id)) throw new RangeError(`group ${id} is hosted here already`);
    const { restart, reset } = recover(id, { log, snapshots }, initial, env.log);
    const restored = await restoreMachine(id, snapshots, machine);
    // From the first start on, the configuration that the group began with is on disk, and `initial` no longer matters.
    const fresh = !restart.damaged && !log.recovered.has(id) && snapshots.latest(id) === undefined;
    if (fresh && initial.voters.length > 0) {
      await takeSnapshot(id, restart.mark, { machine, snapshots, tasks: env.tasks, stopped: () => this.#stopped });
    }
    if (this.#stopped) throw new Error('the host has stopped');
    if (reset !== undefined) log.persist([reset], () => {});
    const random = env.random.stream(`raft/${id}`);
    const snapshotRandom = env.random.stream(`snapshots/${id}`);
    const raftOptions = { ...options, id: self, random: (): number => random.uint32() };
    const group = new HostedGroup(this.#port, id, {
      kernel: createKernel(raftOptions, restart, this.#now()),
      machine,
      options: resolveGroupOptions(options),
      mark: restart.mark,
      snapshotSizeBytes: restored?.sizeBytes ?? 0,
      random: () => snapshotRandom.float(),
      lastIndex: restart.entries[restart.entries.length - 1]?.index ?? restart.mark.index,
    });
    this.#groups.set(id, group);
    this.#schedule(group);
    return group;
  }

  /** Stops all groups: proposals and reads hear that this node is stopping. Log, snapshots and transport stay the owner's to close. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#snapshots.stop();
  }

  // --- What comes in.

  #receive(from: NodeId, payload: Uint8Array): void {
    if (this.#stopped) return;
    const inbound = this.#inbound;
    readRaftMessages(payload, inbound);
    for (const { group, message } of inbound) {
      this.#groups.get(group as GroupId)?.enqueue({ kind: 'message', from, message });
    }
    clear(inbound);
  }

  #unreachable(peer: NodeId): void {
    for (const group of this.#groups.values()) {
      const { voters, outgoing, learners } = group.configuration;
      if (voters.includes(peer) || outgoing.includes(peer) || learners.includes(peer)) {
        group.enqueue({ kind: 'unreachable', peer });
      }
    }
  }

  #schedule(group: HostedGroup): void {
    if (this.#stopped) return;
    if (!group.scheduled) {
      group.scheduled = true;
      this.#toStep.push(group);
    }
    this.#defer();
  }

  #defer(): void {
    if (this.#deferred || this.#stopped) return;
    this.#deferred = true;
    this.#parts.env.tasks.defer(this.#run);
  }

  // --- The turn.

  #turn(): void {
    this.#deferred = false;
    if (this.#stopped) return;
    try {
      this.#turns += 1;
      const budget: ApplyBudget = {
        entries: APPLY_ENTRIES_PER_TURN,
        bytes: APPLY_BYTES_PER_TURN,
        until: Instant.add(this.#now(), APPLY_MS_PER_TURN),
        now: this.#now,
      };
      for (let round = 0; round < ROUNDS_PER_TURN; round++) {
        this.#step();
        // A follower's way is longer than the own disk's; both only start here.
        this.#outbox.flush();
        this.#batch.flush();
        if (!this.#apply(budget) && this.#toStep.length === 0) break;
      }
      for (const group of this.#toAnnounce) group.announce();
      this.#toAnnounce.clear();
      this.#alarm.arm(this.#deadlines.next);
      if (this.#toStep.length > 0 || this.#toApply.size > 0) this.#defer();
    } catch (error) {
      this.#fatal(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #step(): void {
    const now = this.#now();
    if (this.#ticking) this.#deadlines.due(now, this.#due);
    this.#ticking = false;
    const groups = this.#toStep;
    this.#toStep = this.#stepping;
    this.#stepping = groups;
    // Messages first: one that has arrived may move a deadline away.
    for (const group of groups) {
      group.scheduled = false;
      this.#stepOne(group, now, false);
    }
    clear(groups);
    for (const group of this.#due) {
      const { deadline } = group;
      if (deadline !== undefined && deadline <= now) this.#stepOne(group, now, true);
      else this.#deadlines.update(group);
    }
    clear(this.#due);
  }

  #stepOne(group: HostedGroup, now: Instant, tick: boolean): void {
    group.step(now, tick);
    this.#deadlines.update(group);
    if (group.hasWork) this.#toApply.add(group);
    this.#toAnnounce.add(group);
  }

  /** True when something was applied. */
  #apply(budget: ApplyBudget): boolean {
    if (this.#toApply.size === 0 || isSpent(budget)) return false;
    for (const group of this.#toApply) {
      group.apply(budget);
      // One that is not done goes to the end of the row.
      this.#toApply.delete(group);
      if (group.hasWork) this.#toApply.add(group);
      if (isSpent(budget)) break;
    }
    return true;
  }

  // --- What groups ask for.

  #makePort(): GroupPort {
    const { env, self } = this.#parts;
    return {
      self,
      counts: this.#counts,
      now: this.#now,
      defer: (fn) => env.tasks.defer(fn),
      schedule: (group) => this.#schedule(group),
      send: (to, group, message) => this.#outbox.add(to, group, message),
      persist: (group, ticket, request) => this.#batch.add(group, ticket, request),
      sendSnapshot: (group, to, term) => this.#snapshots.send(group, to, term),
      takeSnapshot: (group, mark) => {
        this.#snapshots.take(group, mark, group.options.trailingEntries);
        this.#relieveLog();
      },
      restore: (group) => this.#snapshots.restore(group),
      fatal: (reason) => this.#fatal(reason),
    };
  }

  /** A group that hardly writes can keep the oldest segment of the common log in use for ever: it is made to let go. */
  #relieveLog(): void {
    const { log, logBytesMax = LOG_BYTES_MAX } = this.#parts;
    if (log.sizeBytes <= logBytesMax) return;
    for (const id of log.holders) {
      const group = this.#groups.get(id);
      if (group?.applied !== undefined) this.#snapshots.letGo(group, group.applied);
    }
  }

  // --- The end.

  #fatal(reason: Error): void {
    if (this.#stopped) return;
    this.#parts.env.log.error('this node stops: it can no longer keep its promises', { reason: reason.message });
    this.#halt();
    this.#parts.onFatal(reason);
  }

  #halt(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#alarm[Symbol.dispose]();
    this.#reachability[Symbol.dispose]();
    for (const group of this.#groups.values()) group.stop();
    void this.#snapshots.stop();
    clear(this.#toStep);
    this.#toApply.clear();
  }
}

const LOG_BYTES_MAX: number = 512 * 1024 * 1024;
const newRaft: CreateKernel = (options, restart, now) => new Raft(options, restart, now);
