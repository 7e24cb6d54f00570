import { assert, ByteReader, BytesError, ByteWriter, WallTime } from '../base/index.ts';
import { crc32c } from '../integrity/index.ts';
import type { SegmentSummary } from './retention.ts';
import { type IndexedBatch, SegmentIndex, type SegmentIndexOptions } from './segment-index.ts';

/** A record of a log that is read by offset. */
export interface LogRecord {
  readonly offset: number;
  readonly timestamp: WallTime;
  readonly key: string;
  /** Undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
  /** Of a tombstone that a compaction has met: when it may go. */
  readonly horizon: WallTime | undefined;
}

const FLAG_VALUE = 1;
const FLAG_HORIZON = 2;
const FRAME_HEAD_BYTES = 8;

/** A segment as bytes, with its index: frames of a length, a CRC32C and one record, one after the other. */
export class MemorySegment {
  readonly baseOffset: number;
  readonly #options: SegmentIndexOptions;
  #bytes: Uint8Array = new Uint8Array(256);
  #sizeBytes = 0;
  #endOffset: number;
  /** After the last record that is still there. */
  #recordsEnd: number;
  #firstTimestamp: WallTime | undefined;
  #horizon: WallTime | undefined;
  #index: SegmentIndex;

  constructor(baseOffset: number, options: SegmentIndexOptions) {
    this.baseOffset = baseOffset;
    this.#options = options;
    this.#endOffset = baseOffset;
    this.#recordsEnd = baseOffset;
    this.#index = new SegmentIndex(baseOffset, options);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get index(): SegmentIndex {
    return this.#index;
  }

  get summary(): SegmentSummary {
    return {
      baseOffset: this.baseOffset,
      endOffset: this.#endOffset,
      sizeBytes: this.#sizeBytes,
      firstTimestamp: this.#firstTimestamp,
      maxTimestamp: this.#index.maxTimestamp,
      horizon: this.#horizon,
    };
  }

  /** The offset of a record never changes; there may be gaps before it. */
  append(record: LogRecord): void {
    const frame = writeFrame(record);
    this.#reserve(frame.length);
    this.#bytes.set(frame, this.#sizeBytes);
    const { offset, timestamp } = record;
    const batch = {
      firstOffset: offset,
      lastOffset: offset,
      timestamp,
      position: this.#sizeBytes,
      sizeBytes: frame.length,
    };
    this.#index.append(batch);
    this.#sizeBytes += frame.length;
    this.#recordsEnd = offset + 1;
    this.endAt(this.#recordsEnd);
    this.#firstTimestamp ??= timestamp;
    if (record.horizon !== undefined)
      this.#horizon = WallTime.of(Math.min(record.horizon, this.#horizon ?? record.horizon));
  }

  /** The segment goes on to before `offset`, though its last records have been compacted away. */
  endAt(offset: number): void {
    this.#endOffset = Math.max(this.#endOffset, offset);
  }

  /** Records from `offset` on, found by the index. */
  *from(offset: number): Generator<LogRecord> {
    for (const { record } of this.#frames(this.#index.positionOf(offset))) if (record.offset >= offset) yield record;
  }

  /** The offset of the first record that is as young as `time`; undefined when there is none. */
  offsetAt(time: WallTime): number | undefined {
    if ((this.#index.maxTimestamp ?? Number.NEGATIVE_INFINITY) < time) return undefined;
    for (const { offset, timestamp } of this.from(this.#index.offsetAt(time))) if (timestamp >= time) return offset;
    return undefined;
  }

  /** Takes over an index that was kept, or makes it anew. Says which. */
  openIndex(bytes: Uint8Array): 'read' | 'rebuilt' {
    const reading = SegmentIndex.read(bytes, { ...this.summary, endOffset: this.#recordsEnd }, this.#options);
    if (reading.kind === 'read') this.#index = reading.index;
    else this.#index = SegmentIndex.rebuild(this.baseOffset, this.#batches(), this.#options);
    return reading.kind === 'read' ? 'read' : 'rebuilt';
  }

  *#batches(): Generator<IndexedBatch> {
    for (const { record, position, sizeBytes } of this.#frames(0))
      yield { firstOffset: record.offset, lastOffset: record.offset, timestamp: record.timestamp, position, sizeBytes };
  }

  *#frames(from: number): Generator<{ record: LogRecord; position: number; sizeBytes: number }> {
    for (let position = from; position < this.#sizeBytes; ) {
      const { record, sizeBytes } = readFrame(this.#bytes, position, this.#sizeBytes);
      yield { record, position, sizeBytes };
      position += sizeBytes;
    }
  }

  #reserve(sizeBytes: number): void {
    if (this.#sizeBytes + sizeBytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#sizeBytes + sizeBytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** How long a record is in a segment. */
export function frameBytes(record: LogRecord): number {
  return writeFrame(record).length;
}

function writeFrame({ offset, timestamp, key, value, horizon }: LogRecord): Uint8Array {
  const w = new ByteWriter(64 + key.length + (value?.length ?? 0));
  w.u32(0);
  w.u32(0);
  w.u8((value === undefined ? 0 : FLAG_VALUE) | (horizon === undefined ? 0 : FLAG_HORIZON));
  w.uint(offset);
  w.int(timestamp);
  if (horizon !== undefined) w.int(horizon);
  w.text(key);
  if (value !== undefined) w.raw(value);
  const sizeBytes = w.length;
  w.patchU32(0, sizeBytes - FRAME_HEAD_BYTES);
  const frame = w.take();
  new DataView(frame.buffer, frame.byteOffset).setUint32(4, crc32c(0, frame, FRAME_HEAD_BYTES), true);
  return frame;
}

function readFrame(bytes: Uint8Array, position: number, end: number): { record: LogRecord; sizeBytes: number } {
  const head = new ByteReader(bytes, position, end);
  const [bodyBytes, crc] = [head.u32(), head.u32()];
  const body = position + FRAME_HEAD_BYTES;
  if (body + bodyBytes > end || crc !== crc32c(0, bytes, body, body + bodyBytes))
    throw new BytesError('a record has a wrong CRC', position);
  const r = new ByteReader(bytes, body, body + bodyBytes);
  const flags = r.u8();
  const [offset, timestamp] = [r.uint(), WallTime.of(r.int())];
  const horizon = (flags & FLAG_HORIZON) === 0 ? undefined : WallTime.of(r.int());
  const key = r.text();
  const rest = r.rest().slice();
  assert((flags & FLAG_VALUE) !== 0 || rest.length === 0, 'a tombstone has no value');
  const value = (flags & FLAG_VALUE) === 0 ? undefined : rest;
  return { record: { offset, timestamp, key, value, horizon }, sizeBytes: FRAME_HEAD_BYTES + bodyBytes };
}
