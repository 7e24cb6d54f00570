/**
 * Linearizable reads on a follower: thesis 6.4, last paragraph. The follower asks the leader for a read index and waits
 * until its own state machine is there. Whatever gets lost on the way ends in `read-failed`, and the reader asks again.
 */
import type { Instant } from '../../base/index.ts';
import type { Core } from './core.ts';
import { READS_MAX } from './reads.ts';

interface Pending {
  readonly id: number;
  readonly until: Instant;
}

export class FollowerReads {
  readonly #core: Core;
  /** By token, oldest first. At most `READS_MAX`. */
  readonly #pending = new Map<number, Pending>();
  #token: number;

  constructor(core: Core) {
    this.#core = core;
    this.#token = firstToken(core.settings.random);
  }

  /** When the oldest question is given up. */
  get deadline(): Instant | undefined {
    return this.#pending.values().next().value?.until;
  }

  read(id: number): void {
    const { leader, term, out, settings } = this.#core;
    if (leader === undefined || this.#pending.size >= READS_MAX) {
      out.push({ kind: 'read-failed', ids: [id] });
      return;
    }
    this.#token += 1;
    this.#pending.set(this.#token, { id, until: this.#core.after(settings.electionTimeoutMs) });
    this.#core.send(leader, { kind: 'read-request', term, id: this.#token });
  }

  answered(token: number, index: number | undefined): void {
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    this.#pending.delete(token);
    const ids = [pending.id];
    this.#core.out.push(index === undefined ? { kind: 'read-failed', ids } : { kind: 'read-ready', ids, index });
  }

  tick(): void {
    for (const [token, { until }] of this.#pending) {
      if (until > this.#core.now) return;
      this.answered(token, undefined);
    }
  }

  /** The leader or the term changed: the answer may never come. */
  abandon(): void {
    if (this.#pending.size === 0) return;
    this.#core.out.push({ kind: 'read-failed', ids: [...this.#pending.values()].map(({ id }) => id) });
    this.#pending.clear();
  }
}

/** A token that no earlier life of this node has used: a late answer to that one would be a stale read here. */
export function firstToken(random: () => number): number {
  return (random() >>> 0) * 2 ** 20;
}
