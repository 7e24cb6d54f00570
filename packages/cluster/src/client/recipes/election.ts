import type { KeyValue } from '../../core/requests.ts';
import type { Client } from '../client.ts';
import { type Bytes, toText } from '../keys.ts';
import { createRevision } from '../operations.ts';
import { type AcquireOptions, acquire, Holding } from './holding.ts';
import { linePrefix } from './lock.ts';
import { isCompacted } from './place-in-line.ts';

/** Who leads, as others see it. */
export interface Leader {
  readonly key: string;
  readonly value: Uint8Array;
  /** `value` as text. */
  readonly text: string;
  /** The fencing token: larger than that of all leaders before. */
  readonly token: number;
  /** The revision in which this leader was elected or last proclaimed something. */
  readonly revision: number;
}

/** A term of office, from the election to `resign`, or until `signal` aborts. */
export class Leadership extends Holding {
  /** Changes the value that others see. Rejects with `lease-lost` when the office is lost. */
  async proclaim(value: Bytes, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.place.announce(value, options.signal);
  }

  /** Gives the office up to the next candidate. */
  async resign(): Promise<void> {
    await this.release();
  }
}

/** Candidates stand in line; the first is the leader. All candidates of one office use one name. */
export class Election {
  readonly name: string;
  readonly #client: Client;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Resolves when elected. An aborted campaign leaves nothing behind. */
  async campaign(value: Bytes, options: AcquireOptions = {}): Promise<Leadership> {
    const { place, ownsLease } = await acquire(this.#client, linePrefix(this.name), 1, value, options);
    return new Leadership(place, ownsLease);
  }

  /** The leader now; undefined when there is none. */
  async leader(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Leader | undefined> {
    return (await this.#first(options.signal)).leader;
  }

  /**
   * Every leader, and everything it proclaims, from now on; undefined while there is none. A slow reader may miss values in
   * between, never the latest. Ends by `break` or by the signal.
   */
  async *observe(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<Leader | undefined, void> {
    for (;;) {
      const { leader, revision } = await this.#first(options.signal);
      yield leader;
      yield* this.#until(leader, revision, options.signal);
    }
  }

  /** Yields what the leader proclaims, and ends when there may be another one. */
  async *#until(
    leader: Leader | undefined,
    revision: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Leader, void> {
    const keys = leader?.key ?? { prefix: linePrefix(this.name) };
    try {
      for await (const { events } of this.#client.watch(keys, { fromRevision: revision + 1, signal })) {
        const last = events.at(-1);
        if (last === undefined) continue;
        if (leader === undefined || last.type === 'delete' || last.kv.createRevision !== leader.token) return;
        yield toLeader(last.kv);
      }
    } catch (error) {
      if (!isCompacted(error)) throw error;
    }
  }

  async #first(signal: AbortSignal | undefined): Promise<{ leader: Leader | undefined; revision: number }> {
    const { kvs, revision } = await this.#client.range(
      { prefix: linePrefix(this.name) },
      { sortBy: 'create', order: 'ascend', limit: 1, signal },
    );
    return { leader: kvs[0] === undefined ? undefined : toLeader(kvs[0]), revision };
  }
}

function toLeader(kv: KeyValue): Leader {
  return {
    key: toText(kv.key),
    value: kv.value,
    text: toText(kv.value),
    token: kv.createRevision,
    revision: kv.modRevision,
  };
}

/** Holds only while `leader` leads: for those who act on a leader's behalf. */
export function stillLeads(leader: Leader): ReturnType<typeof createRevision> {
  return createRevision(leader.key, '=', leader.token);
}
