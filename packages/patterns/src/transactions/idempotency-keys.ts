/**
 * An idempotent receiver by key: each request carries a key that its sender chose at random, and the same key again gets the same answer, an error
 * included, without the request being carried out again. For senders that do not keep a session or number their requests; where they do,
 * `IdempotentReceiver` needs less memory and forgets at the right time.
 *
 * IETF draft-ietf-httpapi-idempotency-key-header-07, 2025, sections 2.5 to 2.7; the verdicts are, in HTTP: `new` process it, `replay` the stored response,
 * `in-progress` 409, `mismatch` 422, `full` 503.
 *
 *     (unknown) --receive: new--> in progress --record--> done --keepMs--> (unknown)
 *         ^                           |
 *         +----- release, abandonMs --+
 *
 * It holds for as long as the key is remembered: record in the same transaction as the effect, and keep it longer than anybody retries. Keys
 * of different senders must differ: put the sender's identity in front.
 *
 * A function of its calls, time included, so that replicas that make the same calls hold the same. Each call O(1), amortised.
 */
import { assert, Instant } from '../base/index.ts';

export interface IdempotencyKeysOptions {
  /** Default 100,000. */
  readonly keysMax?: number;
  /** How long an answer is kept, from when it was recorded. Default 24 hours. */
  readonly keepMs?: number;
  /**
   * How long a request may be in progress. Then its worker is taken for dead, the next request with its key is new, and what the dead one
   * still records is refused. Default 24 hours: a request that may have had an effect is not carried out again in a hurry.
   */
  readonly abandonMs?: number;
  /**
   * When there are as many keys as may be: `refuse` new ones, which is safe; or `forget-oldest`, the oldest answer, whose request would be carried
   * out again if it came again. Requests in progress are never forgotten. Default `refuse`.
   */
  readonly whenFull?: 'refuse' | 'forget-oldest';
}

export type KeyVerdict<R> =
  /** Carry it out, then `record` or `release` with this ticket. */
  | { readonly kind: 'new'; readonly ticket: number }
  /** It came before, and is not done. */
  | { readonly kind: 'in-progress'; readonly since: Instant }
  | { readonly kind: 'replay'; readonly reply: R }
  /** Another request came with this key: the sender's mistake. */
  | { readonly kind: 'mismatch' }
  /** Not carried out; try again later. */
  | { readonly kind: 'full' };

interface Working {
  readonly fingerprint: string;
  readonly ticket: number;
  readonly since: Instant;
}
interface Done<R> {
  readonly fingerprint: string;
  readonly reply: R;
  readonly at: Instant;
}

export type KeyEntry<R> =
  | ({ readonly kind: 'in-progress'; readonly key: string } & Working)
  | ({ readonly kind: 'done'; readonly key: string } & Done<R>);

export interface FrozenKeys<R> {
  /** The last ticket that was given out: none is given out twice. */
  readonly tickets: number;
  /** Oldest first; those in progress before those that are done. */
  readonly entries: readonly KeyEntry<R>[];
}

const DAY_MS = 24 * 60 * 60 * 1000;

export class IdempotencyKeys<R> {
  readonly #keysMax: number;
  readonly #keepMs: number;
  readonly #abandonMs: number;
  readonly #forgetsOldest: boolean;
  /** Oldest first, both. */
  readonly #working = new Map<string, Working>();
  readonly #done = new Map<string, Done<R>>();
  #tickets = 0;

  constructor(options: IdempotencyKeysOptions = {}) {
    this.#keysMax = options.keysMax ?? 100_000;
    this.#keepMs = options.keepMs ?? DAY_MS;
    this.#abandonMs = options.abandonMs ?? DAY_MS;
    this.#forgetsOldest = options.whenFull === 'forget-oldest';
    assert(this.#keysMax >= 1, `keysMax must be >= 1, not ${this.#keysMax}`);
    assert(this.#keepMs > 0, `keepMs must be > 0, not ${this.#keepMs}`);
    assert(this.#abandonMs > 0, `abandonMs must be > 0, not ${this.#abandonMs}`);
  }

  /** Keys remembered, those that are due to be forgotten included. */
  get size(): number {
    return this.#working.size + this.#done.size;
  }

  /** When `expire` has next something to do. Every call expires too, so that this matters to memory alone. */
  get deadline(): Instant | undefined {
    const [working] = this.#working.values();
    const [done] = this.#done.values();
    const ends: number[] = [];
    if (working !== undefined) ends.push(working.since + this.#abandonMs);
    if (done !== undefined) ends.push(done.at + this.#keepMs);
    return ends.length === 0 ? undefined : Instant.of(Math.min(...ends));
  }

  /** `fingerprint` is of all that makes the request this request, such as a digest of it. `now` never falls. */
  receive(key: string, fingerprint: string, now: Instant): KeyVerdict<R> {
    this.expire(now);
    const known = this.#done.get(key) ?? this.#working.get(key);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) return { kind: 'mismatch' };
      return 'reply' in known ? { kind: 'replay', reply: known.reply } : { kind: 'in-progress', since: known.since };
    }
    if (this.size >= this.#keysMax && !this.#makeRoom()) return { kind: 'full' };
    this.#tickets += 1;
    this.#working.set(key, { fingerprint, ticket: this.#tickets, since: now });
    return { kind: 'new', ticket: this.#tickets };
  }

  /** The answer to a request that was `new`. False when it has been abandoned since: then its effect must not be either. */
  record(key: string, ticket: number, reply: R, now: Instant): boolean {
    this.expire(now);
    const working = this.#working.get(key);
    if (working?.ticket !== ticket) return false;
    this.#working.delete(key);
    this.#done.set(key, { fingerprint: working.fingerprint, reply, at: now });
    return true;
  }

  /** A request that was `new` has certainly had no effect: the next one with its key is new. False when it has been abandoned. */
  release(key: string, ticket: number): boolean {
    return this.#working.get(key)?.ticket === ticket && this.#working.delete(key);
  }

  /** Forgets what is due. */
  expire(now: Instant): void {
    for (const [key, { since }] of this.#working) {
      if (since + this.#abandonMs > now) break;
      this.#working.delete(key);
    }
    for (const [key, { at }] of this.#done) {
      if (at + this.#keepMs > now) break;
      this.#done.delete(key);
    }
  }

  /** Everything, as it is now: for a snapshot. O(keys). */
  freeze(): FrozenKeys<R> {
    const working = [...this.#working].map(([key, entry]) => ({ kind: 'in-progress' as const, key, ...entry }));
    const done = [...this.#done].map(([key, entry]) => ({ kind: 'done' as const, key, ...entry }));
    return { tickets: this.#tickets, entries: [...working, ...done] };
  }

  /** Fills an empty table with what `freeze` gave of one with the same options. */
  load({ tickets, entries }: FrozenKeys<R>): void {
    assert(this.#tickets === 0, 'only an empty table is loaded');
    this.#tickets = tickets;
    for (const entry of entries) {
      const { key, fingerprint } = entry;
      if (entry.kind === 'done') this.#done.set(key, { fingerprint, reply: entry.reply, at: entry.at });
      else this.#working.set(key, { fingerprint, ticket: entry.ticket, since: entry.since });
    }
  }

  #makeRoom(): boolean {
    if (!this.#forgetsOldest) return false;
    for (const key of this.#done.keys()) return this.#done.delete(key);
    return false;
  }
}
