/**
 * Election by lease: whoever holds the lease of an atomic store leads, until it lets it run out.
 *
 * Gray and Cheriton, "Leases", SOSP 1989; Burrows, Chubby, OSDI 2006. Safe: the store gives each grant a token that grows. The holder counts from
 * *before* its request was sent, on its own monotonic clock, and stops `marginMs` early; so it has stopped before the store lets another in, as
 * long as the two clocks run at rates that differ by less than marginMs / ttlMs. A pause of the process can outlast all that: check `held(now)`
 * before each act, and let the resource check the token.
 *
 *     idle --stand--> asking --granted--> leading --renewals unanswered until the end--> asking
 *                       | ^ refused: retryMs      | resign
 *                       +-+                       v  idle
 *
 * Pure. O(1).
 */
import { assert, Instant } from '../base/index.ts';
import { type Election, FencingToken, type SafeLeadership } from './leadership.ts';

export interface LeaseElectionOptions {
  readonly self: string;
  readonly ttlMs: number;
  /** How long before the end of the lease its holder stops. A tenth of the ttl or more. */
  readonly marginMs: number;
  /** How often it is renewed. At most a third of the ttl, so that two renewals may be lost. */
  readonly renewMs: number;
  /** How long to wait after a refusal, or for an answer. */
  readonly retryMs: number;
}

export type LeaseElectionInput =
  | { readonly kind: 'stand' }
  | { readonly kind: 'resign' }
  /** Answers carry the `id` of the request. `token`: higher than that of every grant before to anybody; unchanged by a renewal. */
  | { readonly kind: 'granted'; readonly id: number; readonly token: number }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly holder?: { readonly leader: string; readonly token: number };
    }
  | { readonly kind: 'tick' };

export type LeaseElectionEffect =
  /** Take the lease if nobody has it. */
  | { readonly kind: 'acquire'; readonly id: number; readonly ttlMs: number }
  /** Prolong it, if it is still the one with this token. */
  | { readonly kind: 'renew'; readonly id: number; readonly ttlMs: number; readonly token: FencingToken }
  | { readonly kind: 'release'; readonly token: FencingToken }
  | { readonly kind: 'leader'; readonly leadership: SafeLeadership }
  /** Stop acting. `held` has said so from that instant on already. */
  | { readonly kind: 'lost'; readonly leadership: SafeLeadership };

export class LeaseElection implements Election<SafeLeadership, LeaseElectionInput, LeaseElectionEffect> {
  readonly #options: LeaseElectionOptions;
  #standing = false;
  #known: SafeLeadership | undefined;
  #mine: SafeLeadership | undefined;
  #validUntil: Instant = Instant.of(Number.NEGATIVE_INFINITY);
  #askAt: Instant = Instant.of(0);
  #asked: { readonly id: number; readonly sentAt: Instant } | undefined;
  #id = 0;

  constructor(options: LeaseElectionOptions) {
    assert(options.marginMs > 0 && options.marginMs < options.ttlMs, 'marginMs must be above 0 and below ttlMs');
    assert(options.renewMs > 0 && options.renewMs * 3 <= options.ttlMs, 'renewMs must be at most a third of ttlMs');
    assert(options.retryMs > 0, 'retryMs must be above 0');
    this.#options = options;
  }

  get known(): SafeLeadership | undefined {
    return this.#known;
  }

  held(now: Instant): SafeLeadership | undefined {
    return now < this.#validUntil ? this.#mine : undefined;
  }

  get deadline(): Instant | undefined {
    if (this.#mine !== undefined) return Instant.of(Math.min(this.#askAt, this.#validUntil));
    return this.#standing ? this.#askAt : undefined;
  }

  step(input: LeaseElectionInput, now: Instant, out: LeaseElectionEffect[]): void {
    this.#expire(now, out);
    switch (input.kind) {
      case 'stand':
        if (this.#standing) return;
        this.#standing = true;
        return this.#ask(now, out);
      case 'resign':
        return this.#resign(out);
      case 'granted':
        return this.#granted(input.id, input.token, now, out);
      case 'refused':
        return this.#refused(input, now, out);
      case 'tick':
        if (this.#standing && now >= this.#askAt) this.#ask(now, out);
    }
  }

  #ask(now: Instant, out: LeaseElectionEffect[]): void {
    const { ttlMs, renewMs, retryMs } = this.#options;
    this.#id += 1;
    this.#asked = { id: this.#id, sentAt: now };
    this.#askAt = Instant.add(now, this.#mine === undefined ? retryMs : renewMs);
    if (this.#mine === undefined) out.push({ kind: 'acquire', id: this.#id, ttlMs });
    else out.push({ kind: 'renew', id: this.#id, ttlMs, token: this.#mine.token });
  }

  #granted(id: number, number: number, now: Instant, out: LeaseElectionEffect[]): void {
    const token = FencingToken.of(number);
    const asked = this.#asked;
    // A grant we no longer wait for must not stay behind and lock everybody out.
    if (!this.#standing) return void out.push({ kind: 'release', token });
    if (asked === undefined || id !== asked.id) return;
    this.#asked = undefined;
    const { self, ttlMs, marginMs, renewMs } = this.#options;
    const validUntil = Instant.add(asked.sentAt, ttlMs - marginMs);
    if (now >= validUntil) return;
    this.#validUntil = validUntil;
    this.#askAt = Instant.add(asked.sentAt, renewMs);
    if (this.#mine?.token === token) return;
    this.#mine = { safety: 'safe', leader: self, token };
    this.#known = this.#mine;
    out.push({ kind: 'leader', leadership: this.#mine });
  }

  #refused({ id, holder }: LeaseElectionInput & { kind: 'refused' }, now: Instant, out: LeaseElectionEffect[]): void {
    if (id !== this.#asked?.id) return;
    this.#asked = undefined;
    this.#lose(out);
    this.#askAt = Instant.add(now, this.#options.retryMs);
    if (holder === undefined || holder.token === this.#known?.token) return;
    this.#known = { safety: 'safe', leader: holder.leader, token: FencingToken.of(holder.token) };
    out.push({ kind: 'leader', leadership: this.#known });
  }

  #resign(out: LeaseElectionEffect[]): void {
    this.#standing = false;
    if (this.#mine === undefined) return;
    const { token } = this.#mine;
    this.#lose(out);
    out.push({ kind: 'release', token });
  }

  #expire(now: Instant, out: LeaseElectionEffect[]): void {
    if (this.#mine === undefined || now < this.#validUntil) return;
    this.#lose(out);
    this.#askAt = now;
  }

  #lose(out: LeaseElectionEffect[]): void {
    if (this.#mine === undefined) return;
    out.push({ kind: 'lost', leadership: this.#mine });
    this.#mine = undefined;
    this.#known = undefined;
    this.#validUntil = Instant.of(Number.NEGATIVE_INFINITY);
  }
}
