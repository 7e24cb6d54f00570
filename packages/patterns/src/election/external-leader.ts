/**
 * A leader held in an external service (etcd, ZooKeeper, Consul, a lease object of Kubernetes), behind the same interface.
 *
 * The service's own recipe runs in the driver; this kernel decides what may be believed when. Rules that the recipes' users get wrong:
 * - the token is what the service orders by (etcd: create revision; ZooKeeper: czxid; Kubernetes: lease transitions), and it is the *service* that gives it;
 * - while the session is in doubt nobody acts: a lost connection is not a lost session, but we cannot know;
 * - a session that the service has declared over never comes back: the next one has to campaign anew.
 *
 * Safe. Pure. O(1).
 */
import { assert, Instant } from '../base/index.ts';
import { type Election, FencingToken, type SafeLeadership } from './leadership.ts';

export interface ExternalLeaderOptions {
  readonly self: string;
  /** How long the service keeps a session it does not hear from. */
  readonly sessionMs: number;
  /** How long before that we stop. */
  readonly marginMs: number;
}

export type ExternalLeaderInput =
  | { readonly kind: 'stand' | 'resign' }
  /** A keep-alive that was sent at `sentAt` has been answered. */
  | { readonly kind: 'kept-alive'; readonly sentAt: Instant }
  /** The service says the session is over. */
  | { readonly kind: 'session-expired' }
  /** What the service says: who leads, since which revision. Undefined: nobody. */
  | { readonly kind: 'observed'; readonly leader: { readonly member: string; readonly token: number } | undefined }
  | { readonly kind: 'tick' };

export type ExternalLeaderEffect =
  /** Enter, or leave, the service's election. */
  | { readonly kind: 'campaign' | 'withdraw' }
  | { readonly kind: 'leader'; readonly leadership: SafeLeadership }
  | { readonly kind: 'lost'; readonly leadership: SafeLeadership };

export class ExternalLeader implements Election<SafeLeadership, ExternalLeaderInput, ExternalLeaderEffect> {
  readonly #options: ExternalLeaderOptions;
  #standing = false;
  #known: SafeLeadership | undefined;
  /** Whether `leader` was told of our own leadership, and `lost` not yet. */
  #acting: SafeLeadership | undefined;
  #validUntil: Instant = Instant.of(Number.NEGATIVE_INFINITY);

  constructor(options: ExternalLeaderOptions) {
    assert(
      options.marginMs > 0 && options.marginMs < options.sessionMs,
      'marginMs must be above 0 and below sessionMs',
    );
    this.#options = options;
  }

  get known(): SafeLeadership | undefined {
    return this.#known;
  }

  held(now: Instant): SafeLeadership | undefined {
    return now < this.#validUntil ? this.#acting : undefined;
  }

  get deadline(): Instant | undefined {
    return this.#acting === undefined ? undefined : this.#validUntil;
  }

  step(input: ExternalLeaderInput, now: Instant, out: ExternalLeaderEffect[]): void {
    switch (input.kind) {
      case 'stand':
        if (!this.#standing) out.push({ kind: 'campaign' });
        this.#standing = true;
        break;
      case 'resign':
        if (this.#standing) out.push({ kind: 'withdraw' });
        this.#standing = false;
        break;
      case 'kept-alive': {
        const until = input.sentAt + this.#options.sessionMs - this.#options.marginMs;
        this.#validUntil = Instant.of(Math.max(this.#validUntil, until));
        break;
      }
      case 'session-expired':
        this.#validUntil = Instant.of(Number.NEGATIVE_INFINITY);
        if (this.#known?.leader === this.#options.self) this.#known = undefined;
        if (this.#standing) out.push({ kind: 'campaign' });
        break;
      case 'observed':
        this.#observe(input.leader);
        break;
      case 'tick':
        break;
    }
    this.#settle(now, out);
  }

  #observe(leader: { readonly member: string; readonly token: number } | undefined): void {
    // Answers may overtake each other; an older leadership is no news.
    if (leader !== undefined && this.#known !== undefined && leader.token < this.#known.token) return;
    this.#known =
      leader === undefined
        ? undefined
        : { safety: 'safe', leader: leader.member, token: FencingToken.of(leader.token) };
  }

  #settle(now: Instant, out: ExternalLeaderEffect[]): void {
    const mine = this.#known?.leader === this.#options.self && this.#standing && now < this.#validUntil;
    const next = mine ? this.#known : undefined;
    if (next?.token === this.#acting?.token) return;
    if (this.#acting !== undefined) out.push({ kind: 'lost', leadership: this.#acting });
    this.#acting = next;
    if (next !== undefined) out.push({ kind: 'leader', leadership: next });
  }
}
