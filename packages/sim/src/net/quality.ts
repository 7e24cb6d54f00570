import type { Delay } from '../random/index.ts';

/** What one direction between two nodes is like. Shares are probabilities per packet. */
export interface LinkQuality {
  readonly latency: Delay;
  /** Datagrams are gone; bytes of a connection come later, after one or more retransmissions. */
  readonly loss: number;
  /** Datagrams that arrive twice. */
  readonly duplicate: number;
  /** Datagrams that are held back, up to ten mean latencies, so that later ones overtake them. */
  readonly reorder: number;
  /** Writes whose bytes arrive in several chunks, cut anywhere. */
  readonly split: number;
  /** Writes at which the connection is reset instead. */
  readonly reset: number;
  readonly bytesPerMs: number;
}

/** A good local network: a quarter of a millisecond one way, and chunk borders that mean nothing. */
export const DEFAULT_QUALITY: LinkQuality = {
  latency: { minMs: 0.15, meanMs: 0.1 },
  loss: 0,
  duplicate: 0,
  reorder: 0,
  split: 0.05,
  reset: 0,
  bytesPerMs: Number.POSITIVE_INFINITY,
};

/** Within one machine nothing is lost, whatever the network does. */
export const LOOPBACK_QUALITY: LinkQuality = { ...DEFAULT_QUALITY, latency: { minMs: 0.02, meanMs: 0.01 } };
