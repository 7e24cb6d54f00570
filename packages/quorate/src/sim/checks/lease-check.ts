/**
 * A lease ends by expiry no earlier than its holder can know: never while the holder, by its own clock, is certain that it lives (Gray and
 * Cheriton, "Leases", SOSP 1989, section 2). And one that nobody keeps alive ends.
 */
import type { Lease } from '@quorate/cluster/client';
import type { ReferenceLease, ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';

export class LeaseCheck {
  readonly #violations: Violations;
  readonly #held = new Map<number, Lease>();

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  granted(lease: Lease): void {
    this.#held.set(lease.id, lease);
  }

  /** The expiry is being committed. */
  expired({ id, ttlSeconds }: ReferenceLease): void {
    const lease = this.#held.get(id);
    if (lease === undefined || !lease.alive) return;
    const left = lease.remainingMs.toFixed(1);
    const what = `lease ${id} of ${ttlSeconds} s expires while its holder is certain of it for ${left} ms more`;
    this.#violations.report('lease-safety', what);
  }

  /** Those that nobody keeps alive and that are still there. */
  lingering(reference: ReferenceStore): readonly number[] {
    return [...reference.leases.keys()].filter((id) => this.#held.get(id)?.alive !== true);
  }
}
