/** Takes locks and writes under them, with the token at one resource and with the guard at another. */
import { type Client, CoreError, type Lock, put } from '@quorate/cluster/client';
import type { LeaseCheck } from '../checks/lease-check.ts';
import type { LockCheck } from '../checks/lock-check.ts';
import { markedValue } from '../oracle/marks.ts';
import type { Caller } from './caller.ts';
import type { Stage } from './stage.ts';

export const LOCK = 'lock';

export class Locker {
  readonly #stage: Stage;
  readonly #client: Client;
  readonly #caller: Caller;
  readonly #leases: LeaseCheck;
  readonly #check: LockCheck;

  constructor(stage: Stage, client: Client, caller: Caller, leases: LeaseCheck, check: LockCheck) {
    this.#stage = stage;
    this.#client = client;
    this.#caller = caller;
    this.#leases = leases;
    this.#check = check;
  }

  async run(): Promise<void> {
    const { random } = this.#stage;
    while (!this.#stage.isOver()) {
      try {
        const options = { ttlSeconds: 2, signal: this.#giveUpAfter(random.between(500, 6000)) };
        const lock = random.chance(0.2)
          ? await this.#client.tryLock(LOCK, options)
          : await this.#client.lock(LOCK, options);
        if (lock !== undefined) await this.#hold(lock);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
      }
      await this.#stage.sleep(random.exponential(100));
    }
  }

  #giveUpAfter(ms: number): AbortSignal {
    const controller = new AbortController();
    void this.#stage.sleep(ms).then(() => controller.abort());
    return controller.signal;
  }

  async #hold(lock: Lock): Promise<void> {
    const { random, parts } = this.#stage;
    this.#leases.granted(lock.lease);
    this.#check.acquired(this.#stage.name, lock.token);
    for (let left = random.between(1, 3); left > 0 && !this.#stage.isOver(); left--) {
      const mark = parts.operations.nextMark();
      this.#check.writes(mark, lock.token);
      const text = `put guarded=${markedValue(mark)} with token ${lock.token}`;
      const guarded = { if: [lock.guard], then: [put('guarded', markedValue(mark))] };
      await this.#caller.write({ kind: 'guarded-put', text, mark, touches: [] }, (timeoutMs) =>
        this.#client.txn(guarded, { timeoutMs }),
      );
      await this.#stage.sleep(random.exponential(300));
    }
    // Some forget: the lease ends when nobody keeps it alive.
    if (random.chance(0.8)) await lock.release();
    else lock.lease.abandon('the workload forgets its lock');
  }
}
