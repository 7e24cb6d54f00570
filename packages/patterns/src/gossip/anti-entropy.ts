/**
 * Anti-entropy: from time to time two replicas compare all they have and settle every difference. Slow, and it never misses anything.
 *
 * Demers et al., PODC 1987, section 1.3 (push, pull, push-pull). Pull and push-pull end faster: who is left is missed by all with a
 * probability that is squared each round, while with push it falls only to 1/e. A digest names each key with its version; the newer version wins.
 * A version belongs to one value, so it must carry its writer (a packed hybrid timestamp with a node, a dot, a log index).
 *
 * For more than some thousands of keys compare by Merkle tree, ranges or rateless cells instead (`integrity`), and use this for what they find.
 * Deleted keys need a tombstone as their value, kept until all have it ("death certificates", section 2).
 *
 * Pure; randomness is injected. A round is O(keys).
 */
import { assert, Instant, type RandomNumber } from '../base/index.ts';
import { choosePeers } from './peers.ts';

export interface AntiEntropyOptions {
  readonly self: string;
  readonly members: readonly string[];
  readonly random: RandomNumber;
  readonly intervalMs: number;
  /** `push-pull` by default. */
  readonly mode?: 'push' | 'pull' | 'push-pull';
  /** Entries in one message. 1000 by default; what does not fit waits for another round. */
  readonly maxEntries?: number;
}

export interface VersionedEntry<Value> {
  readonly key: string;
  readonly version: number;
  readonly value: Value;
}

export type AntiEntropyMessage<Value> =
  | { readonly kind: 'digest'; readonly versions: readonly (readonly [key: string, version: number])[] }
  | {
      readonly kind: 'entries';
      readonly entries: readonly VersionedEntry<Value>[];
      readonly wanted: readonly string[];
    };

export type AntiEntropyInput<Value> =
  | { readonly kind: 'put'; readonly entry: VersionedEntry<Value> }
  | { readonly kind: 'members'; readonly members: readonly string[] }
  | { readonly kind: 'message'; readonly from: string; readonly message: AntiEntropyMessage<Value> }
  | { readonly kind: 'tick' };

export type AntiEntropyEffect<Value> =
  | { readonly kind: 'send'; readonly to: string; readonly message: AntiEntropyMessage<Value> }
  /** An entry came that is newer than ours. */
  | { readonly kind: 'changed'; readonly entry: VersionedEntry<Value> };

export class AntiEntropy<Value> {
  readonly #options: Required<AntiEntropyOptions>;
  readonly #entries = new Map<string, VersionedEntry<Value>>();
  #members: readonly string[];
  #nextAt: Instant;

  constructor(options: AntiEntropyOptions, now: Instant) {
    this.#options = { mode: 'push-pull', maxEntries: 1000, ...options };
    assert(options.intervalMs > 0, 'intervalMs must be above 0');
    assert(this.#options.maxEntries >= 1, 'maxEntries must be 1 or more');
    this.#members = options.members;
    this.#nextAt = Instant.add(now, options.intervalMs);
  }

  get(key: string): VersionedEntry<Value> | undefined {
    return this.#entries.get(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  get deadline(): Instant {
    return this.#nextAt;
  }

  step(input: AntiEntropyInput<Value>, now: Instant, out: AntiEntropyEffect<Value>[]): void {
    switch (input.kind) {
      case 'put':
        this.#put(input.entry);
        return;
      case 'members':
        this.#members = input.members;
        return;
      case 'message':
        if (input.message.kind === 'digest') return this.#compare(input.from, input.message.versions, out);
        return this.#settle(input.from, input.message, out);
      case 'tick':
        if (now >= this.#nextAt) this.#round(now, out);
    }
  }

  #round(now: Instant, out: AntiEntropyEffect<Value>[]): void {
    const { self, random, intervalMs } = this.#options;
    this.#nextAt = Instant.add(now, intervalMs);
    const versions = [...this.#entries.values()].map(({ key, version }) => [key, version] as const);
    for (const to of choosePeers(random, { self, members: this.#members }, 1))
      out.push({ kind: 'send', to, message: { kind: 'digest', versions } });
  }

  /** `push`: what we want of theirs. `pull`: what they lack. */
  #compare(from: string, versions: readonly (readonly [string, number])[], out: AntiEntropyEffect<Value>[]): void {
    const { mode, maxEntries } = this.#options;
    const theirs = new Map(versions);
    const wanted: string[] = [];
    if (mode !== 'pull')
      for (const [key, version] of versions)
        if (wanted.length < maxEntries && version > (this.#entries.get(key)?.version ?? Number.NEGATIVE_INFINITY))
          wanted.push(key);
    const entries: VersionedEntry<Value>[] = [];
    if (mode !== 'push')
      for (const entry of this.#entries.values())
        if (entries.length < maxEntries && entry.version > (theirs.get(entry.key) ?? Number.NEGATIVE_INFINITY))
          entries.push(entry);
    if (wanted.length + entries.length > 0)
      out.push({ kind: 'send', to: from, message: { kind: 'entries', entries, wanted } });
  }

  #settle(
    from: string,
    { entries, wanted }: AntiEntropyMessage<Value> & { kind: 'entries' },
    out: AntiEntropyEffect<Value>[],
  ): void {
    for (const entry of entries) if (this.#put(entry)) out.push({ kind: 'changed', entry });
    const given = wanted.flatMap((key) => this.#entries.get(key) ?? []);
    if (given.length > 0)
      out.push({ kind: 'send', to: from, message: { kind: 'entries', entries: given, wanted: [] } });
  }

  #put(entry: VersionedEntry<Value>): boolean {
    const mine = this.#entries.get(entry.key);
    if (mine !== undefined && mine.version >= entry.version) return false;
    this.#entries.set(entry.key, entry);
    return true;
  }
}
