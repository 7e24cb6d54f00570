import type { Env } from '@quorate/env';
import type { ByteReader } from '@quorate/patterns/base';
import type { CallOptions } from '../core/core.ts';
import { CoreError } from '../core/errors.ts';
import type { LeaseGrantResponse, LeaseRevokeResponse } from '../core/requests.ts';
import { Lease, type LeaseChannel } from './lease.ts';
import { Operation } from './protocol/operations.ts';
import type { Requester } from './requester.ts';

/** The leases of a client, and their way to the cluster. */
export class LeaseKeeper implements LeaseChannel {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #requester: Requester;
  readonly #leases: Set<Lease> = new Set();
  #closed = false;

  constructor(env: Pick<Env, 'clock' | 'timers'>, requester: Requester) {
    this.#env = env;
    this.#requester = requester;
  }

  async grant(ttlSeconds: number, options?: CallOptions & { readonly id?: number }): Promise<Lease> {
    const askedAt = this.#env.clock.monotonic();
    const request = { kind: 'lease-grant', id: options?.id ?? 0, ttlSeconds } as const;
    const granted = await this.#requester.write<LeaseGrantResponse>(request, options);
    const lease = new Lease(this.#env, { ...granted, askedAt }, this);
    this.#leases.add(lease);
    if (this.#closed) this.close();
    return lease;
  }

  keepAlive(id: number, timeoutMs: number): Promise<number> {
    const decode = (reader: ByteReader): number => reader.uint();
    // One at a time per lease. A client that always has as many calls waiting as it may must not lose its leases for that.
    const options = { timeoutMs, essential: true };
    return this.#requester.ask('keep a lease alive', Operation.keepAlive, decode, options, (w) => w.uint(id));
  }

  async revoke(id: number): Promise<void> {
    try {
      await this.#requester.write<LeaseRevokeResponse>({ kind: 'lease-revoke', id });
    } catch (error) {
      if (!(error instanceof CoreError && error.code === 'lease-not-found')) throw error;
    }
  }

  ended(lease: Lease): void {
    this.#leases.delete(lease);
  }

  close(): void {
    this.#closed = true;
    for (const lease of [...this.#leases]) lease.abandon('the client was closed');
  }
}
