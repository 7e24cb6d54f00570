/**
 * Where in a segment an offset is, and at which offset a time begins: two sparse indexes over one segment. Kreps, Narkhede, Rao, "Kafka: a Distributed
 * Messaging System for Log Processing", NetDB 2011, section 3.1 (sparse offset index); KIP-33 of Apache Kafka (time index).
 *
 * An index is a guess that saves reading: it names a place that is not behind the one that is looked for, and reading on from there finds it. So it may be
 * thrown away at any time and rebuilt from the segment, and that is done whenever its bytes are damaged or do not belong to the segment as it is.
 *
 * Timestamps may come in any order. An entry of the time index says: everything up to this offset is at most this old.
 */
import { assert, ByteReader, BytesError, ByteWriter, type WallTime } from '../base/index.ts';
import { crc32c } from '../integrity/index.ts';
import { SparseIndex } from './sparse-index.ts';

/** One batch of records as an index sees it. */
export interface IndexedBatch {
  /** Of its first and last record. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** The greatest of its records. */
  readonly timestamp: WallTime;
  /** Of its first byte, within the segment. */
  readonly position: number;
  readonly sizeBytes: number;
}

/** What an index is written for: it belongs to a segment as long as all of these agree. */
export interface IndexedSegment {
  readonly baseOffset: number;
  /** Of the record after the last. */
  readonly endOffset: number;
  readonly sizeBytes: number;
}

export interface SegmentIndexOptions {
  /** A pair for every so many bytes of the segment. Default 4,096. */
  readonly intervalBytes?: number;
  /** Pairs in each of both; then the index is full, and a new segment is due. Default 1 Mi. */
  readonly entriesMax?: number;
}

export type SegmentIndexReading =
  | { readonly kind: 'read'; readonly index: SegmentIndex }
  /** Rebuild it. */
  | { readonly kind: 'damaged' | 'stale'; readonly why: string };

const MAGIC = 0x7864_6e49;
const FORMAT_VERSION = 1;
const INTERVAL_BYTES = 4096;
const ENTRIES_MAX = 1024 * 1024;

export class SegmentIndex {
  readonly baseOffset: number;
  readonly #intervalBytes: number;
  readonly #entriesMax: number;
  /** First offset of a batch → its position. */
  readonly #offsets = new SparseIndex();
  /** Timestamp → last offset of a batch up to which nothing is younger. */
  readonly #times = new SparseIndex();
  #sizeBytes = 0;
  #indexedBytes = Number.NEGATIVE_INFINITY;
  #endOffset: number;
  #maxTimestamp = Number.NEGATIVE_INFINITY;

