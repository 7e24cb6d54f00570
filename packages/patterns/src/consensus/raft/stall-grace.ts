/**
 * One heartbeat interval of grace after this node's own event loop stood still.
 *
 * When a tick comes much later than it was due, the silence may be this node's own: what its peers sent may still be
 * unread. So the first late tick neither starts an election nor steps a leader down for want of contact; a second one,
 * with nothing heard in between, does. It never lengthens a lease, which looks at the clock alone.
 */
import { Instant } from '../../base/index.ts';

export class StallGrace {
  readonly #graceMs: number;
  #until = Instant.of(Number.NEGATIVE_INFINITY);
  #spent = false;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** No verdict on others before this. */
  get until(): Instant {
    return this.#until;
  }

  ticked(now: Instant, dueAt: Instant | undefined): void {
    if (this.#spent || dueAt === undefined || now - dueAt <= this.#graceMs) return;
    this.#spent = true;
    this.#until = Instant.add(now, this.#graceMs);
  }

  /** Something was read from the network: what was queued is being handled. */
  heard(): void {
    this.#spent = false;
  }
}
