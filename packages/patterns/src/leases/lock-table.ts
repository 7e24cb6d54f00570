/**
 * Who holds which lock and who waits for it, in order. Part of a replicated state: a function of the order of its calls and of nothing else.
 * Burrows, "The Chubby Lock Service", OSDI 2006, section 2.4; Kleppmann, "How to do distributed locking", 2016 (fencing); Hunt et al., ZooKeeper,
 * USENIX ATC 2010, section 2.4 (waiting in order, without a herd).
 *
 *     acquire --> held, with a token        (free, or shared with those who hold it, and nobody waits)
 *             --> queued --> held           (when its turn comes: first come, first served)
 *     release, or ended (the owner's lease) --> the next in the queue; of several `shared` in a row all
 *
 * A lock is held under a lease (`lease-table.ts`), so it ends when its owner falls silent. The owner may not know yet, being paused: what it guards must
 * therefore check the token, which is higher for each later holder (`FencedResource`). Those that hold a lock together have one token.
 *
 * Nobody overtakes: a `shared` request that could join the holders waits all the same behind an `exclusive` one. Asking again changes nothing and is answered
 * again, so requests may be repeated.
 *
 * Acquire, release O(1); `ended` O(n log n) for n locks of the owner; a repeated request of one that waits O(queue).
 */
import { assert } from '../base/index.ts';
import { FencingToken } from '../election/leadership.ts';

export interface LockTableOptions {
  /** Locks that are held. Default 100,000; beyond, requests are refused. */
  readonly locksMax?: number;
  /** Owners that wait for one lock. Default 10,000; beyond, requests are refused. */
  readonly waitersMax?: number;
}

export type LockMode = 'exclusive' | 'shared';

export type LockTableInput =
  /** `owner`: a lease, and who of those that share it. `waits` false: now or not at all. */
  | {
      readonly kind: 'acquire';
      readonly key: string;
      readonly owner: string;
      readonly mode: LockMode;
      readonly waits: boolean;
    }
  /** Gives it back, or stops waiting. */
  | { readonly kind: 'release'; readonly key: string; readonly owner: string }
  /** The owner's lease has ended. */
  | { readonly kind: 'ended'; readonly owner: string };

export type LockTableEffect =
  | { readonly kind: 'granted'; readonly key: string; readonly owner: string; readonly token: FencingToken }
  /** `ahead`: how many wait before it. */
  | { readonly kind: 'queued'; readonly key: string; readonly owner: string; readonly ahead: number }
  /** `held`: by another. `other-mode`: it has it, or waits for it, in the other mode; release first. `full`: try again later. */
  | {
      readonly kind: 'refused';
      readonly key: string;
      readonly owner: string;
      readonly why: 'held' | 'other-mode' | 'full';
    };

export interface FrozenLock {
  readonly key: string;
  readonly mode: LockMode;
  readonly token: number;
  readonly holders: readonly string[];
  /** First come first. */
  readonly waiters: readonly { readonly owner: string; readonly mode: LockMode }[];
}

export interface FrozenLocks {
  readonly lastToken: number;
  readonly locks: readonly FrozenLock[];
}

interface Lock {
  readonly key: string;
  mode: LockMode;
  token: FencingToken;
  /** Never empty. */
  readonly holders: Set<string>;
  /** In the order in which they came. Empty unless somebody holds the lock. */
  readonly waiters: Map<string, LockMode>;
}

export class LockTable {
  readonly #locksMax: number;
  readonly #waitersMax: number;
  readonly #locks = new Map<string, Lock>();
  /** The keys that each owner holds or waits for. */
  readonly #keysOf = new Map<string, Set<string>>();
  #lastToken = 0;

