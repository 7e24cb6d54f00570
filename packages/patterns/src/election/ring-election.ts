/**
 * Election on a ring: the highest name that travels around meets its owner, who then leads.
 *
 * Chang and Roberts, "An Improved Algorithm for Decentralized Extrema-Finding in Circular Configurations of Processes", CACM 22(5), 1979: N(N + 1)/2
 * messages at worst, N·(1 + 1/2 + … + 1/N) on average, then N to announce. Differs: a member that cannot be reached is stepped over, and an
 * election that does not end is started again. Advisory: a partition closes two rings.
 *
 * Pure. O(1) per message.
 */
import { assert, Instant } from '../base/index.ts';
import type { AdvisoryLeadership, Election } from './leadership.ts';

export interface RingElectionOptions {
  readonly self: string;
  /** The ring, in order; the same for all. */
  readonly ring: readonly string[];
  /** An election that has not ended by then starts again. Above two rounds of the ring. */
  readonly electionMs: number;
}

export type RingMessage =
  | { readonly kind: 'election'; readonly candidate: string }
  | { readonly kind: 'elected'; readonly leader: string };

export type RingElectionInput =
  | { readonly kind: 'elect' }
  | { readonly kind: 'message'; readonly from: string; readonly message: RingMessage }
  /** `message` could not be given to `member`. */
  | { readonly kind: 'unreachable'; readonly member: string; readonly message: RingMessage }
  | { readonly kind: 'tick' };

export type RingElectionEffect =
  | { readonly kind: 'send'; readonly to: string; readonly message: RingMessage }
  | { readonly kind: 'leader'; readonly leadership: AdvisoryLeadership };

export class RingElection implements Election<AdvisoryLeadership, RingElectionInput, RingElectionEffect> {
  readonly #options: RingElectionOptions;
  /** Highest candidate passed on in the election under way, and when that election is given up. */
  #running: { readonly candidate: string; readonly endsAt: Instant } | undefined;
  #known: AdvisoryLeadership | undefined;

  constructor(options: RingElectionOptions) {
    assert(options.ring.includes(options.self), 'the ring must contain this member');
    assert(options.electionMs > 0, 'electionMs must be above 0');
    this.#options = options;
  }

  get known(): AdvisoryLeadership | undefined {
    return this.#known;
  }

  held(_now: Instant): AdvisoryLeadership | undefined {
    return this.#known?.leader === this.#options.self ? this.#known : undefined;
  }

  get deadline(): Instant | undefined {
    return this.#running?.endsAt;
  }

  step(input: RingElectionInput, now: Instant, out: RingElectionEffect[]): void {
    const { self } = this.#options;
    switch (input.kind) {
      case 'elect':
        if (this.#running === undefined) this.#stand(now, out);
        return;
      case 'message':
        if (input.message.kind === 'election') return this.#candidate(input.message.candidate, now, out);
        return this.#elected(input.message.leader, out);
      case 'unreachable':
        return this.#sendAfter(input.member, input.message, now, out);
      case 'tick':
        if (this.#running === undefined || now < this.#running.endsAt) return;
        this.#pass(self, now, out);
    }
  }

  #stand(now: Instant, out: RingElectionEffect[]): void {
    this.#known = undefined;
    this.#pass(this.#options.self, now, out);
  }

  #candidate(candidate: string, now: Instant, out: RingElectionEffect[]): void {
    const { self } = this.#options;
    if (candidate === self) {
      // It has been all the way around.
      if (this.#running !== undefined) this.#win(out);
      return;
    }
    if (candidate > self) return this.#pass(candidate, now, out);
    // We are higher: our own name goes on in its place, once.
    if (this.#running === undefined) this.#stand(now, out);
  }

  #pass(candidate: string, now: Instant, out: RingElectionEffect[]): void {
    this.#running = { candidate, endsAt: Instant.add(now, this.#options.electionMs) };
    this.#sendAfter(this.#options.self, { kind: 'election', candidate }, now, out);
  }

  #win(out: RingElectionEffect[]): void {
    const { self } = this.#options;
    this.#settle(self, out);
    const to = this.#next(self);
    if (to !== self) out.push({ kind: 'send', to, message: { kind: 'elected', leader: self } });
  }

  #elected(leader: string, out: RingElectionEffect[]): void {
    if (leader === this.#options.self) return;
    this.#settle(leader, out);
    out.push({ kind: 'send', to: this.#next(this.#options.self), message: { kind: 'elected', leader } });
  }

  #settle(leader: string, out: RingElectionEffect[]): void {
    this.#running = undefined;
    if (this.#known?.leader === leader) return;
    this.#known = { safety: 'advisory', leader };
    out.push({ kind: 'leader', leadership: this.#known });
  }

  /** To the one after `member`; if that is ourselves, nobody else is there. */
  #sendAfter(member: string, message: RingMessage, now: Instant, out: RingElectionEffect[]): void {
    const { self } = this.#options;
    const to = this.#next(member);
    if (to !== self) out.push({ kind: 'send', to, message });
    else if (message.kind === 'election') this.#candidate(message.candidate, now, out);
  }

  #next(member: string): string {
    const { ring } = this.#options;
    return ring[(ring.indexOf(member) + 1) % ring.length]!;
  }
}
