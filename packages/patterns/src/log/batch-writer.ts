import { assert, ByteWriter } from '../base/index.ts';
import { crc32c } from '../integrity/index.ts';
import { align8, alignSector, BATCH_MAGIC, FLAG_SEAL, HEAD, SECTOR_BYTES } from './layout.ts';
import { countZeroSectors } from './zero-sectors.ts';

/** Where a batch goes. */
export interface BatchPosition {
  readonly segment: number;
  readonly salt: number;
  /** Within the segment; a multiple of `SECTOR_BYTES`. */
  readonly offset: number;
  readonly sequence: number;
  /** CRC of the head before this one. */
  readonly previousCrc: number;
}

export interface BatchBytes {
  /** To be written one after the other. Belong to the caller. */
  readonly chunks: readonly Uint8Array[];
  /** A multiple of `SECTOR_BYTES`. */
  readonly sizeBytes: number;
  /** What the next head carries as `previousCrc`. */
  readonly crc: number;
}

const DESCRIPTOR = { bodyBytes: 0, bodyCrc: 4, noteBytes: 8, fixedBytes: 12 } as const;
const ZEROS: Uint8Array = new Uint8Array(SECTOR_BYTES);
const FIXED_ZEROS: Uint8Array = new Uint8Array(HEAD.fixedBytes);
/** Up to here copying a body's part is cheaper than one more element in a gathering write. */
const COPY_BYTES_MAX = 2048;
const NOTE_BYTES_MAX = 256;

/**
 * Builds one batch after the other: `begin`, then per record `beginRecord`, the note, `endNote`, the body, `endRecord`; then
 * `finish`. Large parts of bodies are taken by reference and must not change until the batch is written.
 */
export class BatchWriter {
  readonly #head: ByteWriter = new ByteWriter(4096);
  readonly #small: ByteWriter = new ByteWriter(65_536);
  #bodies: Uint8Array[] = [];
  #salt = 0;
  #records = 0;
  #bodiesBytes = 0;
  #descriptorAt = 0;
  #noteAt = 0;
  #bodyBytes = 0;
  #bodyCrc = 0;

  /** Bytes the batch has so far, without its second head and padding. */
  get sizeBytes(): number {
    return this.#head.length + this.#bodiesBytes;
  }

  begin(salt: number): void {
    this.#head.reset();
    this.#small.reset();
    this.#bodies = [];
    this.#salt = salt;
    this.#records = 0;
    this.#bodiesBytes = 0;
    this.#head.raw(FIXED_ZEROS);
  }

  /** `kind` is 1 to 255. Returns where to write the note: small, kept twice. */
  beginRecord(kind: number, stream: number): ByteWriter {
    assert(kind >= 1 && kind <= 255, 'the kind of a record must be 1 to 255');
    const head = this.#head;
    this.#descriptorAt = head.length;
    head.raw(FIXED_ZEROS.subarray(0, DESCRIPTOR.fixedBytes));
    head.u8(kind);
    head.uint(stream);
    this.#noteAt = head.length;
    return head;
  }

  /** Returns where to write the small parts of the body. */
  endNote(): ByteWriter {
    const noteBytes = this.#head.length - this.#noteAt;
    // A sector of a head is never all zeros, which tells a sector that was lost.
    assert(noteBytes <= NOTE_BYTES_MAX, `a note is at most ${NOTE_BYTES_MAX} bytes`);
    this.#head.patchU32(this.#descriptorAt + DESCRIPTOR.noteBytes, noteBytes);
    this.#bodyBytes = 0;
    this.#bodyCrc = this.#salt;
    return this.#small;
  }

  /** Appends to the body, behind what has been written to its small parts so far. */
  bytes(part: Uint8Array): void {
    if (part.length <= COPY_BYTES_MAX) {
      this.#small.raw(part);
      return;
    }
    this.#flushSmall();
    this.#append(part);
  }

  endRecord(): void {
    this.#flushSmall();
    this.#head.patchU32(this.#descriptorAt + DESCRIPTOR.bodyBytes, this.#bodyBytes);
    this.#head.patchU32(this.#descriptorAt + DESCRIPTOR.bodyCrc, this.#bodyCrc);
    const padding = align8(this.#bodyBytes) - this.#bodyBytes;
    if (padding > 0) this.#bodies.push(ZEROS.subarray(0, padding));
    this.#bodiesBytes += this.#bodyBytes + padding;
    this.#records += 1;
  }

  finish(at: BatchPosition): BatchBytes {
    return this.#seal(at, 0);
  }

  /** A batch without records that says: all before me was durable. See `recovery.ts`. */
  finishSeal(at: BatchPosition): BatchBytes {
    assert(this.#records === 0, 'a seal has no records');
    return this.#seal(at, FLAG_SEAL);
  }

  #seal(at: BatchPosition, flags: number): BatchBytes {
    const headBytes = this.#head.length + 4;
    const room = align8(headBytes);
    const used = room + this.#bodiesBytes + room;
    const sizeBytes = alignSector(used);
    this.#head.raw(ZEROS.subarray(0, room - headBytes + 4));
    const head = this.#head.take();
    const chunks = [head, ...this.#bodies];
    if (sizeBytes > used) chunks.push(ZEROS.subarray(0, sizeBytes - used));
    chunks.push(head);

    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const set = (offset: number, value: number): void => view.setUint32(offset, value, true);
    set(HEAD.magic, BATCH_MAGIC);
    set(HEAD.headBytes, headBytes);
    set(HEAD.sectors, sizeBytes / SECTOR_BYTES);
    set(HEAD.sector, at.offset / SECTOR_BYTES);
    set(HEAD.segment, at.segment);
    set(HEAD.sequenceLow, at.sequence % 2 ** 32);
    set(HEAD.sequenceHigh, Math.floor(at.sequence / 2 ** 32));
    set(HEAD.previousCrc, at.previousCrc);
    set(HEAD.zeroSectors, countZeroSectors(chunks, alignSector(room), sizeBytes - alignSector(room)));
    set(HEAD.records, this.#records);
    set(HEAD.flags, flags);
    set(HEAD.fixedCrc, crc32c(this.#salt, head, HEAD.headBytes, HEAD.fixedBytes));
    const crc = crc32c(this.#salt, head, 0, headBytes - 4);
    set(headBytes - 4, crc);
    return { chunks, sizeBytes, crc };
  }

  #flushSmall(): void {
    if (this.#small.length > 0) this.#append(this.#small.take());
  }

  #append(part: Uint8Array): void {
    this.#bodies.push(part);
    this.#bodyBytes += part.length;
    this.#bodyCrc = crc32c(this.#bodyCrc, part);
  }
}
