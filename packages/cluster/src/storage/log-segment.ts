import type { File } from '@quorate/env';
import {
  alignSector,
  type BatchBytes,
  type BatchPosition,
  type BatchWriter,
  type ScanResult,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from '@quorate/patterns/log';

/** The segment that is written to. One call at a time. */
export class ActiveSegment {
  readonly file: File;
  readonly segment: number;
  readonly salt: number;
  #sequence: number;
  #previousCrc: number;
  #end: number;
  #sealed = false;
  /** Zeros reach up to here. Invariant: no write of zeros is under way below it, or reaches below `#end`. */
  #zeroedTo: number;
  readonly #zeroAheadBytes: number;
  #zeroing: Promise<void> | undefined;
  #zeroingFailed: unknown;

  /** A segment just created with its first batch. */
  constructor(file: File, header: SegmentHeader, first: BatchBytes, zeroAheadBytes: number) {
    this.file = file;
    this.segment = header.segment;
    this.salt = header.salt;
    this.#sequence = header.baseSequence + 1;
    this.#previousCrc = first.crc;
    this.#end = SEGMENT_HEADER_BYTES + first.sizeBytes;
    this.#zeroedTo = this.#end;
    this.#zeroAheadBytes = zeroAheadBytes;
  }

  /** Goes on in the newest segment after a start. What an interrupted life left behind the last batch is cut. */
  static async resume(
    file: File,
    header: SegmentHeader,
    scan: ScanResult,
    bytes: Uint8Array,
    zeroAheadBytes: number,
  ): Promise<ActiveSegment> {
    const position = { crc: scan.previousCrc, sizeBytes: scan.validBytes - SEGMENT_HEADER_BYTES, chunks: [] };
    const active = new ActiveSegment(file, header, position, zeroAheadBytes);
    active.#sequence = scan.sequence;
    if (scan.torn) await file.truncate(scan.validBytes);
    else active.#zeroedTo = Math.max(scan.validBytes, Math.floor(bytes.length / 512) * 512);
    // The life before may have been killed between a write and its sync.
    await file.sync();
    return active;
  }

  get sizeBytes(): number {
    return this.#end;
  }

  get sealed(): boolean {
    return this.#sealed;
  }

  get position(): BatchPosition {
    return {
      segment: this.segment,
      salt: this.salt,
      offset: this.#end,
      sequence: this.#sequence,
      previousCrc: this.#previousCrc,
    };
  }

  /** What the segment after this one must carry. */
  get next(): { readonly segment: number; readonly sequence: number; readonly previousCrc: number } {
    return { segment: this.segment + 1, sequence: this.#sequence, previousCrc: this.#previousCrc };
  }

  /** Durable when it resolves. */
  async append(batch: BatchBytes): Promise<void> {
    const end = this.#end + batch.sizeBytes;
    // A write of zeros that is under way must not come down on the batch.
    if (end > this.#zeroedTo || this.#zeroingFailed !== undefined) await this.settle();
    await this.file.writeDurably(batch.chunks, this.#end);
    this.#end = end;
    this.#zeroedTo = Math.max(this.#zeroedTo, end);
    this.#sequence += 1;
    this.#previousCrc = batch.crc;
    this.#sealed = false;
    this.#zeroAhead();
  }

  /**
   * Marks the last batch as acknowledged. Neither synced nor counted: the next batch takes its place, and when it gets lost
   * nothing is.
   */
  async seal(batch: BatchWriter): Promise<void> {
    if (this.#sealed) return;
    batch.begin(this.salt);
    const { chunks, sizeBytes } = batch.finishSeal(this.position);
    if (this.#end + sizeBytes > this.#zeroedTo) await this.settle();
    await this.file.write(chunks, this.#end);
    this.#sealed = true;
  }

  /**
   * Takes back what a failed write or sync may have left. The system may show it to the next start, although it is not on the device
   * and no further sync would bring it there (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
   */
  async disown(): Promise<void> {
    await this.file.truncate(this.#end);
  }

  /** Waits for a write of zeros that is under way. Rejects when it, or one before, has failed. */
  async settle(): Promise<void> {
    await this.#zeroing;
    if (this.#zeroingFailed !== undefined) throw this.#zeroingFailed;
  }

  #zeroAhead(): void {
    if (this.#zeroing !== undefined || this.#zeroedTo - this.#end >= this.#zeroAheadBytes / 2) return;
    const from = this.#zeroedTo;
    const zeros = zerosOf(alignSector(this.#end + this.#zeroAheadBytes - from));
    this.#zeroing = this.file.write([zeros], from).then(
      () => {
        this.#zeroedTo = Math.max(this.#zeroedTo, from + zeros.length);
        this.#zeroing = undefined;
      },
      (error: unknown) => {
        this.#zeroingFailed = error;
        this.#zeroing = undefined;
      },
    );
  }
}

let zeros: Uint8Array = new Uint8Array(0);

function zerosOf(sizeBytes: number): Uint8Array {
  if (zeros.length < sizeBytes) zeros = new Uint8Array(sizeBytes);
  return zeros.subarray(0, sizeBytes);
}
