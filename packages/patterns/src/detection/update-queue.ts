/**
 * News of members on its way out, a few pieces on every message that is sent anyway.
 *
 * SWIM (DSN 2002), section 4.1 (infection-style dissemination): each piece is sent λ·log n times, those sent the fewest times first.
 * λ = `multiplier`, log to base 10 rounded up, as in memberlist.
 *
 * At most one piece per member, or per member and accuser for suspicions: newer news of a member replaces older. `take` is O(queued).
 */
import { compareMemberStates, type MemberState } from './membership.ts';

export interface MemberUpdate {
  readonly member: string;
  readonly state: MemberState;
  /** Who suspects, when the rank is `suspect`. */
  readonly accuser?: string;
}

/** How often a piece of news is sent in a cluster of `members`. */
export function retransmitLimit(multiplier: number, members: number): number {
  return multiplier * Math.ceil(Math.log10(members + 1));
}

interface Queued {
  readonly update: MemberUpdate;
  sent: number;
}

export class UpdateQueue {
  #queued: Queued[] = [];

  get size(): number {
    return this.#queued.length;
  }

  /** Queues news; what it makes old is dropped. */
  offer(update: MemberUpdate): void {
    this.#queued = this.#queued.filter(
      ({ update: old }) =>
        old.member !== update.member ||
        (old.accuser !== update.accuser && compareMemberStates(old.state, update.state) >= 0),
    );
    // Newest first among those sent equally often.
    this.#queued.unshift({ update, sent: 0 });
  }

  /** Up to `count` pieces for one message. Those that have now been sent `limit` times leave. */
  take(count: number, limit: number): MemberUpdate[] {
    const taken = this.#queued.slice(0, count);
    if (taken.length === 0) return [];
    for (const queued of taken) queued.sent += 1;
    this.#queued = this.#queued.filter(({ sent }) => sent < limit).sort((a, b) => a.sent - b.sent);
    return taken.map(({ update }) => update);
  }
}
