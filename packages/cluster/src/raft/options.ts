import type { RaftOptions } from '@quorate/patterns/consensus/raft';

export interface GroupOptions extends Omit<RaftOptions, 'id' | 'random'> {
  /** A snapshot is taken once this many entries were applied since the last one. Default 100,000. */
  readonly snapshotEntries?: number;
  /** … or once they hold this many bytes. Default 64 MiB. */
  readonly snapshotBytes?: number;
  /** Entries kept behind a snapshot, so that a follower that is a little behind need not be sent one. Default 10,000. */
  readonly trailingEntries?: number;
  /** … but no more bytes of them than this, about. Default 16 MiB. */
  readonly trailingBytes?: number;
  /** A read barrier that is not reached by then fails. Default 5,000. */
  readonly readTimeoutMs?: number;
  /** A leadership transfer that has not happened by then fails. Default 4 election timeouts. */
  readonly transferTimeoutMs?: number;
  /** Bytes committed and not yet applied beyond which proposals are refused as `overloaded`. Default 64 MiB. */
  readonly applyBacklogBytesMax?: number;
  /** Proposals queued within one turn beyond which more are refused as `overloaded`. Default 65,536. */
  readonly queuedProposalsMax?: number;
}

export type ResolvedGroupOptions = Required<
  Pick<
    GroupOptions,
    | 'electionTimeoutMs'
    | 'heartbeatIntervalMs'
    | 'snapshotEntries'
    | 'snapshotBytes'
    | 'trailingEntries'
    | 'trailingBytes'
    | 'readTimeoutMs'
    | 'transferTimeoutMs'
    | 'applyBacklogBytesMax'
    | 'queuedProposalsMax'
  >
>;

export function resolveGroupOptions(options: GroupOptions): ResolvedGroupOptions {
  const electionTimeoutMs = options.electionTimeoutMs ?? 300;
  return {
    electionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 60,
    snapshotEntries: options.snapshotEntries ?? 100_000,
    snapshotBytes: options.snapshotBytes ?? 64 * 1024 * 1024,
    trailingEntries: options.trailingEntries ?? 10_000,
    trailingBytes: options.trailingBytes ?? 16 * 1024 * 1024,
    readTimeoutMs: options.readTimeoutMs ?? 5_000,
    transferTimeoutMs: options.transferTimeoutMs ?? 4 * electionTimeoutMs,
    applyBacklogBytesMax: options.applyBacklogBytesMax ?? 64 * 1024 * 1024,
    queuedProposalsMax: options.queuedProposalsMax ?? 65_536,
  };
}
