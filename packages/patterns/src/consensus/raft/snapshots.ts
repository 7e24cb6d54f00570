/**
 * Snapshots: section 7. The kernel decides that one is needed and what a received one replaces; taking, streaming and
 * storing them is the driver's work.
 */
import { assert } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { Progress } from './progress.ts';
import type { NodeId, SnapshotMark } from './types.ts';

export class Snapshots {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The entry that the peer needs next is forgotten. Whom nobody has heard of lately is not sent a snapshot. */
  offer(peer: Progress): void {
    const { now, settings, term, out } = this.#core;
    if (now - peer.contactAt >= settings.electionTimeoutMs) return;
    peer.toSnapshot();
    out.push({ kind: 'send-snapshot', to: peer.id, term });
  }

  /** Waits for a sign of life before it goes on, also after a failure: that paces the retries. */
  sent(to: NodeId, index: number, delivered: boolean): void {
    const peer = this.#core.replication.peer(to);
    if (peer?.state !== 'snapshot') return;
    peer.toProbe(delivered ? index + 1 : undefined);
    peer.paused = true;
  }

  compact(mark: SnapshotMark, keepFrom: number): void {
    const { log, commitIndex } = this.#core;
    assert(mark.index <= commitIndex, `a snapshot at ${mark.index} cannot be ahead of what was handed out`);
    log.compact(mark, keepFrom);
  }

  /**
   * Section 7, "InstallSnapshot RPC, receiver implementation". A snapshot holds committed state only, so it is good
   * whoever leads by now.
   */
  received(from: NodeId, term: number, received: SnapshotMark): void {
    const core = this.#core;
    if (term > core.term) core.becomeFollower(term, from);
    const current = term === core.term && !core.isLeader;
    if (current) core.following.follow(from);
    if (current && core.repair.intercepts(from)) return;
    if (core.isLeader || core.repair.unconfirmed) return;
    this.#take(core.rules.restoredMark(received));
    if (!current) return;
    core.repair.agreed(core.commitIndex);
    core.promise(from, { kind: 'append-accepted', term: core.term, matchIndex: core.commitIndex });
  }

  #take(mark: SnapshotMark): void {
    const core = this.#core;
    if (mark.index <= core.commitIndex) return;
    // The log has it all: the snapshot only proves that it is committed.
    if (core.log.termAt(mark.index) === mark.term) return core.commitTo(mark.index);
    core.log.restart(mark);
    core.configurations.restart(mark);
    core.durability.restored(mark, core.out);
    core.commitIndex = mark.index;
    core.appliedIndex = mark.index;
    core.out.push({ kind: 'configuration', configuration: mark.configuration, committed: true });
  }
}
