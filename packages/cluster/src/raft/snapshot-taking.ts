import type { Tasks } from '@quorate/env';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import type { GroupId, SnapshotStore } from '../storage/types.ts';
import type { StateMachine } from './types.ts';

/**
 * Streams the state machine's snapshot into the store. The state is frozen before this returns its promise: the first chunk is asked for at
 * once, so that even a machine whose `snapshot` is a generator begins now and not in a later turn. Resolves with its size in bytes, or
 * with undefined when it was stopped.
 */
export function takeSnapshot(
  group: GroupId,
  mark: SnapshotMark,
  parts: { machine: StateMachine; snapshots: SnapshotStore; tasks: Tasks; stopped: () => boolean },
): Promise<number | undefined> {
  const chunks = parts.machine.snapshot()[Symbol.asyncIterator]();
  return stream(group, mark, { ...parts, chunks, first: chunks.next() });
}

async function stream(
  group: GroupId,
  mark: SnapshotMark,
  parts: {
    snapshots: SnapshotStore;
    tasks: Tasks;
    stopped: () => boolean;
    chunks: AsyncIterator<Uint8Array>;
    first: Promise<IteratorResult<Uint8Array>>;
  },
): Promise<number | undefined> {
  const { chunks, snapshots, tasks, stopped } = parts;
  // Whatever becomes of the store, the first chunk's failure must not go unheard.
  parts.first.catch(() => {});
  const writer = await snapshots.create(group, mark);
  let sizeBytes = 0;
  try {
    for (let next = await parts.first; next.done !== true; next = await chunks.next()) {
      if (stopped()) {
        await writer.abort();
        return undefined;
      }
      if (next.value.length > 0) await writer.write(next.value);
      else await new Promise<void>((resolve) => tasks.defer(resolve));
      sizeBytes += next.value.length;
    }
    await writer.commit();
    return sizeBytes;
  } catch (error) {
    await writer.abort().catch(() => {});
    throw error;
  } finally {
    await chunks.return?.();
  }
}
