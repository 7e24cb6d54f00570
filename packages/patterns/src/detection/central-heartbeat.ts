/**
 * Central topology: everybody sends to one monitor, and only the monitor watches. N - 1 messages per interval; the monitor carries them all, and who
 * watches the monitor is another question.
 *
 * Joshi, "Patterns of Distributed Systems", 2023, "HeartBeat" (small clusters, or a consistent core as the monitor). Pure.
 */
import type { Instant } from '../base/index.ts';
import { HeartbeatExchange, type HeartbeatOptions } from './heartbeat-exchange.ts';

export interface CentralHeartbeatOptions extends HeartbeatOptions {
  readonly monitor: string;
}

export class CentralHeartbeat extends HeartbeatExchange {
  constructor(options: CentralHeartbeatOptions, now: Instant) {
    const { self, monitor } = options;
    const linksOf = (members: readonly string[]) =>
      self === monitor
        ? { sendTo: [], watch: members.filter((member) => member !== self) }
        : { sendTo: [monitor], watch: [] };
    super(options, linksOf, now);
  }
}
