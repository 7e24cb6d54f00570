/**
 * Failover: fence enough replicas, then let the one that lags least lead. Kernel of whoever is in charge of it, such as a process that holds a lease.
 *
 *     fencing --(enough have answered, and all have or gatherMs is over)--> chosen
 *        |  \--(lossAfterMs is over, not enough, but somebody)----------> chosen, may lose
 *        +--(a higher generation is met)--------------------------------> superseded
 *
 * First fence, then ask: a replica that says how far it is, and then goes on taking records from the old leader, helps that to acknowledge what the new one lacks.
 * Here the answer *is* the promise to take no more. Enough answers are as many as meet every set that can have acknowledged a record (`replicationFacts`).
 *
 * Least lag is by (synced, end), not by the end alone: a longer log may be one that an earlier leader left behind, and nobody acknowledged. Oki and Liskov,
 * "Viewstamped Replication", PODC 1988; Joshi, "Patterns of Distributed Systems", 2023, "Leader and Followers".
 *
 * Pure. O(replicas).
 */
import { Instant } from '../base/index.ts';
import type { LogMessage } from './log-types.ts';
import { type ReplicationMode, replicationFacts } from './replication-mode.ts';

export interface FailoverOptions {
  /** Never used before, above all earlier ones: a token of a safe election, or a number from a core. */
  readonly generation: number;
  readonly mode: ReplicationMode;
  readonly replicas: readonly string[];
  /** In synchronous mode, as decided when this generation was given out; a decision that an older generation asked for must be refused from then on. */
  readonly inSync?: readonly string[];
  /** How long to wait for more answers when there are enough: the better choice against a longer outage. */
  readonly gatherMs: number;
  /** After how long those that have not answered are asked again. */
  readonly retryMs: number;
  /** From when on availability counts more than acknowledged records. Absent: never. */
  readonly lossAfterMs?: number;
}

export type FailoverInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly from: string; readonly message: LogMessage }
  | { readonly kind: 'tick' };

export type FailoverEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: LogMessage }
  /** Let `leader` lead `generation` and all others follow it. `mayLose`: acknowledged records may be missing; `why` says so in words. */
  | {
      readonly kind: 'chosen';
      readonly generation: number;
      readonly leader: string;
      readonly mayLose: boolean;
      readonly why: string;
    }
  /** Not enough answers after `gatherMs`. It goes on. */
  | { readonly kind: 'short'; readonly answers: number; readonly needed: number }
  /** Somebody runs a failover with a higher generation. This one is over. */
  | { readonly kind: 'superseded'; readonly generation: number };

interface Answer {
  readonly replica: string;
  readonly synced: number;
  readonly end: number;
}

export class Failover {
  readonly #options: FailoverOptions;
  readonly #eligible: readonly string[];
  readonly #needed: number;
  readonly #answers = new Map<string, Answer>();
  #startedAt: Instant | undefined;
  #askAt: Instant = Instant.of(0);
  #saidShort = false;
  #over = false;

  /** `RangeError` when the mode does not fit the replicas, one of them is named twice, or the in-sync set is missing. */
  constructor(options: FailoverOptions) {
    this.#options = options;
    // One that is named twice would count for two that promise.
    for (const names of [options.replicas, options.inSync ?? []])
      if (new Set(names).size < names.length)
        throw new RangeError(`replicas must be distinct, not ${names.join(', ')}`);
    const { answers, answersFrom } = replicationFacts(options.mode, options.replicas.length);
    if (answersFrom === 'in-sync' && options.inSync === undefined)
      throw new RangeError('a synchronous failover needs the in-sync set');
    this.#eligible = answersFrom === 'in-sync' ? (options.inSync ?? []) : options.replicas;
    this.#needed = answers;
  }

  get deadline(): Instant | undefined {
    if (this.#over || this.#startedAt === undefined) return undefined;
    const { gatherMs, lossAfterMs } = this.#options;
    let earliest: number = this.#askAt;
    if (!this.#saidShort || this.#isEnough) earliest = Math.min(earliest, this.#startedAt + gatherMs);
    if (lossAfterMs !== undefined && this.#answers.size > 0)
      earliest = Math.min(earliest, this.#startedAt + lossAfterMs);
    return Instant.of(earliest);
  }

  step(input: FailoverInput, now: Instant, out: FailoverEffect[]): void {
    if (this.#over) return;
    switch (input.kind) {
      case 'start':
        this.#startedAt ??= now;
        return this.#ask(now, out);
      case 'message':
        return this.#message(input.from, input.message, now, out);
      case 'tick':
        if (now >= this.#askAt) this.#ask(now, out);
        return this.#decide(now, out);
    }
  }

  #ask(now: Instant, out: FailoverEffect[]): void {
    const { generation, replicas, retryMs } = this.#options;
    this.#askAt = Instant.add(now, retryMs);
    for (const to of replicas)
      if (!this.#answers.has(to)) out.push({ kind: 'send', to, message: { kind: 'fence', generation } });
  }

  #message(from: string, message: LogMessage, now: Instant, out: FailoverEffect[]): void {
    const { generation, replicas } = this.#options;
    if (message.kind === 'superseded' && message.generation > generation) {
      this.#over = true;
      out.push({ kind: 'superseded', generation: message.generation });
    }
    if (message.kind !== 'position' || message.generation !== generation || !replicas.includes(from)) return;
    this.#answers.set(from, { replica: from, synced: message.synced, end: message.end });
    this.#decide(now, out);
  }

  get #isEnough(): boolean {
    return this.#eligible.filter((replica) => this.#answers.has(replica)).length >= this.#needed;
  }

  #decide(now: Instant, out: FailoverEffect[]): void {
    if (this.#over || this.#startedAt === undefined) return;
    const { gatherMs, lossAfterMs, replicas } = this.#options;
    const waitedMs = now - this.#startedAt;
    if (this.#isEnough && (waitedMs >= gatherMs || this.#answers.size === replicas.length))
      return this.#choose(this.#eligible, false, out);
    if (this.#isEnough || waitedMs < gatherMs) return;
    if (lossAfterMs !== undefined && waitedMs >= lossAfterMs && this.#answers.size > 0)
      return this.#choose(replicas, true, out);
    if (!this.#saidShort) out.push({ kind: 'short', answers: this.#answers.size, needed: this.#needed });
    this.#saidShort = true;
  }

  #choose(from: readonly string[], mayLose: boolean, out: FailoverEffect[]): void {
    const candidates = from.flatMap((replica) => this.#answers.get(replica) ?? []);
    // Of equals the first in the list, so that an operator's order of preference counts.
    const best = candidates.reduce((a, b) => (b.synced > a.synced || (b.synced === a.synced && b.end > a.end) ? b : a));
    this.#over = true;
    const { generation } = this.#options;
    const told = `${candidates.length} of ${from.length} replicas that could have every acknowledged record have answered, ${this.#needed} needed`;
    const why = mayLose ? `acknowledged records may be lost: ${told}` : `no acknowledged record is lost: ${told}`;
    out.push({ kind: 'chosen', generation, leader: best.replica, mayLose, why });
  }
}
