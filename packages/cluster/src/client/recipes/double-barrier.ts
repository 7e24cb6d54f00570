/**
 * Begins together, ends together: `enter` resolves when `count` have entered, `leave` when all have left (Hunt et al., "ZooKeeper", ATC
 * 2010, section 2.4). A participant that vanishes leaves with its lease.
 */
import { LinkedSignal } from '../abort.ts';
import type { Client } from '../client.ts';
import { DEFAULT_TTL_SECONDS } from './holding.ts';
import { firstDeletion, isCompacted, type Place, placeKey, takePlace } from './place-in-line.ts';

export interface EnterOptions {
  readonly ttlSeconds?: number;
  readonly signal?: AbortSignal | undefined;
}

export class DoubleBarrier {
  readonly name: string;
  readonly count: number;
  readonly #client: Client;

  constructor(client: Client, name: string, count: number) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new RangeError(`count must be a whole number above 0, not ${count}`);
    this.#client = client;
    this.name = name;
    this.count = count;
  }

  /** Resolves, with what is needed to leave again, once `count` participants have entered. */
  async enter(options: EnterOptions = {}): Promise<Participation> {
    const lease = await this.#client.lease(options.ttlSeconds ?? DEFAULT_TTL_SECONDS, options);
    try {
      const prefix = `${this.name}/in/`;
      const key = placeKey(this.#client, prefix, lease);
      const place = await takePlace(this.#client, { prefix, key, lease, value: '', signal: options.signal });
      await this.#open(place, options.signal);
      return new Participation(this.#client, this.name, place);
    } catch (error) {
      await lease.revoke().catch(() => {});
      throw error;
    }
  }

  /**
   * The last to come writes the key `ready`, for which the others wait: each is woken once. It is never deleted: only one written after
   * the own arrival counts, so that those of earlier rounds do no harm, and a fast participant cannot take it away from a slow one.
   */
  async #open(place: Place, signal: AbortSignal | undefined): Promise<void> {
    using linked = new LinkedSignal(signal, place.lease.signal);
    const inside = { prefix: `${this.name}/in/` };
    try {
      const { count } = await this.#client.range(inside, { countOnly: true, signal: linked.signal });
      if (count >= this.count) await this.#client.put(`${this.name}/ready`, '', { signal: linked.signal });
      else await changedSince(this.#client, `${this.name}/ready`, place.token, linked.signal);
    } catch (error) {
      throw place.lease.signal.aborted ? place.lease.signal.reason : error;
    }
  }
}

/** Inside a double barrier. */
export class Participation {
  readonly #client: Client;
  readonly #name: string;
  readonly #place: Place;
  /** A revision in which this one was not inside any more. */
  #left: number | undefined;

  constructor(client: Client, name: string, place: Place) {
    this.#client = client;
    this.#name = name;
    this.#place = place;
  }

  /** Aborts when the lease is lost: the others then count this participant as gone. */
  get signal(): AbortSignal {
    return this.#place.lease.signal;
  }

  /**
   * Resolves once all have left who were inside when this one left: a fast one may have entered anew before a slow one looks. The
   * barrier can then be used again.
   */
  async leave(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const inside = { prefix: `${this.#name}/in/` };
    try {
      this.#left ??= await this.#place.leave();
    } finally {
      await this.#place.lease.revoke();
    }
    const others = { keysOnly: true, limit: 1, maxCreateRevision: this.#left, signal: options.signal };
    for (;;) {
      const { kvs, revision } = await this.#client.range(inside, others);
      if (kvs[0] === undefined) return;
      await firstDeletion(this.#client, kvs[0].key, revision, options.signal);
    }
  }
}

async function changedSince(client: Client, key: string, revision: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const present = await client.range(key, { keysOnly: true, signal });
    if (present.kvs[0] !== undefined && present.kvs[0].modRevision > revision) return;
    try {
      for await (const { events } of client.watch(key, { fromRevision: present.revision + 1, signal })) {
        if (events.length > 0) return;
      }
    } catch (error) {
      if (!isCompacted(error)) throw error;
    }
  }
}
