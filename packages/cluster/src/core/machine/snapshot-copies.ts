/** What can be done with a copy of the state outside a running cluster: look at it, and found a new cluster with it. */
import { CoreError } from '../errors.ts';
import { readSnapshot } from './snapshot-reader.ts';
import { freezeState, snapshotChunks } from './snapshot-writer.ts';
import { hashKeySpace } from './state-hash.ts';

export interface SnapshotSummary {
  readonly revision: number;
  /** −1 when nothing was ever compacted. */
  readonly compactRevision: number;
  /** The last log entry that the state contains, in the cluster that it was taken of. */
  readonly appliedIndex: number;
  /** The term whose leader timed the leases. */
  readonly leaseEpoch: number;
  /** Keys that exist now, without the history of others. */
  readonly keys: number;
  readonly leases: number;
  /** Bytes of keys, values and bookkeeping: what counts against the quota. */
  readonly sizeBytes: number;
  /** Of all versions that can be read: what `Core.hash` says at that revision. */
  readonly hash: number;
}

const EVERYTHING = { low: '', high: undefined, single: false } as const;

/** Reads a whole snapshot, O(size). Rejects with `CoreError` and the code `corrupt` when it is not one. */
export async function summarizeSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<SnapshotSummary> {
  const state = await readSnapshot(chunks);
  const { space, leases, appliedIndex } = state;
  let keys = 0;
  space.scan(EVERYTHING, space.revision, () => {
    keys += 1;
    return true;
  });
  const { revision, compactRevision, sizeBytes } = space;
  const { epoch, size } = leases;
  return {
    revision,
    compactRevision,
    appliedIndex,
    leaseEpoch: epoch,
    keys,
    leases: size,
    sizeBytes,
    hash: hashOf(space),
  };
}

function hashOf(space: Parameters<typeof hashKeySpace>[0]): number {
  const slices = hashKeySpace(space, 0);
  for (;;) {
    const { value, done } = slices.next();
    if (done !== true) continue;
    if (value instanceof CoreError) throw value;
    return value.hash;
  }
}

/**
 * The same keys, history and leases as the state with which a new cluster begins at `appliedIndex`. What belonged to the old cluster is left
 * behind: its members, its alarms, the sessions of its clients, and its terms, which begin anew.
 */
export async function foundingSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  appliedIndex: number,
): Promise<AsyncIterable<Uint8Array>> {
  const frozen = freezeState(await readSnapshot(chunks));
  return snapshotChunks({ ...frozen, appliedIndex, epoch: 0, members: [], alarms: [], sessions: [] });
}
