/**
 * The bully: the living member with the highest name leads.
 *
 * Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers 1982, section III. O(N²) messages at worst. It assumes that
 * messages arrive in time; in a partition each side has a leader, so leadership is advisory.
 *
 *     following --suspect--> canvassing --no answer--> leading
 *         ^                     | answer                  |
 *         | coordinator         v                         | coordinator from above
 *         +------------------ waiting --silence--> canvassing
 *
 * Pure. Names order as strings do.
 */
import { assert, Instant } from '../base/index.ts';
import type { AdvisoryLeadership, Election } from './leadership.ts';

export interface BullyOptions {
  readonly self: string;
  readonly members: readonly string[];
  /** For an answer: above one round trip. */
  readonly answerMs: number;
  /** For the coordinator's word after an answer: above `answerMs` and one more message. */
  readonly coordinatorMs: number;
}

export type BullyMessage = { readonly kind: 'election' | 'answer' | 'coordinator' };

export type BullyInput =
  /** Start an election: this member has started, or the leader is suspected. */
  | { readonly kind: 'elect' }
  | { readonly kind: 'message'; readonly from: string; readonly message: BullyMessage }
  | { readonly kind: 'tick' };

export type BullyEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: BullyMessage }
  | { readonly kind: 'leader'; readonly leadership: AdvisoryLeadership };

export class Bully implements Election<AdvisoryLeadership, BullyInput, BullyEffect> {
  readonly #options: BullyOptions;
  readonly #higher: readonly string[];
  #phase: 'settled' | 'canvassing' | 'waiting' = 'settled';
  #dueAt: Instant = Instant.of(0);
  #known: AdvisoryLeadership | undefined;

  constructor(options: BullyOptions) {
    assert(options.answerMs > 0, 'answerMs must be above 0');
    assert(options.coordinatorMs > options.answerMs, 'coordinatorMs must be above answerMs');
    this.#options = options;
    this.#higher = options.members.filter((member) => member > options.self);
  }

  get known(): AdvisoryLeadership | undefined {
    return this.#known;
  }

  held(_now: Instant): AdvisoryLeadership | undefined {
    return this.#known?.leader === this.#options.self ? this.#known : undefined;
  }

  get deadline(): Instant | undefined {
    return this.#phase === 'settled' ? undefined : this.#dueAt;
  }

  step(input: BullyInput, now: Instant, out: BullyEffect[]): void {
    switch (input.kind) {
      case 'elect':
        if (this.#phase === 'settled') this.#canvass(now, out);
        return;
      case 'message':
        return this.#message(input.from, input.message, now, out);
      case 'tick':
        if (this.#phase === 'settled' || now < this.#dueAt) return;
        if (this.#phase === 'waiting') return this.#canvass(now, out);
        return this.#lead(out);
    }
  }

  #message(from: string, { kind }: BullyMessage, now: Instant, out: BullyEffect[]): void {
    switch (kind) {
      case 'election':
        if (from > this.#options.self) return;
        if (this.#phase === 'settled' && this.#known?.leader === this.#options.self) {
          out.push({ kind: 'send', to: from, message: { kind: 'coordinator' } });
          return;
        }
        out.push({ kind: 'send', to: from, message: { kind: 'answer' } });
        if (this.#phase === 'settled') this.#canvass(now, out);
        return;
      case 'answer':
        if (this.#phase !== 'canvassing') return;
        this.#phase = 'waiting';
        this.#dueAt = Instant.add(now, this.#options.coordinatorMs);
        return;
      case 'coordinator':
        if (from < this.#options.self) {
          if (this.#phase === 'settled') this.#canvass(now, out);
          return;
        }
        this.#phase = 'settled';
        this.#settle(from, out);
    }
  }

  #canvass(now: Instant, out: BullyEffect[]): void {
    this.#known = undefined;
    if (this.#higher.length === 0) return this.#lead(out);
    this.#phase = 'canvassing';
    this.#dueAt = Instant.add(now, this.#options.answerMs);
    for (const to of this.#higher) out.push({ kind: 'send', to, message: { kind: 'election' } });
  }

  #lead(out: BullyEffect[]): void {
    const { self, members } = this.#options;
    this.#phase = 'settled';
    for (const to of members) if (to < self) out.push({ kind: 'send', to, message: { kind: 'coordinator' } });
    this.#settle(self, out);
  }

  #settle(leader: string, out: BullyEffect[]): void {
    if (this.#known?.leader === leader) return;
    this.#known = { safety: 'advisory', leader };
    out.push({ kind: 'leader', leadership: this.#known });
  }
}
