import { crc32c } from '../integrity/index.ts';
import {
  type BatchBytes,
  BatchWriter,
  type RecoveredRecord,
  type RecoveryVisitor,
  type ScanResult,
  SEGMENT_HEADER_BYTES,
  scanSegment,
} from './index.ts';

export const SEGMENT = { segment: 3, salt: 0x1234_5678 };
export const START = { sequence: 10, previousCrc: 77 };

export interface TestRecord {
  readonly kind: number;
  readonly stream: number;
  readonly note: string;
  readonly body: Uint8Array;
}

/** Builds a segment batch by batch, as a writer would. */
export class SegmentBuilder {
  readonly writer: BatchWriter = new BatchWriter();
  /** Where each batch starts, and where the last one ends. */
  readonly offsets: number[] = [SEGMENT_HEADER_BYTES];
  #parts: Uint8Array[] = [new Uint8Array(SEGMENT_HEADER_BYTES)];
  #sequence: number = START.sequence;
  #previousCrc: number = START.previousCrc;

  get end(): number {
    return this.offsets.at(-1)!;
  }

  batch(...records: readonly TestRecord[]): this {
    this.writer.begin(SEGMENT.salt);
    for (const { kind, stream, note, body } of records) {
      this.writer.beginRecord(kind, stream).raw(new TextEncoder().encode(note));
      this.writer.endNote().raw(body.subarray(0, body.length >> 1));
      this.writer.bytes(body.subarray(body.length >> 1));
      this.writer.endRecord();
    }
    const written = this.writer.finish(this.#position());
    this.#append(written);
    this.#sequence += 1;
    this.#previousCrc = written.crc;
    return this;
  }

  seal(): this {
    this.writer.begin(SEGMENT.salt);
    this.#parts.push(...this.writer.finishSeal(this.#position()).chunks);
    return this;
  }

  /** The segment, with zeros behind it. */
  bytes(zeros: number = 1024): Uint8Array {
    return joined([...this.#parts, new Uint8Array(zeros)]);
  }

  #position() {
    return { ...SEGMENT, offset: this.end, sequence: this.#sequence, previousCrc: this.#previousCrc };
  }

  #append({ chunks, sizeBytes }: BatchBytes): void {
    this.#parts.push(joined(chunks));
    this.offsets.push(this.end + sizeBytes);
  }
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function record(stream: number, sizeBytes: number, note: string = 'note'): TestRecord {
  return { kind: 1, stream, note, body: Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 13 + stream + 1) & 255) };
}

/** One line per record: comparing large bodies one by one takes seconds. */
export function brief(records: readonly TestRecord[]): string[] {
  return records.map(({ kind, stream, note, body }) => `${kind} ${stream} ${note} ${body.length} ${crc32c(0, body)}`);
}

export interface Scanned extends ScanResult {
  readonly records: readonly TestRecord[];
  readonly damages: readonly { readonly offset: number; readonly why: string; readonly stream: number | undefined }[];
}

export function scan(bytes: Uint8Array, last: boolean = true): Scanned {
  const records: TestRecord[] = [];
  const damages: { offset: number; why: string; stream: number | undefined }[] = [];
  const shown = ({ kind, stream, note, body }: RecoveredRecord): TestRecord => ({
    kind,
    stream,
    note: new TextDecoder().decode(note),
    body: body.slice(),
  });
  const visitor: RecoveryVisitor = {
    record: (each) => void records.push(shown(each)),
    damage: ({ offset, why, record: damaged }) => void damages.push({ offset, why, stream: damaged?.stream }),
  };
  return { ...scanSegment(bytes, { ...SEGMENT, ...START, last }, visitor), records, damages };
}
