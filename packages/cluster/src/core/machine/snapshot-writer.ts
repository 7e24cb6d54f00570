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

/** The blocks of a snapshot, each made when it is asked for, and good until the next one is. An empty one is none: it only says that it takes longer. */
export function* snapshotBlocks(frozen: FrozenState): Generator<Uint8Array, void> {
  const block = new Block();
  let blocks = 0;
  for (const bytes of contentBlocks(frozen, block)) {
    if (bytes.length > 0) blocks += 1;
    yield bytes;
  }
  block.open(Section.end).uint(blocks);
  yield block.close();
}

/** The same bytes in chunks of at most `CHUNK_BYTES_MAX`, or of none, each good until the next one is asked for, for one reader. The frozen store is released when it has read them, or says that it will not. */
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
    if (block.length === 0) yield block;
    for (let at = 0; at < block.length; at += CHUNK_BYTES_MAX) yield block.subarray(at, at + CHUNK_BYTES_MAX);
  }
}

function* contentBlocks(frozen: FrozenState, block: Block): Generator<Uint8Array, void> {
  yield header(frozen, block);
  yield* section(block, Section.leases, frozen.leases, (writer, lease) => {
    writer.uint(lease.id);
    writer.uint(lease.ttlSeconds);
  });
  const writeVersion = (writer: ByteWriter, version: StoredVersion): void => version.writeTo(writer);
  yield* section(block, Section.base, frozen.store.base(), writeVersion);
  yield* section(block, Section.changes, frozen.store.changes(), writeVersion);
  yield* section(block, Section.members, frozen.members, writeMember);
  yield* section(block, Section.alarms, frozen.alarms, writeAlarm);
  yield* section(block, Section.sessions, frozen.sessions, writeSession);
}

function header(frozen: FrozenState, block: Block): Uint8Array {
  const writer = block.open(Section.header);
  writer.u32(SNAPSHOT_MAGIC);
  writer.uint(SNAPSHOT_VERSION);
  writer.uint(frozen.appliedIndex);
  writer.uint(frozen.ordinal);
  writer.uint(frozen.store.revision);
  writer.int(frozen.store.compactRevision);
  writer.uint(frozen.epoch);
  return block.close();
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
  block: Block,
  number: number,
  records: Iterable<T | undefined>,
  write: (writer: ByteWriter, record: T) => void,
): Generator<Uint8Array, void> {
  let writer: ByteWriter | undefined;
  for (const record of records) {
    if (record === undefined) {
      yield NONE_YET;
      continue;
    }
    writer ??= block.open(number);
    write(writer, record);
    if (writer.length < BLOCK_BYTES) continue;
    yield block.close();
    writer = undefined;
  }
  if (writer !== undefined) yield block.close();
}

const LENGTH_BYTES = 4;
const NONE_YET = new Uint8Array(0);

/** One buffer for all blocks. New ones would be as much garbage as there is state, faster than the collector takes it away. */
class Block {
  readonly #writer = new ByteWriter(BLOCK_BYTES + 4096);

  open(number: number): ByteWriter {
    this.#writer.u32(0);
    this.#writer.u8(number);
    return this.#writer;
  }

  /** Good until the next block is opened. */
  close(): Uint8Array {
    this.#writer.patchU32(0, this.#writer.length - LENGTH_BYTES);
    return this.#writer.lend();
  }
}
