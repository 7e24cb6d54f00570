/** Hands the lead over, and replaces members while the cluster is in use. */
import { type Client, CoreError } from '@quorate/cluster/client';
import type { Stage } from './stage.ts';

export class Operator {
  readonly #stage: Stage;
  readonly #client: Client;
  /** Machines that must not be removed: those whose disks suffer, so that a majority of sound ones stays. */
  readonly #keep: readonly string[];
  /** Asked to be removed; whether it was is not known yet. */
  #leaving: string | undefined;

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
   * What was removed is taken down also when its removal had no answer: a machine that is no member serves nobody. One that is a member
   * still is removed again, and nobody else before it: the first removal may yet happen, and two would leave too few.
   */
  async #lookAfter(name: string): Promise<void> {
    const { cluster } = this.#stage.parts;
    // As the leader has it: this client's own server may be the very one that was removed, and know nothing of it.
    if (cluster.members?.includes(name) !== false) {
      const members = await this.#client.cluster.members({ timeoutMs: 2000 });
      const member = members.find((each) => each.name === name);
      if (member !== undefined) await this.#client.cluster.removeMember(member.id, { timeoutMs: 4000 });
    }
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

  /** One more machine joins; once it votes, another one leaves. */
  async #replace(): Promise<void> {
    const { cluster, shape, world } = this.#stage.parts;
    const members = await this.#client.cluster.members({ timeoutMs: 2000 });
    const out = cluster.machines.find((name) => cluster.belongs(name) === 'out');
    if (out !== undefined) {
      if (members.some(({ name }) => name === out)) return;
      cluster.join(out);
      world.mark('member joins');
      return;
    }
    const voters = members.filter(({ isLearner }) => !isLearner);
    if (voters.length <= shape.nodes) return;
    const leaving = this.#stage.random.pick(voters.filter(({ name }) => !this.#keep.includes(name)));
    this.#leaving = leaving.name;
    await this.#client.cluster.removeMember(leaving.id, { timeoutMs: 4000 });
    world.mark('member removed');
    await this.#lookAfter(leaving.name);
  }
}