  constructor(baseOffset: number, options: SegmentIndexOptions = {}) {
    this.baseOffset = baseOffset;
    this.#endOffset = baseOffset;
    this.#intervalBytes = options.intervalBytes ?? INTERVAL_BYTES;
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX;
    assert(this.#intervalBytes >= 1, `intervalBytes must be >= 1, not ${this.#intervalBytes}`);
    assert(this.#entriesMax >= 1, `entriesMax must be >= 1, not ${this.#entriesMax}`);
  }

  /** From all batches of a segment, in order. O(batches). */
  static rebuild(baseOffset: number, batches: Iterable<IndexedBatch>, options?: SegmentIndexOptions): SegmentIndex {
    const index = new SegmentIndex(baseOffset, options);
    for (const batch of batches) index.append(batch);
    return index;
  }

  /** The index in `bytes`, if it is whole and belongs to the segment as it is. */
  static read(bytes: Uint8Array, segment: IndexedSegment, options?: SegmentIndexOptions): SegmentIndexReading {
    const body = bytes.length - 4;
    if (body < 0 || new ByteReader(bytes, body).u32() !== crc32c(0, bytes, 0, body))
      return { kind: 'damaged', why: 'the index has a wrong CRC' };
    try {
      const r = new ByteReader(bytes, 0, body);
      if (r.u32() !== MAGIC) return { kind: 'damaged', why: 'the index has a wrong magic number' };
      const version = r.u32();
      if (version !== FORMAT_VERSION) return { kind: 'stale', why: `the index has format version ${version}` };
      const [baseOffset, endOffset, sizeBytes] = [r.uint(), r.uint(), r.uint()];
      if (baseOffset !== segment.baseOffset || endOffset !== segment.endOffset || sizeBytes !== segment.sizeBytes)
        return { kind: 'stale', why: 'the index is of another segment, or of another time' };
      const index = new SegmentIndex(baseOffset, options);
      readPairs(r, index.#offsets);
      readPairs(r, index.#times);
      index.#maxTimestamp = r.f64();
      r.expectEnd();
      index.#endOffset = endOffset;
      index.#sizeBytes = sizeBytes;
      const last = index.#offsets.size - 1;
      if (last >= 0) index.#indexedBytes = index.#offsets.valueAt(last);
      return { kind: 'read', index };
    } catch (error) {
      if (error instanceof BytesError) return { kind: 'damaged', why: error.message };
      throw error;
    }
  }

  /** Pairs in the larger of both indexes. */
  get size(): number {
    return Math.max(this.#offsets.size, this.#times.size);
  }

  get isFull(): boolean {
    return this.size >= this.#entriesMax;
  }

  /** The greatest timestamp of the segment; undefined when it is empty. */
  get maxTimestamp(): WallTime | undefined {
    return this.#maxTimestamp === Number.NEGATIVE_INFINITY ? undefined : (this.#maxTimestamp as WallTime);
  }

  /** The segment has one more batch. O(1), amortised. */
  append(batch: IndexedBatch): void {
    assert(batch.firstOffset >= this.#endOffset, 'batches come in the order of their offsets');
    assert(batch.position >= this.#sizeBytes, 'batches come in the order of their positions');
    this.#maxTimestamp = Math.max(this.#maxTimestamp, batch.timestamp);
    if (batch.position - this.#indexedBytes >= this.#intervalBytes && !this.isFull) {
      this.#offsets.append(batch.firstOffset, batch.position);
      this.#times.append(this.#maxTimestamp, batch.lastOffset);
      this.#indexedBytes = batch.position;
    }
    this.#endOffset = batch.lastOffset + 1;
    this.#sizeBytes = batch.position + batch.sizeBytes;
  }

  /** From where to read in order to come to `offset`: a batch starts there, and none before it reaches as far. O(log n). */
  positionOf(offset: number): number {
    const count = this.#offsets.countBelow(offset + 1);
    return count === 0 ? 0 : this.#offsets.valueAt(count - 1);
  }

  /** From which offset on to read in order to come to the first record that is as young as `time`, or younger. O(log n). */
  offsetAt(time: WallTime): number {
    const count = this.#times.countBelow(time);
    return count === 0 ? this.baseOffset : this.#times.valueAt(count - 1) + 1;
  }

  /**
   * The segment was cut: it ends before `offset` now, and is `sizeBytes` long. The greatest timestamp may be of what was cut; `rebuild` where that
   * matters.
   */
  truncate(offset: number, sizeBytes: number): void {
    let offsets = this.#offsets.countBelow(offset);
    while (offsets > 0 && this.#offsets.valueAt(offsets - 1) >= sizeBytes) offsets -= 1;
    this.#offsets.truncate(offsets);
    let times = this.#times.size;
    while (times > 0 && this.#times.valueAt(times - 1) >= offset) times -= 1;
    this.#times.truncate(times);
    this.#endOffset = Math.min(this.#endOffset, offset);
    this.#sizeBytes = sizeBytes;
    const last = this.#offsets.size - 1;
    this.#indexedBytes = last < 0 ? Number.NEGATIVE_INFINITY : this.#offsets.valueAt(last);
  }

  /** To be kept with the segment once it is not written to any more. */
  toBytes(): Uint8Array {
    const w = new ByteWriter(64 + this.size * 8);
    w.u32(MAGIC);
    w.u32(FORMAT_VERSION);
    w.uint(this.baseOffset);
    w.uint(this.#endOffset);
    w.uint(this.#sizeBytes);
    writePairs(w, this.#offsets);
    writePairs(w, this.#times);
    w.f64(this.#maxTimestamp);
    const body = w.take();
    const bytes = new Uint8Array(body.length + 4);
    bytes.set(body);
    w.u32(crc32c(0, body));
    bytes.set(w.take(), body.length);
    return bytes;
  }
}

/** Differences, as varints: both numbers ascend. Timestamps may be below zero, so the first key is written whole. */
function writePairs(w: ByteWriter, pairs: SparseIndex): void {
  w.uint(pairs.size);
  let [key, value] = [0, 0];
  for (let at = 0; at < pairs.size; at++) {
    w.int(pairs.keyAt(at) - key);
    w.uint(pairs.valueAt(at) - value);
    [key, value] = [pairs.keyAt(at), pairs.valueAt(at)];
  }
}

function readPairs(r: ByteReader, into: SparseIndex): void {
  let [key, value] = [0, 0];
  for (let left = r.count(2); left > 0; left--) {
    key += r.int();
    value += r.uint();
    into.append(key, value);
  }
}
