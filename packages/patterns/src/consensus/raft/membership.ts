/**
 * Changes of configuration as the leader drives them: section 6, thesis 4.2 and 4.3. A change is in force from the moment
 * it is in the log. The leader leaves a joint configuration by itself; if it is not part of the new one, it leads, without
 * counting itself, until that is committed, and then hands over (thesis 4.2.2).
 */
import { changeTo, configurationFault, isJoint, isVoter, leaveJoint } from './configuration.ts';
import type { Core } from './core.ts';
import type { Configuration, Entry, NodeId, RefusalReason } from './types.ts';

export class Membership {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  configure(id: number, voters: readonly NodeId[], learners: readonly NodeId[]): void {
    const { replication, term, log, configuration, out } = this.#core;
    const reason = this.#refusal(voters, learners);
    if (reason !== undefined) return replication.refuse(id, reason);
    const index = log.lastIndex + 1;
    out.push({ kind: 'proposed', id, firstIndex: index, lastIndex: index, term });
    replication.append(this.#entry(changeTo(configuration, voters, learners)));
  }

  /** The configuration in force is another one: an entry was appended, or truncated. */
  changed(): void {
    const { configuration, out, isLeader, replication } = this.#core;
    out.push({ kind: 'configuration', configuration, committed: false });
    if (isLeader) replication.reconcile();
  }

  /** On a new leader, and after every advance of its commit index. */
  committed(): void {
    const { configurations, commitIndex, configuration, replication, heartbeats, id } = this.#core;
    if (configurations.currentIndex > commitIndex) return;
    if (isJoint(configuration)) return replication.append(this.#entry(leaveJoint(configuration)));
    if (!this.#someoneLeft) return;
    // Those who were removed, and those who stay, hear of it before the leader forgets them or is gone.
    heartbeats.sendCommit();
    if (isVoter(configuration, id)) return replication.reconcile();
    this.#core.transfer.handOver();
    this.#core.becomeFollower(this.#core.term, undefined);
  }

  get #someoneLeft(): boolean {
    const { configuration, replication, id } = this.#core;
    const stays = (member: NodeId): boolean =>
      isVoter(configuration, member) || configuration.learners.includes(member);
    return !isVoter(configuration, id) || !replication.peers.every((peer) => stays(peer.id));
  }

  #refusal(voters: readonly NodeId[], learners: readonly NodeId[]): RefusalReason | undefined {
    const { isLeader, transfer, configurations, configuration, commitIndex } = this.#core;
    if (!isLeader) return 'not-leader';
    if (transfer.target !== undefined) return 'transferring';
    if (isJoint(configuration) || configurations.currentIndex > commitIndex) return 'configuration-in-progress';
    return configurationFault(voters, learners) === undefined ? undefined : 'invalid-configuration';
  }

  #entry(configuration: Configuration): Entry {
    return { kind: 'configuration', index: this.#core.log.lastIndex + 1, term: this.#core.term, configuration };
  }
}
