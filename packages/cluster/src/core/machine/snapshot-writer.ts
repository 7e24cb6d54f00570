import { ByteWriter } from '@quorate/patterns/base';
import type { FrozenSession, FrozenStore } from '@quorate/patterns/transactions';
import { writeAlarm, writeMember } from '../codec/index.ts';
import type { Alarm, MemberRecord } from '../requests.ts';
import type { Reply } from './reply.ts';
import { BLOCK_BYTES, CHUNK_BYTES_MAX, Section, SNAPSHOT_MAGIC, SNAPSHOT_VERSION } from './snapshot-format.ts';
import type { CoreState } from './state.ts';
import type { StoredVersion } from './stored-version.ts';

/** The state at one moment. Made at once, at the cost of O(leases + sessions); read later, at leisure. */
export interface FrozenState {
  readonly appliedIndex: number;
  readonly ordinal: number;
  readonly epoch: number;
  readonly store: FrozenStore<StoredVersion>;
  readonly leases: readonly { readonly id: number; readonly ttlSeconds: number }[];
  readonly members: readonly MemberRecord[];
  readonly alarms: readonly Alarm[];
  readonly sessions: Iterable<FrozenSession<Reply>>;
}

export function freezeState(state: CoreState): FrozenState {
  return {
    appliedIndex: state.appliedIndex,
    ordinal: state.ordinal,
    epoch: state.leases.epoch,
    store: state.space.freeze(),
    leases: [...state.leases.all()],
    members: [...state.members.values()],
    alarms: [...state.alarms],
    sessions: state.sessions.freeze(),
  };
}

/** The blocks of a snapshot, each made when it is asked for. */
export function* snapshotBlocks(frozen: FrozenState): Generator<Uint8Array, void> {
  let blocks = 0;
  for (const block of contentBlocks(frozen)) {
    blocks += 1;
    yield block;
  }
  const writer = openBlock(Section.end);
  writer.uint(blocks);
  yield closeBlock(writer);
}

/** The same bytes in chunks of at most `CHUNK_BYTES_MAX`, for one reader. The frozen store is released when it has read them, or says that it will not. */
export function snapshotChunks(frozen: FrozenState): AsyncIterable<Uint8Array> {
  const chunks = chunksOf(frozen);
  const iterator: AsyncIterator<Uint8Array, void> = {
    next: async () => {
      const next = chunks.next();
      if (next.done === true) frozen.store.release();
      return next;
    },
    // A generator that was never started would not run its `finally`.
    return: async () => {
      frozen.store.release();
      return chunks.return();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function* chunksOf(frozen: FrozenState): Generator<Uint8Array, void> {
  for (const block of snapshotBlocks(frozen)) {
    for (let at = 0; at < block.length; at += CHUNK_BYTES_MAX) yield block.subarray(at, at + CHUNK_BYTES_MAX);
  }
}

function* contentBlocks(frozen: FrozenState): Generator<Uint8Array, void> {
  yield header(frozen);
  yield* section(Section.leases, frozen.leases, (writer, lease) => {
    writer.uint(lease.id);
    writer.uint(lease.ttlSeconds);
  });
  const writeVersion = (writer: ByteWriter, version: StoredVersion): void => version.writeTo(writer);
  yield* section(Section.base, frozen.store.base(), writeVersion);
  yield* section(Section.changes, frozen.store.changes(), writeVersion);
  yield* section(Section.members, frozen.members, writeMember);
  yield* section(Section.alarms, frozen.alarms, writeAlarm);
  yield* section(Section.sessions, frozen.sessions, writeSession);
}

function header(frozen: FrozenState): Uint8Array {
  const writer = openBlock(Section.header);
  writer.u32(SNAPSHOT_MAGIC);
  writer.uint(SNAPSHOT_VERSION);
  writer.uint(frozen.appliedIndex);
  writer.uint(frozen.ordinal);
  writer.uint(frozen.store.revision);
  writer.int(frozen.store.compactRevision);
  writer.uint(frozen.epoch);
  return closeBlock(writer);
}

function writeSession(writer: ByteWriter, session: FrozenSession<Reply>): void {
  writer.uint(session.id);
  writer.uint(session.acknowledgedBelow);
  writer.uint(session.replies.length);
  for (const { sequence, reply } of session.replies) {
    writer.uint(sequence);
    writer.bytes(reply.bytes);
  }
}

function* section<T>(
  number: number,
  records: Iterable<T>,
  write: (writer: ByteWriter, record: T) => void,
): Generator<Uint8Array, void> {
  let writer: ByteWriter | undefined;
  for (const record of records) {
    writer ??= openBlock(number);
    write(writer, record);
    if (writer.length < BLOCK_BYTES) continue;
    yield closeBlock(writer);
    writer = undefined;
  }
  if (writer !== undefined) yield closeBlock(writer);
}

const LENGTH_BYTES = 4;

function openBlock(number: number): ByteWriter {
  const writer = new ByteWriter(number === Section.base || number === Section.changes ? BLOCK_BYTES + 4096 : 256);
  writer.u32(0);
  writer.u8(number);
  return writer;
}

function closeBlock(writer: ByteWriter): Uint8Array {
  writer.patchU32(0, writer.length - LENGTH_BYTES);
  return writer.take();
}
