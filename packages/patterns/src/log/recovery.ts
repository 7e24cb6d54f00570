/**
 * Reads a segment after a start of any kind and tells what is there, what was never finished and what was lost.
 *
 * The writer has one batch in flight, and acknowledges it once it is durable. So of all batches only the last can be
 * unacknowledged, and only in the last segment. What a power failure leaves of it is sector-shaped: each sector was
 * written or was not. Hence:
 *
 * - damage before a good batch with a later sequence number: that batch was written after this one had been
 *   acknowledged. Corruption.
 * - damage in the last batch of the last segment, where whole sectors are missing: a torn tail, to be cut.
 * - damage there, but all sectors are there: no interrupted write looks like that. Corruption, although nothing proves that the
 *   batch was acknowledged: to be wrong in this direction costs a repair, in the other an acknowledged write.
 *
 * A node that has been idle for a moment writes a seal behind its last batch: the proof that it was acknowledged. The next batch
 * overwrites it.
 *
 * Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, section 3.3: to tell a crash from corruption is
 * what keeps a local reaction from losing committed data. Pure: a function of the bytes.
 */
import {
  type BatchHead,
  bodyIsGood,
  lacksSectors,
  readHead,
  readHeadBytes,
  type SegmentIdentity,
  u32,
} from './batch-reader.ts';
import { BATCH_MAGIC, SECTOR_BYTES, SEGMENT_HEADER_BYTES } from './layout.ts';
import { countBits, isZero } from './zero-sectors.ts';

export interface RecoveredRecord {
  readonly kind: number;
  readonly stream: number;
  /** A view of the segment, as is `body`. */
  readonly note: Uint8Array;
  readonly body: Uint8Array;
}

export interface Damage {
  /** Within the segment. */
  readonly offset: number;
  readonly why: string;
  /** The damaged record, when its batch's head could be read: all but its body can be relied on. Otherwise any stream may have lost records. */
  readonly record: RecoveredRecord | undefined;
}

/** What a scan meets, in the order of the log. */
export interface RecoveryVisitor {
  record(record: RecoveredRecord): void;
  damage(damage: Damage): void;
}

export interface ScanOrder extends SegmentIdentity {
  /** What the first batch must be, and what it must follow on. */
  readonly sequence: number;
  readonly previousCrc: number;
  /** Is it the last segment, the only one that may end in a torn batch? */
  readonly last: boolean;
}

export type Verdict =
  | { readonly kind: 'clean' }
  /** Cut at `validBytes` and write zeros behind it. */
  | { readonly kind: 'torn' }
  /** The visitor was told of each place; this is the first. The end may be torn besides. */
  | { readonly kind: 'corrupt'; readonly offset: number; readonly why: string };

export interface ScanResult {
  readonly verdict: Verdict;
  /** Where the next batch goes. */
  readonly validBytes: number;
  /** Behind `validBytes` there is what must be cut before anything is written there. */
  readonly torn: boolean;
  /** What the next batch carries. */
  readonly sequence: number;
  readonly previousCrc: number;
  /** Heads that were read from their second copy. */
  readonly healed: number;
}

/** Fewer set bits than any head has: a sector of zeros in which bits have flipped. */
const STRAY_BITS_MAX = 8;

