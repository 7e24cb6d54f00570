/** Holds leases with keys on them: keeps them alive, gives them back, or lets them run out. */
import { type Client, CoreError, type Lease } from '@quorate/cluster/client';
import type { LeaseCheck } from '../checks/lease-check.ts';
import { valueOf } from '../oracle/large-values.ts';
import type { Caller } from './caller.ts';
import type { Stage } from './stage.ts';

export class Lessee {
  readonly #stage: Stage;
  readonly #client: Client;
  readonly #caller: Caller;
  readonly #check: LeaseCheck;

  constructor(stage: Stage, client: Client, caller: Caller, check: LeaseCheck) {
    this.#stage = stage;
    this.#client = client;
    this.#caller = caller;
    this.#check = check;
  }

  async run(): Promise<void> {
    const { random } = this.#stage;
    while (!this.#stage.isOver()) {
      try {
        const lease = await this.#client.lease(random.between(2, 4), { timeoutMs: this.#stage.timeoutMs() });
        this.#check.granted(lease);
        await this.#hold(lease);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        await this.#stage.sleep(100);
      }
    }
  }

  async #hold(lease: Lease): Promise<void> {
    const { random, parts } = this.#stage;
    for (let left = random.between(1, 3); left > 0 && lease.alive && !this.#stage.isOver(); left--) {
      const mark = parts.operations.nextMark();
      const key = `lease-${random.below(4)}`;
      const wanted = parts.values.next(mark);
      const text = `put ${key}=${wanted} with lease ${lease.id}`;
      await this.#caller.write({ kind: 'put-with-lease', text, mark, touches: [] }, (timeoutMs) =>
        this.#client.put(key, valueOf(wanted), { lease, timeoutMs }),
      );
      await this.#stage.sleep(random.exponential(1500));
    }
    if (random.chance(0.4)) await lease.revoke();
    else {
      lease.abandon('the workload lets it run out');
      if (random.chance(0.5)) await this.#stage.sleep(1000);
    }
  }
}
