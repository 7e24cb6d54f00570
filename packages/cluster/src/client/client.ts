import type { Address } from '@quorate/env';
import type { ByteReader } from '@quorate/patterns/base';
import { readResponse, writeRange } from '../core/codec/index.ts';
import type { CallOptions } from '../core/core.ts';
import type { CoreError } from '../core/errors.ts';
import type {
  CompactResponse,
  DeleteRangeResponse,
  KeyValue,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnResponse,
} from '../core/requests.ts';
import { ClusterAdministration } from './administration.ts';
import { type Bytes, type Keys, toBytes, toRange } from './keys.ts';
import type { Lease } from './lease.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import {
  type DeleteOptions,
  get,
  type PutOptions,
  put,
  type RangeOptions,
  remove,
  type Transaction,
  transaction,
} from './operations.ts';
import { type ClientOptions, resolveClientOptions } from './options.ts';
import { Operation } from './protocol/operations.ts';
import { Barrier } from './recipes/barrier.ts';
import { DoubleBarrier } from './recipes/double-barrier.ts';
import { Election } from './recipes/election.ts';
import type { AcquireOptions } from './recipes/holding.ts';
import { type Lock, lock, tryLock } from './recipes/lock.ts';
import { Semaphore } from './recipes/semaphore.ts';
import { Sequence } from './recipes/sequence.ts';
import { Requester } from './requester.ts';
import type { Watcher, WatchOptions } from './watcher.ts';

export interface ReadOptions extends CallOptions {
  /** Answered at once by whichever server is asked, perhaps with an older state. Default false: linearizable. */
  readonly serializable?: boolean;
}

export interface ScanOptions extends ReadOptions {
  /** Keys fetched at once. Default 1,000. */
  readonly pageSize?: number;
  readonly keysOnly?: boolean;
}

const PAGE_SIZE = 1000;

/** Connects to a cluster. Resolves when a member answers; rejects, when none does within `timeoutMs`, saying why. */
export async function connect(options: ClientOptions): Promise<Client> {
  const client = new Client(options);
  try {
    await client.ready();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * What an application holds of a cluster. All methods reject with a `CoreError` and nothing else; writes are applied once, however often
 * connections and leaders change underneath. Writes that are not awaited in between may be applied in another order
 * when a leader changes: await one to order the next after it.
 */
export class Client implements AsyncDisposable {
  readonly cluster: ClusterAdministration;
  readonly #requester: Requester;
  readonly #leases: LeaseKeeper;
  readonly #name: string;
  #unique = 0;

  constructor(options: ClientOptions) {
    const resolved = resolveClientOptions(options);
    this.#name = resolved.name;
    this.#requester = new Requester(resolved);
    this.#leases = new LeaseKeeper(resolved.env, this.#requester);
    this.cluster = new ClusterAdministration(this.#requester);
  }

  /** Resolves once a leader answers. */
  ready(): Promise<void> {
    return this.#requester.ready();
  }

  /** The server that requests go to now; undefined while there is no connection. */
  get server(): Address | undefined {
    return this.#requester.server;
  }

  /** 0 while it is not known. */
  get clusterId(): number {
    return this.#requester.clusterId;
  }

  put(key: Bytes, value: Bytes, options?: PutOptions & CallOptions): Promise<PutResponse> {
    return this.#requester.write(put(key, value, options), options);
  }

  async get(key: Bytes, options?: ReadOptions & { readonly revision?: number }): Promise<KeyValue | undefined> {
    const request: RangeRequest = { kind: 'range', key: toBytes(key), revision: options?.revision ?? 0 };
    return (await this.#range(request, options)).kvs[0];
  }

  range(keys: Keys, options: RangeOptions & ReadOptions = {}): Promise<RangeResponse> {
    const { serializable: _, signal: __, timeoutMs: ___, ...rest } = options;
    return this.#range(get(keys, rest), options);
  }

  /** All keys in order, in pages, as of one revision: that of the first page. */
  async *scan(keys: Keys, options: ScanOptions = {}): AsyncGenerator<KeyValue, void> {
    const { rangeEnd, key: first } = toRange(keys);
    const { pageSize, keysOnly } = options;
    let key = first;
    let revision = 0;
    for (;;) {
      const limit = pageSize ?? PAGE_SIZE;
      const page = await this.#range(
        { kind: 'range', key, rangeEnd, limit, revision, keysOnly: keysOnly ?? false },
        options,
      );
      yield* page.kvs;
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return;
      // What the first page read is what all pages read.
      if (revision === 0) revision = page.revision;
      key = after(last.key);
    }
  }

  delete(keys: Keys, options?: DeleteOptions & CallOptions): Promise<DeleteRangeResponse> {
    return this.#requester.write(remove(keys, options), options);
  }

  txn(parts: Transaction, options?: CallOptions): Promise<TxnResponse> {
    return this.#requester.write(transaction(parts), options);
  }

  /** Forgets all versions that were superseded up to `revision`. */
  compact(revision: number, options?: CallOptions): Promise<CompactResponse> {
    return this.#requester.write({ kind: 'compact', revision }, options);
  }

  /** A lease that this client keeps alive until it is revoked or lost, or the client is closed. */
  lease(ttlSeconds: number, options?: CallOptions & { readonly id?: number }): Promise<Lease> {
    return this.#leases.grant(ttlSeconds, options);
  }

  /** See `Watcher`. */
  watch(keys: Keys, options: WatchOptions = {}): Watcher {
    return this.#requester.watch(keys, options);
  }

  /** Waits for the lock. Always use its `guard` or `token`: see `Holding`. */
  lock(name: string, options?: AcquireOptions): Promise<Lock> {
    return lock(this, name, options);
  }

  tryLock(name: string, options?: AcquireOptions): Promise<Lock | undefined> {
    return tryLock(this, name, options);
  }

  election(name: string): Election {
    return new Election(this, name);
  }

  semaphore(name: string, permits: number): Semaphore {
    return new Semaphore(this, name, permits);
  }

  barrier(name: string): Barrier {
    return new Barrier(this, name);
  }

  doubleBarrier(name: string, count: number): DoubleBarrier {
    return new DoubleBarrier(this, name, count);
  }

  sequence(name: string): Sequence {
    return new Sequence(this, name);
  }

  /** A text that this client has not returned before, and no other is likely to. */
  unique(): string {
    this.#unique += 1;
    return `${this.#name}-${this.#unique}`;
  }

  /** Leases are kept alive no longer, watches end, outstanding calls reject with `stopped`. Idempotent. */
  async close(): Promise<void> {
    this.#leases.close();
    await this.#requester.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #range(request: RangeRequest, options: ReadOptions | undefined): Promise<RangeResponse> {
    const operation = options?.serializable === true ? Operation.serializableRange : Operation.range;
    return this.#requester.ask('range', operation, decodeRange, options, (writer) => writeRange(writer, request));
  }
}

/** The least key that is greater. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

function decodeRange(reader: ByteReader): RangeResponse | CoreError {
  return readResponse(reader) as RangeResponse | CoreError;
}
