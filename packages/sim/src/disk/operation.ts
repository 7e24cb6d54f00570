import type { Delay } from '../random/index.ts';
import type { DiskOperationKind } from './faults.ts';

/** One request on its way to the device. */
export interface DiskOperation {
  readonly kind: DiskOperationKind;
  readonly path: string;
  /** Bytes written or asked for: for latency and for the trace. */
  readonly sizeBytes: number;
  /** What a write carries. */
  readonly chunks: readonly Uint8Array[] | undefined;
  /** Carries it out and settles its promise. Nothing happens when its process is gone. */
  perform(): void;
}

/** Decides when an operation is carried out. Must not call `perform` within `schedule`. */
export interface DiskScheduler {
  schedule(operation: DiskOperation, delayUs: number): void;
}

export interface DiskLatency {
  readonly query: Delay;
  readonly read: Delay;
  readonly write: Delay;
  readonly sync: Delay;
  readonly names: Delay;
  /** What reading and writing take per byte, on top. */
  readonly bytesPerMs: number;
}

/** About a good solid-state disk. */
export const DEFAULT_DISK_LATENCY: DiskLatency = {
  query: { minMs: 0.02, meanMs: 0.02 },
  read: { minMs: 0.05, meanMs: 0.05 },
  write: { minMs: 0.02, meanMs: 0.02 },
  sync: { minMs: 0.3, meanMs: 0.3 },
  names: { minMs: 0.05, meanMs: 0.05 },
  bytesPerMs: 500_000,
};
