import type { Instant } from '../base/index.ts';
import { compareMemberStates, type MemberState } from './membership.ts';
import { Suspicion, suspicionLimits } from './suspicion.ts';

export interface SuspicionsOptions {
  readonly periodMs: number;
  readonly multiplier?: number;
  readonly maxMultiplier?: number;
}

/** The suspicions that run at present, at most one per member. O(running) to find the next deadline. */
export class Suspicions {
  readonly #options: SuspicionsOptions;
  readonly #running = new Map<string, { readonly state: MemberState; readonly suspicion: Suspicion }>();

  constructor(options: SuspicionsOptions) {
    this.#options = options;
  }

  get deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { suspicion } of this.#running.values())
      if (first === undefined || suspicion.deadline < first) first = suspicion.deadline;
    return first;
  }

  /** Begins anew if the member is already suspected: the accusation is another one. */
  start(member: string, state: MemberState, accuser: string, members: number, now: Instant): void {
    const limits = suspicionLimits({ ...this.#options, members });
    this.#running.set(member, { state, suspicion: new Suspicion(accuser, limits, now) });
  }

  /** Whether `accuser` is news for the suspicion that runs. An accusation of an older state confirms nothing. */
  confirm(member: string, state: MemberState, accuser: string): boolean {
    const running = this.#running.get(member);
    return (
      running !== undefined && compareMemberStates(state, running.state) === 0 && running.suspicion.confirm(accuser)
    );
  }

  end(member: string): void {
    this.#running.delete(member);
  }

  excuse(durationMs: number): void {
    for (const { suspicion } of this.#running.values()) suspicion.excuse(durationMs);
  }

  /** Members whose time to refute is over; their suspicions end. */
  takeExpired(now: Instant): string[] {
    const expired: string[] = [];
    for (const [member, { suspicion }] of this.#running) if (now >= suspicion.deadline) expired.push(member);
    for (const member of expired) this.#running.delete(member);
    return expired;
  }
}
