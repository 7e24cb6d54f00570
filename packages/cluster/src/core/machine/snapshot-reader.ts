import { ByteReader, BytesError } from '@quorate/patterns/base';
import { readAlarm, readMember } from '../codec/index.ts';
import { coreError } from '../messages.ts';
import { Reply } from './reply.ts';
import { BLOCK_BYTES_MAX, Section, SNAPSHOT_MAGIC, SNAPSHOT_VERSION } from './snapshot-format.ts';
import { CoreState } from './state.ts';

/** Builds a state from a snapshot. Throws `CoreError` with the code `corrupt` when the bytes are not one, whole and of a known version. */
export async function readSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<CoreState> {
  const reader = new SnapshotReader();
  try {
    for await (const chunk of chunks) reader.feed(chunk);
    return reader.finish();
  } catch (error) {
    if (error instanceof BytesError) throw coreError('corrupt', { detail: `snapshot: ${error.message}`, cause: error });
    throw error;
  }
}

const LENGTH_BYTES = 4;

/** Takes the bytes however they were cut. */
class SnapshotReader {
  readonly #state = new CoreState();
  /** What came since the last whole block, in pieces. */
  #pieces: Uint8Array[] = [];
  #have = 0;
  /** Bytes without which nothing more can be read. */
  #need = LENGTH_BYTES;
  #section = 0;
  #blocks = 0;
  #ended = false;

  feed(chunk: Uint8Array): void {
    this.#pieces.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    const bytes = joined(this.#pieces, this.#have);
    let at = 0;
    this.#need = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = new ByteReader(bytes, at).u32();
      if (length > BLOCK_BYTES_MAX) throw new BytesError(`a block of ${length} bytes is too long`, at);
      this.#need = LENGTH_BYTES + length;
      if (bytes.length - at < this.#need) break;
      this.#block(new ByteReader(bytes, at + LENGTH_BYTES, at + this.#need));
      at += this.#need;
      this.#need = LENGTH_BYTES;
    }
    this.#pieces = [bytes.subarray(at)];
    this.#have = bytes.length - at;
  }

  finish(): CoreState {
    if (!this.#ended || this.#have > 0) throw new BytesError('the snapshot is cut off', 0);
    return this.#state;
  }

  #block(reader: ByteReader): void {
    const section = reader.u8();
    if (this.#ended || section < this.#section || (this.#section === 0) !== (section === Section.header)) {
      throw new BytesError(`section ${section} after section ${this.#section}`, reader.offset);
    }
    this.#section = section;
    if (section === Section.end) this.#end(reader);
    else {
      this.#blocks += 1;
      if (section === Section.header) this.#header(reader);
      else while (reader.remaining > 0) this.#record(section, reader);
    }
    reader.expectEnd();
  }

  #end(reader: ByteReader): void {
    const blocks = reader.uint();
    if (blocks !== this.#blocks)
      throw new BytesError(`${blocks} blocks expected, ${this.#blocks} found`, reader.offset);
    this.#ended = true;
  }

  #header(reader: ByteReader): void {
    if (reader.u32() !== SNAPSHOT_MAGIC)
      throw new BytesError('these bytes are not a snapshot of the core', reader.offset);
    const version = reader.uint();
    if (version !== SNAPSHOT_VERSION) {
      throw new BytesError(`snapshot format ${version}, but this release reads ${SNAPSHOT_VERSION}`, reader.offset);
    }
    this.#state.appliedIndex = reader.uint();
    this.#state.ordinal = reader.uint();
    const revision = reader.uint();
    this.#state.space.reset(revision, reader.int());
    this.#state.leases.epoch = reader.uint();
  }

  #record(section: number, reader: ByteReader): void {
    const state = this.#state;
    switch (section) {
      case Section.leases:
        state.leases.add(reader.uint(), reader.uint());
        break;
      case Section.base:
      case Section.changes:
        this.#version(reader, section === Section.base);
        break;
      case Section.members: {
        const member = readMember(reader);
        state.members.set(member.id, member);
        break;
      }
      case Section.alarms:
        state.alarms.push(readAlarm(reader));
        break;
      case Section.sessions:
        this.#session(reader);
        break;
      default:
        throw new BytesError(`${section} is not a section of this format`, reader.offset);
    }
  }

  #version(reader: ByteReader, base: boolean): void {
    const { space } = this.#state;
    const key = reader.binary();
    const value = reader.bytes();
    const createRevision = reader.uint();
    const revision = reader.uint();
    const version = reader.uint();
    const lease = reader.uint();
    const fits = base ? revision < space.compactRevision : revision >= space.compactRevision;
    if (!fits || revision > space.revision) {
      throw new BytesError(`revision ${revision} does not belong here`, reader.offset);
    }
    // The lease of a version that is past may be gone, and its key deleted with it by a later version.
    space.load(key, revision, createRevision, version, lease, value);
  }

  #session(reader: ByteReader): void {
    const id = reader.uint();
    const acknowledgedBelow = reader.uint();
    const replies: { sequence: number; reply: Reply }[] = [];
    for (let left = reader.count(2); left > 0; left--) {
      replies.push({ sequence: reader.uint(), reply: Reply.encoded(reader.bytes().slice()).kept() });
    }
    this.#state.sessions.load({ id, acknowledgedBelow, replies });
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
