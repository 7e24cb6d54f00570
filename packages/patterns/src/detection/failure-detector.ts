import type { Instant } from '../base/index.ts';

/**
 * Tells from heartbeats whether one peer still lives. It can be wrong, either way: no detector of an asynchronous network is both complete and
 * accurate (Chandra and Toueg, "Unreliable Failure Detectors for Reliable Distributed Systems", JACM 1996).
 *
 * Instants never go back. A detector that has heard nothing yet suspects nobody and has no deadline.
 */
export interface FailureDetector {
  /** A heartbeat was read. O(1). */
  heartbeat(now: Instant): void;
  /** This process stood still for `delayMs` until `now`: it could not have read a heartbeat, so that time does not count against the peer. O(1). */
  stalled(delayMs: number, now: Instant): void;
  /** How strongly the peer is suspected, on the detector's own scale: 0 or more, finite, never falling while nothing is heard. O(1). */
  suspicion(now: Instant): number;
  /** False once the suspicion reaches the detector's threshold. O(1). */
  available(now: Instant): boolean;
  /** The first instant at which `available` is false if nothing more is heard. */
  readonly deadline: Instant | undefined;
}
