import type { SimEvent } from '../engine/sim-event.ts';

/** What the network needs to know of the process that owns a socket. */
export interface NetProcess {
  readonly isAlive: boolean;
  /** True when the event may run now. A paused process keeps it for later, a dead one drops it. */
  admit(event: SimEvent): boolean;
  /** Calls `flush` when the present turn of the event loop ends. */
  flushAtEnd(target: { flush(): void }): void;
}

/** Figures of the simulated systems' TCP. */
export interface NetLimits {
  /** A connection with more bytes than this unsent is congested. */
  readonly highWaterBytes: number;
  /** Bytes on the way or not yet read by the peer's process. */
  readonly windowBytes: number;
  readonly connectTimeoutMs: number;
  /** After so long without a sign of life a connection is given up. */
  readonly deadAfterMs: number;
  /** How long a closing end waits for the peer's end. */
  readonly lingerMs: number;
}

export const DEFAULT_NET_LIMITS: NetLimits = {
  highWaterBytes: 1024 * 1024,
  windowBytes: 512 * 1024,
  connectTimeoutMs: 10_000,
  deadAfterMs: 25_000,
  lingerMs: 2_000,
};
