/**
 * Who counts in synchronous mode: a set of replicas that have every acknowledged record, so that any of them can lead. It is decided outside, under a version; the
 * leader proposes. Lin et al., "PacificA", 2008; Kafka's in-sync replicas, with KIP-497's rule for a change under way: count whoever is in the set or may be by now.
 *
 * It never shrinks below `copiesMin`: records that were acknowledged by so many must find so many candidates for the next leadership (what KIP-966 adds to Kafka,
 * where the last one left in the set was the only one that could lead).
 *
 * Pure. Bounded by the number of replicas.
 */
import { assert, Instant } from '../base/index.ts';
import type { InSync, LogEffect } from './log-types.ts';

export interface InSyncCandidate {
  readonly replica: string;
  /** When it last had all that the leader had, and whether it has all that is acknowledged. */
  readonly caughtUpAt: Instant;
  readonly hasAcknowledged: boolean;
}

export class InSyncSet {
  readonly #lagMaxMs: number;
  readonly #copiesMin: number;
  #decided: InSync;
  #proposed: InSync | undefined;
  #askedAt: Instant = Instant.of(Number.NEGATIVE_INFINITY);

  constructor(decided: InSync, copiesMin: number, lagMaxMs: number) {
    this.#decided = distinct(decided);
    this.#copiesMin = copiesMin;
    this.#lagMaxMs = lagMaxMs;
  }

  get decided(): InSync {
    return this.#decided;
  }

  /** All that are in the set, or would be if what was proposed has been decided. */
  get counted(): readonly string[] {
    const proposed = this.#proposed?.members ?? [];
    return [...this.#decided.members, ...proposed.filter((one) => !this.#decided.members.includes(one))];
  }

  /** When `review` is next worth calling, if nothing is heard before. */
  deadline(candidates: readonly InSyncCandidate[]): number {
    if (this.#proposed !== undefined) return this.#askedAt + this.#lagMaxMs;
    const { members } = this.#decided;
    if (members.length <= this.#copiesMin) return Number.POSITIVE_INFINITY;
    const inSet = candidates.filter((one) => members.includes(one.replica));
    return Math.min(...inSet.map(({ caughtUpAt }) => caughtUpAt + this.#lagMaxMs), Number.POSITIVE_INFINITY);
  }

  /**
   * Takes news. Only a version as high as the proposed one ends a proposal: a lower one may be old news, while the proposal is decided at this moment.
   */
  decide(inSync: InSync): void {
    if (inSync.version > this.#decided.version) this.#decided = distinct(inSync);
    if (this.#proposed !== undefined && this.#decided.version >= this.#proposed.version) this.#proposed = undefined;
  }

  /** Who is in the set and has caught up lately, the leader included. */
  liveCount(candidates: readonly InSyncCandidate[], now: Instant): number {
    const { members } = this.#decided;
    return 1 + candidates.filter((one) => members.includes(one.replica) && this.#isLive(one, now)).length;
  }

  /** Proposes one change at a time, the same again when nothing was heard of it. */
  review(candidates: readonly InSyncCandidate[], generation: number, now: Instant, out: LogEffect[]): void {
    if (this.#proposed !== undefined) {
      if (now >= this.#askedAt + this.#lagMaxMs) this.#ask(this.#proposed, generation, now, out);
      return;
    }
    const members = this.#wanted(candidates, now);
    if (members === undefined) return;
    this.#proposed = { version: this.#decided.version + 1, members };
    this.#ask(this.#proposed, generation, now, out);
  }

  #ask(proposed: InSync, generation: number, now: Instant, out: LogEffect[]): void {
    this.#askedAt = now;
    out.push({ kind: 'propose-in-sync', generation, ...proposed });
  }

  #wanted(candidates: readonly InSyncCandidate[], now: Instant): readonly string[] | undefined {
    const { members } = this.#decided;
    // Reaching what is acknowledged is not enough: a straggler that just about does would come and go (KAFKA-19996).
    const ready = candidates.find(
      (one) => !members.includes(one.replica) && one.hasAcknowledged && this.#isLive(one, now),
    );
    if (ready !== undefined) return [...members, ready.replica];
    if (members.length <= this.#copiesMin) return undefined;
    const late = candidates
      .filter((one) => members.includes(one.replica) && !this.#isLive(one, now))
      .sort((a, b) => a.caughtUpAt - b.caughtUpAt)[0];
    return late === undefined ? undefined : members.filter((one) => one !== late.replica);
  }

  #isLive({ caughtUpAt }: InSyncCandidate, now: Instant): boolean {
    return now < caughtUpAt + this.#lagMaxMs;
  }
}

/** One that is named twice would count for two copies. */
function distinct(inSync: InSync): InSync {
  const { members } = inSync;
  assert(new Set(members).size === members.length, `members must be distinct, not ${members.join(', ')}`);
  return inSync;
}
