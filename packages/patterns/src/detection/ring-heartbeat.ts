/**
 * Ring topology: each sends to its next `successors` in the order of names, and watches as many before it. k·N messages per interval, k per member;
 * a member is lost unseen only when all k that watch it are lost with it, until the membership is changed.
 *
 * Akka and Pekko watch so, with 9 (cluster specification, "Failure Detector"). Pure.
 */
import { assert, type Instant } from '../base/index.ts';
import { HeartbeatExchange, type HeartbeatOptions } from './heartbeat-exchange.ts';

export interface RingHeartbeatOptions extends HeartbeatOptions {
  /** By how many each member is watched. 2 by default. */
  readonly successors?: number;
}

export class RingHeartbeat extends HeartbeatExchange {
  constructor(options: RingHeartbeatOptions, now: Instant) {
    const { self, successors = 2 } = options;
    assert(Number.isInteger(successors) && successors >= 1, 'successors must be an integer of 1 or more');
    super(options, (members) => ringLinks(self, members, successors), now);
  }
}

function ringLinks(self: string, members: readonly string[], count: number): { sendTo: string[]; watch: string[] } {
  const ring = [...new Set([...members, self])].sort();
  const at = ring.indexOf(self);
  const reach = Math.min(count, ring.length - 1);
  const around = (step: number): string[] =>
    Array.from({ length: reach }, (_, hop) => ring[(at + step * (hop + 1) + ring.length) % ring.length]!);
  return { sendTo: around(1), watch: around(-1) };
}
