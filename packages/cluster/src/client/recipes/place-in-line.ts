/**
 * A place in a line of waiters: one key per waiter under a common prefix, ordered by the revision that created it and alive as long as
 * the waiter's lease. The common part of lock, election and semaphore.
 *
 * Nobody polls, and a waiter for an exclusive turn watches its predecessor only, so that a release wakes one waiter and not the
 * herd (Hunt et al., "ZooKeeper", ATC 2010, section 2.4). After every wait the own key is read again: the lease may have ended
 * meanwhile, and a place that is gone must never be taken for a turn.
 */
import { CoreError } from '../../core/errors.ts';
import type { Compare, KeyValue } from '../../core/requests.ts';
import { LinkedSignal } from '../abort.ts';
import type { Client } from '../client.ts';
import { type Bytes, compareBytes, toText } from '../keys.ts';
import type { Lease } from '../lease.ts';
import { absent, createRevision, put, remove } from '../operations.ts';

interface Ahead {
  /** Nearest first. */
  readonly places: readonly KeyValue[];
  readonly revision: number;
}

export class Place {
  readonly key: string;
  /** The revision that created the key: ascends along the line, and serves as fencing token. */
  readonly token: number;
  readonly lease: Lease;
  readonly #client: Client;
  readonly #prefix: string;

  constructor(client: Client, prefix: string, key: string, token: number, lease: Lease) {
    this.#client = client;
    this.#prefix = prefix;
    this.key = key;
    this.token = token;
    this.lease = lease;
  }

  /** Holds as long as the place is held: put it before a write that must not happen otherwise. */
  get guard(): Compare {
    return createRevision(this.key, '=', this.token);
  }

  /** Whether fewer than `turns` places are ahead. Rejects with `lease-lost` when the place itself is gone. */
  async isDue(turns: number, signal: AbortSignal | undefined): Promise<boolean> {
    return (await this.#ahead(turns, signal)).places.length < turns;
  }

  /** Resolves once fewer than `turns` places are ahead. Rejects with `lease-lost` when the place is lost first. */
  async turn(turns: number, signal: AbortSignal | undefined): Promise<void> {
    using linked = new LinkedSignal(signal, this.lease.signal);
    try {
      for (;;) {
        const ahead = await this.#ahead(turns, linked.signal);
        if (ahead.places.length < turns) return;
        await this.#untilOneLeaves(ahead, linked.signal);
      }
    } catch (error) {
      throw this.lease.signal.aborted ? this.lease.signal.reason : error;
    }
  }

  async #ahead(turns: number, signal: AbortSignal | undefined): Promise<Ahead> {
    const { kvs, revision } = await this.#client.range(
      { prefix: this.#prefix },
      { maxCreateRevision: this.token, sortBy: 'create', order: 'descend', limit: turns + 1, keysOnly: true, signal },
    );
    const [own, ...places] = kvs;
    if (own?.createRevision !== this.token || toText(own.key) !== this.key) throw this.#gone();
    return { places, revision };
  }

  /** Among `turns` places ahead, one must leave before this one can be due; with several it may be any of them. */
  async #untilOneLeaves({ places, revision }: Ahead, signal: AbortSignal): Promise<void> {
    const keys = places.map((place) => place.key);
    const watched = keys.length === 1 ? keys[0]! : { prefix: this.#prefix };
    const wanted = (key: Uint8Array): boolean => keys.some((other) => compareBytes(other, key) === 0);
    await firstDeletion(this.#client, watched, revision, signal, wanted);
  }

  #gone(): CoreError {
    return new CoreError('lease-lost', `the key ${this.key} is gone: lease ${this.lease.id} ended, or it was deleted`);
  }

  /** Replaces the value that others see. Rejects with `lease-lost` when the place is gone. */
  async announce(value: Bytes, signal?: AbortSignal): Promise<void> {
    const write = put(this.key, value, { lease: this.lease });
    const { succeeded } = await this.#client.txn({ if: [this.guard], then: [write] }, { signal });
    if (!succeeded) throw this.#gone();
  }

  /** Leaves the line. Harmless when the key is already gone. Resolves with a revision in which it is. */
  async leave(): Promise<number> {
    return (await this.#client.txn({ if: [this.guard], then: [remove(this.key)] })).revision;
  }
}

/** Unique even when one lease waits twice: two tasks of one process must not take each other's place for their own. */
export function placeKey(client: Client, prefix: string, lease: Lease): string {
  return `${prefix}${lease.id.toString(16)}-${client.unique()}`;
}

/** Adds a place at the end of the line `prefix`. */
export async function takePlace(
  client: Client,
  place: {
    readonly prefix: string;
    readonly key: string;
    readonly lease: Lease;
    readonly value: Bytes;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Place> {
  const { prefix, key, lease, value, signal } = place;
  const parts = { if: [absent(key)], then: [put(key, value, { lease })] };
  const { revision, succeeded } = await client.txn(parts, { signal });
  if (!succeeded) throw new CoreError('unavailable', `the key ${key} exists already: try again`, { retryable: true });
  return new Place(client, prefix, key, revision, lease);
}

/**
 * Resolves with true once a key among `keys` (which passes `wanted`) has been deleted after `revision`. Resolves early, with false, when the
 * history needed has been compacted: look again.
 */
export async function firstDeletion(
  client: Client,
  keys: Parameters<Client['watch']>[0],
  revision: number,
  signal: AbortSignal | undefined,
  wanted: (key: Uint8Array) => boolean = () => true,
): Promise<boolean> {
  try {
    for await (const { events } of client.watch(keys, { fromRevision: revision + 1, without: 'puts', signal })) {
      if (events.some(({ kv }) => wanted(kv.key))) return true;
    }
  } catch (error) {
    if (!isCompacted(error)) throw error;
  }
  return false;
}

export function isCompacted(error: unknown): boolean {
  return error instanceof CoreError && error.code === 'compacted';
}