  constructor(options: LockTableOptions = {}) {
    this.#locksMax = options.locksMax ?? 100_000;
    this.#waitersMax = options.waitersMax ?? 10_000;
    assert(this.#locksMax >= 1, `locksMax must be >= 1, not ${this.#locksMax}`);
    assert(this.#waitersMax >= 0, `waitersMax must be >= 0, not ${this.#waitersMax}`);
  }

  /** Locks that are held. */
  get size(): number {
    return this.#locks.size;
  }

  /** The token under which `owner` holds the lock now, or undefined. */
  tokenOf(key: string, owner: string): FencingToken | undefined {
    const lock = this.#locks.get(key);
    return lock?.holders.has(owner) === true ? lock.token : undefined;
  }

  step(input: LockTableInput, out: LockTableEffect[]): void {
    switch (input.kind) {
      case 'acquire':
        out.push(this.#acquire(input.key, input.owner, input.mode, input.waits));
        return;
      case 'release':
        return this.#leave(input.key, input.owner, out);
      case 'ended':
        // In an order that is the same on every replica, also on one that was loaded from a snapshot: tokens depend on it.
        for (const key of [...(this.#keysOf.get(input.owner) ?? [])].sort()) this.#leave(key, input.owner, out);
        return;
    }
  }

  freeze(): FrozenLocks {
    const locks = [...this.#locks.values()].map(({ key, mode, token, holders, waiters }) => ({
      key,
      mode,
      token,
      holders: [...holders],
      waiters: [...waiters].map(([owner, wanted]) => ({ owner, mode: wanted })),
    }));
    return { lastToken: this.#lastToken, locks };
  }

  /** Fills an empty table with what `freeze` gave. */
  load({ lastToken, locks }: FrozenLocks): void {
    assert(this.#lastToken === 0, 'only an empty table is loaded');
    this.#lastToken = lastToken;
    for (const { key, mode, token, holders, waiters } of locks) {
      const queue = new Map(waiters.map((waiter) => [waiter.owner, waiter.mode]));
      this.#locks.set(key, { key, mode, token: FencingToken.of(token), holders: new Set(holders), waiters: queue });
      for (const owner of [...holders, ...queue.keys()]) this.#note(owner, key);
    }
  }

  #acquire(key: string, owner: string, mode: LockMode, waits: boolean): LockTableEffect {
    const lock = this.#locks.get(key);
    if (lock === undefined) {
      if (this.#locks.size >= this.#locksMax) return { kind: 'refused', key, owner, why: 'full' };
      this.#lastToken += 1;
      const token = FencingToken.of(this.#lastToken);
      this.#locks.set(key, { key, mode, token, holders: new Set([owner]), waiters: new Map() });
      this.#note(owner, key);
      return { kind: 'granted', key, owner, token };
    }
    const has = lock.holders.has(owner) ? lock.mode : lock.waiters.get(owner);
    if (has !== undefined && has !== mode) return { kind: 'refused', key, owner, why: 'other-mode' };
    if (lock.holders.has(owner)) return { kind: 'granted', key, owner, token: lock.token };
    if (lock.mode === 'shared' && mode === 'shared' && lock.waiters.size === 0) {
      lock.holders.add(owner);
      this.#note(owner, key);
      return { kind: 'granted', key, owner, token: lock.token };
    }
    return this.#queue(lock, owner, mode, waits);
  }

  #queue(lock: Lock, owner: string, mode: LockMode, waits: boolean): LockTableEffect {
    const { key, waiters } = lock;
    if (waiters.has(owner)) return { kind: 'queued', key, owner, ahead: [...waiters.keys()].indexOf(owner) };
    if (!waits) return { kind: 'refused', key, owner, why: 'held' };
    if (waiters.size >= this.#waitersMax) return { kind: 'refused', key, owner, why: 'full' };
    waiters.set(owner, mode);
    this.#note(owner, key);
    return { kind: 'queued', key, owner, ahead: waiters.size - 1 };
  }

  #leave(key: string, owner: string, out: LockTableEffect[]): void {
    const lock = this.#locks.get(key);
    if (lock === undefined) return;
    const wasHolder = lock.holders.delete(owner);
    if (!wasHolder && !lock.waiters.delete(owner)) return;
    this.#unnote(owner, key);
    if (lock.holders.size === 0) this.#passOn(lock, out);
    // Who waited first may have kept others from joining the holders.
    else if (!wasHolder && lock.mode === 'shared') this.#admitShared(lock, out);
  }

  #passOn(lock: Lock, out: LockTableEffect[]): void {
    const [next] = lock.waiters;
    if (next === undefined) {
      this.#locks.delete(lock.key);
      return;
    }
    const [owner, mode] = next;
    this.#lastToken += 1;
    lock.mode = mode;
    lock.token = FencingToken.of(this.#lastToken);
    this.#admit(lock, owner, out);
    if (mode === 'shared') this.#admitShared(lock, out);
  }

  #admitShared(lock: Lock, out: LockTableEffect[]): void {
    for (const [owner, mode] of lock.waiters) {
      if (mode !== 'shared') return;
      this.#admit(lock, owner, out);
    }
  }

  #admit(lock: Lock, owner: string, out: LockTableEffect[]): void {
    lock.waiters.delete(owner);
    lock.holders.add(owner);
    out.push({ kind: 'granted', key: lock.key, owner, token: lock.token });
  }

  #note(owner: string, key: string): void {
    const keys = this.#keysOf.get(owner);
    if (keys === undefined) this.#keysOf.set(owner, new Set([key]));
    else keys.add(key);
  }

  #unnote(owner: string, key: string): void {
    const keys = this.#keysOf.get(owner)!;
    keys.delete(key);
    if (keys.size === 0) this.#keysOf.delete(owner);
  }
}
