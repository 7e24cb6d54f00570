/**
 * A replica that follows: it fetches, one request at a time, and lets its log be cut where it parts from the leader's. See `log-replica.ts`.
 *
 * Never cut back to the high-water mark, which lags behind what is acknowledged (KIP-101, both scenarios): cut to where the leader says that the generation of
 * the last record ends, again and again with the generation before, until the logs agree (KIP-279).
 */
import { Instant } from '../base/index.ts';
import type { LogState } from './log-state.ts';
import type { LogEffect, LogMessage } from './log-types.ts';

type Of<Kind extends LogMessage['kind']> = Extract<LogMessage, { readonly kind: Kind }>;

/** What a leader answers to a fetch. */
export type LogAnswer = Of<'records' | 'diverged' | 'restart'>;

export interface LogFollowerOptions {
  readonly fetchTimeoutMs: number;
  readonly writesMax: number;
}

export class LogFollower {
  readonly leader: string;
  readonly #options: LogFollowerOptions;
  readonly #state: LogState;
  #id = 0;
  #answered = 0;
  #asked: { readonly id: number; readonly at: Instant } | undefined;
  #heldSent = -1;

  constructor(leader: string, options: LogFollowerOptions, state: LogState) {
    this.leader = leader;
    this.#options = options;
    this.#state = state;
  }

  get deadline(): Instant | undefined {
    return this.#asked === undefined ? undefined : Instant.add(this.#asked.at, this.#options.fetchTimeoutMs);
  }

  fetch(now: Instant, out: LogEffect[]): void {
    const state = this.#state;
    this.#asked = undefined;
    // A disk that cannot keep up must not be fed from a faster network: `persisted` goes on.
    if (state.writes > this.#options.writesMax) return;
    this.#id += 1;
    this.#asked = { id: this.#id, at: now };
    const { generation, end, highWaterMark } = state;
    const message: LogMessage = {
      kind: 'fetch',
      generation,
      id: this.#id,
      from: end,
      latest: state.history.latest,
      mark: highWaterMark,
      answered: this.#answered,
      held: this.#held,
    };
    // Only the promise must be on disk before we take part; that is the case once anything written later is.
    out.push({ kind: 'send', to: this.leader, message, after: this.#answered === 0 ? state.pending : 0 });
  }

  answer(message: LogAnswer, now: Instant, out: LogEffect[]): void {
    if (this.#asked?.id !== message.id) return;
    const { at } = this.#asked;
    this.#asked = undefined;
    this.#answered = message.id;
    switch (message.kind) {
      case 'records':
        if (message.from === this.#state.end) this.#records(message, at, out);
        break;
      case 'diverged':
        this.#diverged(message, out);
        break;
      case 'restart':
        this.#state.restart(message.start, out);
    }
    this.fetch(now, out);
  }

  persisted(now: Instant, out: LogEffect[]): void {
    const held = this.#held;
    if (held !== undefined && held > this.#heldSent) {
      this.#heldSent = held;
      const message = { kind: 'held', generation: this.#state.generation, end: held } as const;
      out.push({ kind: 'send', to: this.leader, message, after: 0 });
    }
    if (this.#asked === undefined) this.fetch(now, out);
  }

  tick(now: Instant, out: LogEffect[]): void {
    const { deadline } = this;
    if (deadline !== undefined && now >= deadline) this.fetch(now, out);
  }

  /** Counted by the leader only from here on: before, the log may lack what was acknowledged. */
  get #held(): number | undefined {
    return this.#state.durableSynced === this.#state.generation ? this.#state.durableEnd : undefined;
  }

  #records(message: Of<'records'>, askedAt: Instant, out: LogEffect[]): void {
    const state = this.#state;
    const wasSynced = state.synced === state.generation;
    if (message.from + message.count >= message.generationStart) state.synced = state.generation;
    if (message.count > 0) state.append(message.count, message.run, out);
    else if (!wasSynced && state.synced === state.generation) state.persist({}, out);
    state.raiseMark(message.mark, out);
    state.raiseLowMark(message.lowMark, out);
    const { confirmedAgoMs } = message;
    if (confirmedAgoMs === undefined || state.end < message.mark) return;
    state.freshAsOf = Instant.of(Math.max(state.freshAsOf, askedAt - confirmedAgoMs));
  }

  #diverged({ run, end }: Of<'diverged'>, out: LogEffect[]): void {
    const state = this.#state;
    const to = Math.min(end, state.history.endOf(run, state.end).end);
    if (to < state.end) state.truncate(Math.max(to, state.start), out);
  }
}