/** Scans a whole segment, its header included. O(bytes). */
export function scanSegment(bytes: Uint8Array, order: ScanOrder, visitor: RecoveryVisitor): ScanResult {
  return new Scan(bytes, order, visitor).run();
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #order: ScanOrder;
  readonly #visitor: RecoveryVisitor;
  #at = SEGMENT_HEADER_BYTES;
  #sequence: number;
  #previousCrc: number;
  #healed = 0;
  #corrupt: { offset: number; why: string } | undefined;

  constructor(bytes: Uint8Array, order: ScanOrder, visitor: RecoveryVisitor) {
    this.#bytes = bytes;
    this.#order = order;
    this.#visitor = visitor;
    this.#sequence = order.sequence;
    this.#previousCrc = order.previousCrc;
  }

  run(): ScanResult {
    let end: 'clean' | 'torn' | undefined;
    while (end === undefined) end = this.#step();
    return {
      verdict: this.#corrupt === undefined ? { kind: end } : { kind: 'corrupt', ...this.#corrupt },
      validBytes: this.#at,
      torn: end === 'torn',
      sequence: this.#sequence,
      previousCrc: this.#previousCrc,
      healed: this.#healed,
    };
  }

  /** Takes one batch, or finds the end. */
  #step(): 'clean' | 'torn' | undefined {
    const at = this.#at;
    const head = readHead(this.#bytes, at, at, this.#order) ?? this.#spareHead(at);
    // A batch from before is no batch here: a write went astray, or never happened.
    if (head === undefined || head.sequence < this.#sequence) return this.#withoutHead(at);
    return head.seal ? this.#end(head) : this.#take(head);
  }

  #end(seal: BatchHead): 'clean' | 'torn' | undefined {
    const behind = seal.offset + seal.sizeBytes;
    // Behind the seal there may be what is left of the batch that was about to overwrite it.
    if (!this.#follows(seal) || this.#later(behind) !== undefined) return this.#withoutHead(seal.offset);
    return isZero(this.#bytes, behind, this.#bytes.length) ? 'clean' : 'torn';
  }

  #take(head: BatchHead): 'torn' | undefined {
    const bad = head.records.filter((record) => !bodyIsGood(this.#bytes, record, this.#order));
    if (bad.length > 0) {
      const unproven = this.#order.last && this.#later(head.offset + head.sizeBytes) === undefined;
      if (unproven && lacksSectors(this.#bytes, head)) return 'torn';
    }
    if (!this.#follows(head)) this.#lost(head.offset, `the batch there does not follow on batch ${this.#sequence - 1}`);
    for (const record of head.records) {
      const { kind, stream, note, bodyFrom, bodyTo } = record;
      const found = { kind, stream, note, body: this.#bytes.subarray(bodyFrom, bodyTo) };
      if (bad.includes(record)) this.#lost(bodyFrom, `the body of a record of stream ${stream} has a wrong CRC`, found);
      else this.#visitor.record(found);
    }
    if (head.at !== head.offset) this.#healed += 1;
    this.#at = head.offset + head.sizeBytes;
    this.#sequence = head.sequence + 1;
    this.#previousCrc = head.crc;
    return undefined;
  }

  #follows(head: BatchHead): boolean {
    return head.sequence === this.#sequence && head.previousCrc === this.#previousCrc;
  }

  /** At `at` there is no head, nor is there its copy. */
  #withoutHead(at: number): 'clean' | 'torn' | undefined {
    const bytes = this.#bytes;
    const later = this.#later(at + SECTOR_BYTES);
    if (later !== undefined) {
      this.#lost(at, `batch ${this.#sequence} is unreadable, and batch ${later.sequence} follows`);
      this.#at = later.offset;
      this.#sequence = later.sequence;
      this.#previousCrc = later.previousCrc;
      return undefined;
    }
    if (isZero(bytes, at, bytes.length)) return 'clean';
    if (this.#order.last && this.#looksUnfinished(at)) return 'torn';
    this.#lost(at, `batch ${this.#sequence} is unreadable`);
    return 'clean';
  }

  #looksUnfinished(at: number): boolean {
    const bytes = this.#bytes;
    // A file that ends inside the first sector.
    if (bytes.length < at + SECTOR_BYTES) return true;
    if (countBits(bytes, at, at + SECTOR_BYTES, STRAY_BITS_MAX + 1) <= STRAY_BITS_MAX) return true;
    // A head of several sectors of which the first is there.
    const headBytes = readHeadBytes(bytes, at, at, this.#order);
    if (headBytes === undefined) return false;
    for (let sector = at; sector < at + headBytes; sector += SECTOR_BYTES) {
      if (isZero(bytes, sector, sector + SECTOR_BYTES)) return true;
    }
    return false;
  }

  /** The second copy of the head of the batch at `at`. */
  #spareHead(at: number): BatchHead | undefined {
    const bytes = this.#bytes;
    for (let i = at + 8; i + 8 <= bytes.length; i += 8) {
      if (u32(bytes, i) !== BATCH_MAGIC) continue;
      const head = readHead(bytes, i, at, this.#order);
      if (head !== undefined) return head;
      // Another batch starts here: what precedes it has been searched.
      if (i % SECTOR_BYTES === 0 && readHead(bytes, i, i, this.#order) !== undefined) return undefined;
    }
    return undefined;
  }

  /** The first batch at or behind `from` that was written after the one that is expected now. */
  #later(from: number): BatchHead | undefined {
    for (let at = from; at + SECTOR_BYTES <= this.#bytes.length; at += SECTOR_BYTES) {
      const head = readHead(this.#bytes, at, at, this.#order);
      if (head !== undefined && head.sequence > this.#sequence) return head;
    }
    return undefined;
  }

  #lost(offset: number, why: string, record?: RecoveredRecord): void {
    this.#corrupt ??= { offset, why };
    this.#visitor.damage({ offset, why, record });
  }
}
