/** Hands the lead over, and replaces members while the cluster is in use. */
import { type Client, CoreError, type MemberStatus } from '@quorate/cluster/client';
import type { Stage } from './stage.ts';

export class Operator {
  readonly #stage: Stage;
  readonly #client: Client;
  /** Machines that must not be removed: those whose disks suffer, so that a majority of sound ones stays. */
  readonly #keep: readonly string[];
  /** Asked to be removed; whether it was is not known yet. */
  #leaving: Pick<MemberStatus, 'id' | 'name'> | undefined;

  constructor(stage: Stage, client: Client, keep: readonly string[]) {
    this.#stage = stage;
    this.#client = client;
    this.#keep = keep;
  }

  async run(): Promise<void> {
    const { random, parts } = this.#stage;
    const { transfersLead, changesMembers } = parts.shape;
    while (!this.#stage.isOver() && (transfersLead || changesMembers)) {
      await this.#stage.sleep(random.exponential(parts.shape.meanOperationMs));
      if (this.#stage.isOver()) break;
      try {
        if (this.#leaving !== undefined) await this.#lookAfter(this.#leaving);
        else if (transfersLead && (!changesMembers || random.chance(0.6))) await this.#transfer();
        else await this.#replace();
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        parts.world.mark(`operator refused: ${error.code}`);
      }
    }
    await this.#finish();
  }

  /**
   * Only what is no member any more is taken down, also when its removal had no answer. One that still is, is removed again, and nobody else before
   * it: the first removal may yet happen, and two would leave too few. That is read off the committed log, not off anybody's answer: what an
   * uncommitted configuration says can be undone, and an operator who destroyed a member's disk by it would have broken the cluster himself.
   */
  async #lookAfter({ id, name }: Pick<MemberStatus, 'id' | 'name'>): Promise<void> {
    const { cluster } = this.#stage.parts;
    if (cluster.isMember(id)) await this.#client.cluster.removeMember(id, { timeoutMs: 4000 });
    if (cluster.isMember(id)) return;
    this.#leaving = undefined;
    await cluster.retire(name);
  }

  async #finish(): Promise<void> {
    while (this.#leaving !== undefined) {
      await this.#stage.sleep(500);
      try {
        await this.#lookAfter(this.#leaving);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
      }
    }
  }

  async #transfer(): Promise<void> {
    const members = await this.#client.cluster.members({ timeoutMs: 2000 });
    const voters = members.filter(({ isLearner }) => !isLearner);
    if (voters.length === 0) return;
    await this.#client.cluster.moveLeader(this.#stage.random.pick(voters).id, { timeoutMs: 2000 });
    this.#stage.parts.world.mark('lead handed over');
  }

  /**
   * One more machine joins; once it votes, another one leaves. Once that is committed: with a voter less than there were, those whose disks suffer
   * could be half of them, and then nobody could be elected.
   */
  async #replace(): Promise<void> {
    const { cluster, shape, world } = this.#stage.parts;
    const members = await this.#client.cluster.members({ timeoutMs: 2000 });
    const out = cluster.machines.find((name) => cluster.belongs(name) === 'out');
    if (out !== undefined) {
      cluster.join(out);
      world.mark('member joins');
      return;
    }
    const voters = cluster.voters ?? [];
    if (voters.length <= shape.nodes) return;
    const removable = members.filter(({ id, name }) => voters.includes(id) && !this.#keep.includes(name));
    if (removable.length === 0) return;
    this.#leaving = this.#stage.random.pick(removable);
    await this.#client.cluster.removeMember(this.#leaving.id, { timeoutMs: 4000 });
    world.mark('member removed');
    await this.#lookAfter(this.#leaving);
  }
}
