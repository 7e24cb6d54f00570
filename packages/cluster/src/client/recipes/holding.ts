import { CoreError } from '../../core/errors.ts';
import type { Compare } from '../../core/requests.ts';
import { LinkedSignal } from '../abort.ts';
import type { Client } from '../client.ts';
import type { Bytes } from '../keys.ts';
import type { Lease } from '../lease.ts';
import { type Place, placeKey, takePlace } from './place-in-line.ts';

export interface AcquireOptions {
  /** How long others wait should this process vanish. Default 10. Not used when `lease` is given. */
  readonly ttlSeconds?: number;
  /** Lives by this lease, which stays the caller's. Default: one of its own, revoked on release. */
  readonly lease?: Lease;
  /** Gives up waiting; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_TTL_SECONDS = 10;

/**
 * Something held for as long as a lease lives. It can be lost at any moment, and the holder may learn of it late, after a pause:
 * `signal` stops work soon, but only `guard` (in the same transaction as the write) or `token` (checked by the resource, which
 * refuses any smaller than it has seen) make it safe.
 */
export class Holding implements AsyncDisposable {
  readonly #place: Place;
  readonly #ownsLease: boolean;
  readonly #released: AbortController = new AbortController();
  readonly #signal: AbortSignal;

  constructor(place: Place, ownsLease: boolean) {
    const { signal } = place.lease;
    this.#place = place;
    this.#ownsLease = ownsLease;
    this.#signal = ownsLease ? signal : new LinkedSignal(signal, this.#released.signal).signal;
  }

  /** The fencing token: larger than that of everyone who held it before. */
  get token(): number {
    return this.#place.token;
  }

  /** Aborts, with a `CoreError` `lease-lost` as reason, when the holding is lost or may be, and when it is released. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** A comparison that holds only while this is held: `txn({ if: [lock.guard], then: [put(…)] })`. */
  get guard(): Compare {
    return this.#place.guard;
  }

  get key(): string {
    return this.#place.key;
  }

  get lease(): Lease {
    return this.#place.lease;
  }

  /** Throws `lease-lost` unless it is certain, by this process's own clock, that it is still held. */
  assertHeld(): void {
    this.#place.lease.assertAlive();
    if (this.#signal.aborted) throw this.#signal.reason;
  }

  protected get place(): Place {
    return this.#place;
  }

  /** Gives it up; the next in line has it. Idempotent, and no error when it was lost before. */
  async release(): Promise<void> {
    this.#released.abort(new CoreError('lease-lost', `${this.key} was released by its holder`));
    // Revoking deletes the key with the lease, in one write.
    if (this.#ownsLease) await this.#place.lease.revoke();
    else await this.#place.leave();
  }

  /** Like `release`. When nobody can be reached, what has a lease of its own ends with that, soon; otherwise this rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      if (!this.#ownsLease || !(error instanceof CoreError)) throw error;
    }
  }
}

/** Takes a place in line and waits for its turn. Whatever goes wrong, no place is left behind. */
export async function acquire(
  client: Client,
  prefix: string,
  turns: number,
  value: Bytes,
  options: AcquireOptions,
): Promise<{ readonly place: Place; readonly ownsLease: boolean }> {
  return withPlace(client, prefix, value, options, async (place) => {
    await place.turn(turns, options.signal);
    return true;
  }) as Promise<{ readonly place: Place; readonly ownsLease: boolean }>;
}

/** Like `acquire`, but resolves with undefined when it would have to wait. */
export async function tryAcquire(
  client: Client,
  prefix: string,
  turns: number,
  value: Bytes,
  options: AcquireOptions,
): Promise<{ readonly place: Place; readonly ownsLease: boolean } | undefined> {
  return withPlace(client, prefix, value, options, (place) => place.isDue(turns, options.signal));
}

async function withPlace(
  client: Client,
  prefix: string,
  value: Bytes,
  options: AcquireOptions,
  due: (place: Place) => Promise<boolean>,
): Promise<{ readonly place: Place; readonly ownsLease: boolean } | undefined> {
  const ownsLease = options.lease === undefined;
  const lease = options.lease ?? (await client.lease(options.ttlSeconds ?? DEFAULT_TTL_SECONDS, options));
  const key = placeKey(client, prefix, lease);
  try {
    const place = await takePlace(client, { prefix, key, lease, value, signal: options.signal });
    if (await due(place)) return { place, ownsLease };
  } catch (error) {
    await giveBack(client, key, lease, ownsLease);
    throw error;
  }
  await giveBack(client, key, lease, ownsLease);
  return undefined;
}

/** Also when nobody knows whether the place was taken. What cannot be given back now goes with the lease. */
async function giveBack(client: Client, key: string, lease: Lease, ownsLease: boolean): Promise<void> {
  try {
    if (ownsLease) await lease.revoke();
    else await client.delete(key);
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    // A lease of the caller's may live on, and the place with it: this goes on trying for as long as a lease lives that cannot be renewed.
    if (!ownsLease) client.delete(key, { timeoutMs: lease.ttlSeconds * 1000 }).catch(() => {});
  }
}
