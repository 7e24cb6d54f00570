import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { NodeId, SnapshotMark } from '@quorate/patterns/consensus/raft';
import type { GroupId, LogStore, SnapshotStore } from '../storage/types.ts';
import { Channels } from '../transport/channels.ts';
import type { PeerTransport } from '../transport/types.ts';
import { isDiskFailure } from './disk-failure.ts';
import type { HostedGroup } from './group.ts';
import { type Restored, restoreMachine } from './restart.ts';
import { decodeSnapshotRequest, encodeSnapshotReply } from './snapshot-messages.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotRefusal, SnapshotSender } from './snapshot-sender.ts';
import { takeSnapshot } from './snapshot-taking.ts';

/** A follower that has refused a snapshot, because its disk is full for instance, is not sent it all again at once. */
const REFUSED_PAUSE_MS = 500;

export interface GroupSnapshotsParts {
  readonly env: Env;
  readonly transport: PeerTransport;
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
  readonly group: (id: GroupId) => HostedGroup | undefined;
  /** The disk failed while a snapshot was written: the node must stop. */
  readonly fatal: (reason: Error) => void;
}

/**
 * The snapshots of all groups on this node: taken in the background, sent to followers that are too far behind, received from leaders.
 * One at a time writes to a group's place in the store.
 *
 * Order, on which crash safety rests: a snapshot is durable before the kernel forgets entries, before the log releases them, and
 * before the log restarts after it.
 */
export class GroupSnapshots {
  readonly #parts: GroupSnapshotsParts;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #taking: Map<GroupId, Promise<void>> = new Map();
  #stopped = false;
  taken = 0;

  constructor(parts: GroupSnapshotsParts) {
    this.#parts = parts;
    this.#sender = new SnapshotSender(parts.transport, parts.snapshots);
    this.#receiver = new SnapshotReceiver(parts.env, parts.snapshots, {
      has: (id, index) => (parts.group(id)?.status.commitIndex ?? 0) >= index,
      objection: (id) => {
        if (this.#stopped || parts.group(id) === undefined) return 'this group is not hosted here';
        return this.#taking.has(id) ? 'a snapshot is being taken here' : undefined;
      },
      received: (id, from, term, mark) => parts.group(id)?.enqueue({ kind: 'snapshot-received', from, term, mark }),
      failed: (id, error) => void this.#stopIfFinal(id, error),
    });
    parts.transport.answer(Channels.snapshot, (from, payload, reply) => {
      const request = decodeSnapshotRequest(payload);
      // The chunk is a view of what arrived, which nobody changes; the writer may keep it.
      void this.#receiver.handle(from, request).then((answer) => reply(encodeSnapshotReply(answer)));
    });
  }

  get sent(): number {
    return this.#sender.sent;
  }

  get received(): number {
    return this.#receiver.received;
  }

  /** The state machine stands at `mark` and is frozen before this returns. `trailing`: how many entries stay in the log behind it. */
  take(group: HostedGroup, mark: SnapshotMark, trailing: number): void {
    const { id, machine } = group;
    if (this.#stopped || this.#taking.has(id)) return;
    if (this.#receiver.isReceiving(id)) return group.snapshotFailed();
    const { snapshots, env } = this.#parts;
    const taken = takeSnapshot(id, mark, { machine, snapshots, tasks: env.tasks, stopped: () => this.#stopped })
      .then((sizeBytes) => {
        if (sizeBytes === undefined || this.#stopped) return;
        this.taken += 1;
        group.snapshotTaken(sizeBytes);
        this.#release(group, mark, trailing);
      })
      .catch((error: unknown) => {
        if (this.#stopIfFinal(id, error)) return;
        env.log.error('a snapshot could not be taken: the log grows until one can', {
          group: id,
          reason: String(error),
        });
        group.snapshotFailed();
      })
      .finally(() => this.#taking.delete(id));
    this.#taking.set(id, taken);
  }

  /** Lets go of all entries up to `mark`, where the state machine stands; with a new snapshot only if there is none yet at that place. */
  letGo(group: HostedGroup, mark: SnapshotMark): void {
    const latest = this.#parts.snapshots.latest(group.id);
    if (latest !== undefined && latest.index >= mark.index) this.#release(group, mark, 0);
    else this.take(group, mark, 0);
  }

  send(group: HostedGroup, to: NodeId, term: number): void {
    const wanted = (): boolean => !this.#stopped && group.isLeaderOf(term);
    this.#sender.send({ group: group.id, to, term, wanted }).then(
      (index) => group.enqueue({ kind: 'snapshot-sent', to, index, delivered: true }),
      (error: unknown) => {
        this.#parts.env.log.debug('a snapshot was not delivered', { group: group.id, to, reason: String(error) });
        const failed = (): void => {
          if (wanted()) group.enqueue({ kind: 'snapshot-sent', to, index: 0, delivered: false });
        };
        // A stream that broke off is taken up again as soon as the follower can be heard.
        if (error instanceof SnapshotRefusal) this.#later(REFUSED_PAUSE_MS, failed);
        else failed();
      },
    );
  }

  #later(ms: number, action: () => void): void {
    const { clock, timers } = this.#parts.env;
    timers.at(Instant.add(clock.monotonic(), ms), action);
  }

  /** Feeds the newest snapshot to the state machine. */
  async restore(group: HostedGroup): Promise<Restored> {
    const restored = await restoreMachine(group.id, this.#parts.snapshots, group.machine);
    if (restored === undefined) throw new Error('the snapshot is gone');
    return restored;
  }

  /** A failed write or sync is final, whatever it was for. */
  #stopIfFinal(group: GroupId, cause: unknown): boolean {
    if (!isDiskFailure(cause)) return false;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the disk failed while a snapshot of group ${group} was written, and this node must stop: ${why}`;
    this.#parts.fatal(new Error(message, { cause }));
    return true;
  }

  #release(group: HostedGroup, mark: SnapshotMark, trailing: number): void {
    const releasable = group.compacted(mark, trailing);
    if (releasable > 0) this.#parts.log.release(group.id, releasable);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled([...this.#taking.values(), this.#receiver.stop()]);
  }
}
