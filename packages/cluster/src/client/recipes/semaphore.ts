import type { Client } from '../client.ts';
import { type AcquireOptions, acquire, Holding, tryAcquire } from './holding.ts';
import { linePrefix } from './lock.ts';

/** One of a semaphore's permits. `token` is unique among holders, and larger than that of everyone who came earlier. */
export class Permit extends Holding {}

/** At most `permits` hold it at once; all who use a name must use the same number. Served in the order of arrival. */
export class Semaphore {
  readonly name: string;
  readonly permits: number;
  readonly #client: Client;

  constructor(client: Client, name: string, permits: number) {
    if (!Number.isSafeInteger(permits) || permits < 1) {
      throw new RangeError(`permits must be a whole number above 0, not ${permits}`);
    }
    this.#client = client;
    this.name = name;
    this.permits = permits;
  }

  async acquire(options: AcquireOptions = {}): Promise<Permit> {
    const { place, ownsLease } = await acquire(this.#client, linePrefix(this.name), this.permits, '', options);
    return new Permit(place, ownsLease);
  }

  /** Resolves with undefined when all permits are taken. */
  async tryAcquire(options: AcquireOptions = {}): Promise<Permit | undefined> {
    const held = await tryAcquire(this.#client, linePrefix(this.name), this.permits, '', options);
    return held === undefined ? undefined : new Permit(held.place, held.ownsLease);
  }
}
