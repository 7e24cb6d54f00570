/**
 * Changes of the membership, on the leader: one at a time. A member has a record in the replicated state (what it is called, where it
 * listens) and a place in Raft's configuration. The record comes first and goes last, so that whoever is in the configuration can be found. When a leader
 * is lost in between, a record without a place is left: nobody votes or learns under its id, and the next addition of that name replaces it.
 */
import { membersOf, NodeId } from '@quorate/patterns/consensus/raft';
import { majoritySize } from '@quorate/patterns/quorum';
import { parseAddress } from '../../client/endpoints.ts';
import type { RaftGroup } from '../../raft/types.ts';
import type { MemberStatus } from '../core.ts';
import { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { MemberRecord, WriteRequest } from '../requests.ts';
import { fromGroupError } from './group-errors.ts';
import { idOf } from './member-id.ts';

/** A learner may be promoted when it lacks at most this many entries, and at most this share of the log. */
const LAG_ENTRIES_MAX = 1000;
const LAG_SHARE_MAX = 0.1;

export interface MembershipParts {
  readonly group: RaftGroup;
  readonly self: NodeId;
  readonly clusterId: number;
  /** The replicated records. */
  readonly records: () => readonly MemberRecord[];
  /** Those, and the founders that have not written theirs yet. */
  readonly members: () => readonly MemberRecord[];
  readonly write: (request: WriteRequest) => Promise<unknown>;
  readonly isReachable: (member: NodeId) => boolean;
  /** Resolves once everything that was acknowledged before has been applied here: a new leader may not know all records yet. */
  readonly barrier: () => Promise<void>;
}

export class Membership {
  readonly #parts: MembershipParts;
  #changing = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  async add(member: Omit<MemberRecord, 'id'>, learner: boolean): Promise<MemberStatus> {
    parseAddress(member.peerAddress);
    return this.#alone(async () => {
      const { group, clusterId } = this.#parts;
      await this.#forgetPlaceless(member);
      this.#expectUnused(member, undefined);
      const { voters, learners } = group.status.configuration;
      const id = NodeId.of(idOf(String(clusterId), member.name, member.peerAddress, String(group.status.lastIndex)));
      const wanted = learner ? voters : ascending([...voters, id]);
      if (!learner) this.#expectQuorum(wanted);
      const record: MemberRecord = { ...member, id };
      await this.#parts.write({ kind: 'member-put', member: record });
      try {
        await this.#configure(wanted, learner ? ascending([...learners, id]) : learners);
      } catch (error) {
        if (error instanceof CoreError && error.outcome === 'not-applied') await this.#forget(id);
        throw error;
      }
      return { ...record, isLearner: learner };
    });
  }

  async promote(id: number): Promise<void> {
    return this.#alone(async () => {
      const { voters, learners } = this.#parts.group.status.configuration;
      if (voters.includes(NodeId.of(id))) throw coreError('member-not-learner');
      if (!learners.includes(NodeId.of(id))) throw coreError('member-not-found');
      if (!this.#isCaughtUp(id)) throw coreError('learner-not-ready');
      await this.#configure(ascending([...voters, NodeId.of(id)]), without(learners, id));
    });
  }

  /** Not for this node itself while it leads: see `successor`. */
  async remove(id: number): Promise<void> {
    return this.#alone(async () => {
      const { voters, learners } = this.#parts.group.status.configuration;
      const known = this.#parts.records().some((record) => record.id === id);
      const configured = voters.includes(NodeId.of(id)) || learners.includes(NodeId.of(id));
      if (!known && !configured) throw coreError('member-not-found');
      if (configured) {
        const wanted = without(voters, id);
        if (wanted.length === 0) throw coreError('unhealthy-cluster', { detail: 'the last voter cannot be removed' });
        this.#expectQuorum(wanted);
        await this.#configure(wanted, without(learners, id));
      }
      if (known) await this.#parts.write({ kind: 'member-remove', id });
    });
  }

  async update(member: MemberRecord): Promise<void> {
    parseAddress(member.peerAddress);
    return this.#alone(async () => {
      if (!this.#parts.members().some(({ id }) => id === member.id)) throw coreError('member-not-found');
      this.#expectUnused(member, member.id);
      await this.#parts.write({ kind: 'member-put', member });
    });
  }

  /** 0: to whomever suits best. */
  async moveLeader(to: number): Promise<void> {
    const { group } = this.#parts;
    if (to === 0) return this.moveLeader(this.successor() ?? -1);
    if (!group.status.configuration.voters.includes(NodeId.of(to))) throw coreError('bad-leader-transferee');
    await group.transferLeadership(NodeId.of(to)).catch((error: Error) => {
      throw fromGroupError(error);
    });
  }

  /** Who should lead instead of this node: the reachable voter that holds most of the log. */
  successor(): NodeId | undefined {
    const { group, self, isReachable } = this.#parts;
    const { progress, configuration } = group.status;
    let best: { readonly id: NodeId; readonly matchIndex: number } | undefined;
    for (const peer of progress) {
      if (peer.id === self || !configuration.voters.includes(peer.id) || !isReachable(peer.id)) continue;
      if (best === undefined || peer.matchIndex > best.matchIndex) best = peer;
    }
    return best?.id;
  }

  async #alone<T>(change: () => Promise<T>): Promise<T> {
    if (this.#changing) throw coreError('configuration-in-progress');
    this.#changing = true;
    try {
      await this.#parts.barrier();
      return await change();
    } finally {
      this.#changing = false;
    }
  }

  async #configure(voters: readonly NodeId[], learners: readonly NodeId[]): Promise<void> {
    await this.#parts.group.configure(voters, learners).catch((error: Error) => {
      throw fromGroupError(error);
    });
  }

  async #forget(id: NodeId): Promise<void> {
    await this.#parts.write({ kind: 'member-remove', id }).catch(() => {});
  }

  /** Not to be used again: whether somebody has had data or votes under such an id is not known. */
  async #forgetPlaceless(member: Omit<MemberRecord, 'id'>): Promise<void> {
    const { records, group, write } = this.#parts;
    for (const record of records()) {
      if (!isMistakable(record, member)) continue;
      const placed = membersOf(group.status.configuration);
      if (!placed.has(NodeId.of(record.id))) await write({ kind: 'member-remove', id: record.id });
    }
  }

  #isCaughtUp(id: number): boolean {
    const { progress, lastIndex } = this.#parts.group.status;
    const learner = progress.find((peer) => peer.id === id);
    if (learner === undefined || learner.state !== 'replicate') return false;
    return lastIndex - learner.matchIndex <= Math.min(LAG_ENTRIES_MAX, lastIndex * LAG_SHARE_MAX);
  }

  #expectUnused(member: Omit<MemberRecord, 'id'>, except: number | undefined): void {
    for (const record of this.#parts.members()) {
      if (record.id === except) continue;
      if (isMistakable(record, member)) throw coreError('member-exists');
    }
  }

  /** With these voters there must still be a majority that is there: otherwise the change would be the last one ever. */
  #expectQuorum(voters: readonly NodeId[]): void {
    const { self, isReachable } = this.#parts;
    const present = voters.filter((voter) => voter === self || isReachable(voter)).length;
    if (present < majoritySize(voters.length)) throw coreError('unhealthy-cluster');
  }
}

function ascending(ids: readonly NodeId[]): readonly NodeId[] {
  return [...ids].sort((a, b) => a - b);
}

function without(ids: readonly NodeId[], id: number): readonly NodeId[] {
  return ids.filter((other) => other !== id);
}

type Said = Pick<MemberRecord, 'name' | 'peerAddress'>;

/** One added through etcd's interface has no name before it has started: such members differ by their addresses. */
function isMistakable(a: Said, b: Said): boolean {
  return a.peerAddress === b.peerAddress || (a.name === b.name && a.name !== '');
}
