/**
 * All-to-all topology: everybody sends to everybody and judges alone. N·(N - 1) messages per interval; all notice at once and nobody needs to be told.
 * For some dozens of members.
 *
 * Joshi, "Patterns of Distributed Systems", 2023, "HeartBeat". Pure.
 */
import type { Instant } from '../base/index.ts';
import { HeartbeatExchange, type HeartbeatOptions } from './heartbeat-exchange.ts';

export class AllToAllHeartbeat extends HeartbeatExchange {
  constructor(options: HeartbeatOptions, now: Instant) {
    const linksOf = (members: readonly string[]) => {
      const others = members.filter((member) => member !== options.self);
      return { sendTo: others, watch: others };
    };
    super(options, linksOf, now);
  }
}
