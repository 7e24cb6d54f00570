import type { Log } from '@quorate/env';
import type { Configuration, Entry, HardState, RaftRestart, SnapshotMark } from '@quorate/patterns/consensus/raft';
import type { GroupId, LogStore, PersistRequest, RecoveredGroup, SnapshotStore } from '../storage/types.ts';
import type { StateMachine } from './types.ts';

const FRESH: HardState = { term: 0, vote: undefined };
/** How much of a snapshot is read at a time. */
const READ_BYTES = 256 * 1024;

export interface Recovered {
  readonly restart: RaftRestart;
  /** What the log must be told before anything else: that it starts after the snapshot. */
  readonly reset: PersistRequest | undefined;
}

/** A snapshot that a state machine was fed. */
export interface Restored {
  /** Where the state machine stands now. */
  readonly mark: SnapshotMark;
  readonly sizeBytes: number;
}

/** What the disk holds of a group. */
export interface Stores {
  readonly log: LogStore;
  readonly snapshots: SnapshotStore;
}

/**
 * Puts together what a group left on disk: the newest snapshot and the log behind it. The order of writing (snapshot durable first, then the
 * log restarts after it) leaves three states that are not damage: the log still begins before the snapshot; it ends before
 * it; it holds, at the snapshot's index, an entry of another term, which was never committed. In the last two the log restarts now.
 */
export function recover(group: GroupId, stores: Stores, initial: Configuration, log: Log): Recovered {
  const found = stores.log.recovered.get(group);
  const mark = stores.snapshots.latest(group) ?? { index: 0, term: 0, configuration: initial };
  const state = found?.state ?? FRESH;
  const { entries, reset } = usable(found?.entries ?? [], mark);
  const damage =
    found === undefined
      ? stores.log.damage
      : (missing(found, mark) ?? unreadable(stores.snapshots.damaged.get(group), found));
  if (damage !== undefined) {
    log.error(
      'acknowledged log entries are lost on this node: it will neither vote nor lead until repaired by its peers',
      {
        group,
        damage,
      },
    );
  }
  return {
    restart: { state, mark, entries, applied: mark.index, damaged: damage !== undefined },
    // Should the damage not be repaired before the next start, the log must still say how far it once reached.
    reset: reset ? { group, restart: mark, entries: [], state, commit: acknowledged(found, mark, damage) } : undefined,
  };
}

function usable(entries: readonly Entry[], mark: SnapshotMark): { entries: readonly Entry[]; reset: boolean } {
  const first = entries[0];
  const last = entries[entries.length - 1];
  // An empty log may still end before the snapshot, and what is written next must not leave a gap.
  if (first === undefined || last === undefined) return { entries: [], reset: mark.index > 0 };
  if (first.index > mark.index + 1 || last.index < mark.index) return { entries: [], reset: true };
  if (first.index === mark.index + 1) return { entries, reset: false };
  const atMark = entries[mark.index - first.index]!;
  return atMark.term === mark.term ? { entries, reset: false } : { entries: [], reset: true };
}

function missing(found: RecoveredGroup, mark: SnapshotMark): string | undefined {
  if (found.damage !== undefined) return found.damage;
  const first = found.entries[0];
  const last = Math.max(mark.index, found.entries[found.entries.length - 1]?.index ?? 0);
  if (first !== undefined && first.index > mark.index + 1) {
    return `the log begins at entry ${first.index}, the newest snapshot ends at ${mark.index}: a snapshot between them is gone`;
  }
  if (last >= found.commit) return undefined;
  return `entries up to ${found.commit} were committed, only those up to ${last} are here`;
}

/** A snapshot that cannot be read is no loss while the log holds everything from the beginning. */
function unreadable(why: string | undefined, found: RecoveredGroup): string | undefined {
  return found.entries[0]?.index === 1 ? undefined : why;
}

function acknowledged(found: RecoveredGroup | undefined, mark: SnapshotMark, damage: string | undefined): number {
  if (found === undefined || damage === undefined) return mark.index;
  return Math.max(found.commit, found.entries[found.entries.length - 1]?.index ?? 0);
}

/** Feeds the newest snapshot of a group to its state machine; undefined when there is none. */
export async function restoreMachine(
  group: GroupId,
  snapshots: SnapshotStore,
  machine: StateMachine,
): Promise<Restored | undefined> {
  await using reader = await snapshots.open(group);
  if (reader === undefined) return undefined;
  const open = reader;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let position = 0; position < open.sizeBytes; ) {
      const chunk = await open.read(position, READ_BYTES);
      if (chunk.length === 0) return;
      position += chunk.length;
      yield chunk;
    }
  }
  await machine.restore(chunks());
  return { mark: open.mark, sizeBytes: open.sizeBytes };
}
