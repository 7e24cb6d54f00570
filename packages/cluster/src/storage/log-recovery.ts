/** Reads the whole log at start: what each group had, where to go on writing, and what was lost. */
import type { Env } from '@quorate/env';
import { BytesError, InvariantError } from '@quorate/patterns/base';
import {
  type Damage,
  LowWaterMark,
  type RecoveredRecord,
  type RecoveryVisitor,
  readSegmentHeader,
  type ScanResult,
  type SegmentHeader,
  scanSegment,
} from '@quorate/patterns/log';
import { StorageError } from './errors.ts';
import type { LogDirectory } from './log-directory.ts';
import {
  RECORD_CARRY,
  RECORD_LOSS,
  RECORD_SHARE,
  readCarryNote,
  readEntries,
  readLossNote,
  readShareNote,
} from './log-records.ts';
import { RecoveringGroup } from './recovering-group.ts';

/** Whose log it is. */
export interface LogOwner {
  readonly clusterId: number;
  readonly nodeId: number;
}

export interface LogRecovery {
  readonly groups: ReadonlyMap<number, RecoveringGroup>;
  readonly lowWaterMark: LowWaterMark;
  /** Bytes in use, by segment. */
  readonly sizes: Map<number, number>;
  /** The newest segment; undefined when there is none, or its header is unreadable. */
  readonly newest:
    | { readonly header: SegmentHeader; readonly scan: ScanResult; readonly bytes: Uint8Array }
    | undefined;
  /** What is said of a loss of records of unknown groups. */
  readonly loss: string | undefined;
  /** Some segment is damaged, whether or not a group lost anything that it needs. */
  readonly damaged: boolean;
  /** What the next segment must carry. */
  readonly next: { readonly segment: number; readonly sequence: number; readonly previousCrc: number };
}

export async function recoverLog(
  env: Pick<Env, 'log'>,
  directory: LogDirectory,
  owner: LogOwner,
): Promise<LogRecovery> {
  return new Recovery(env, directory, owner).run();
}

class Recovery implements RecoveryVisitor {
  readonly #env: Pick<Env, 'log'>;
  readonly #directory: LogDirectory;
  readonly #owner: LogOwner;
  readonly #groups = new Map<number, RecoveringGroup>();
  readonly #lowWaterMark = new LowWaterMark();
  readonly #sizes = new Map<number, number>();
  #segment = 0;
  #damaged = false;
  #loss: string | undefined;
  #sequence = 1;
  #previousCrc = 0;
  #newest: LogRecovery['newest'];

  constructor(env: Pick<Env, 'log'>, directory: LogDirectory, owner: LogOwner) {
    this.#env = env;
    this.#directory = directory;
    this.#owner = owner;
  }

  async run(): Promise<LogRecovery> {
    const segments = await this.#directory.open();
    for (const [i, segment] of segments.entries()) {
      const bytes = await this.#directory.read(segment);
      if (!this.#scan(segment, bytes, i === 0, i === segments.length - 1)) {
        this.#damaged = true;
        const kept = await this.#directory.keepAside(segment, bytes);
        this.#env.log.error('the log is damaged', { file: this.#directory.pathOf(segment), copy: kept });
      }
    }
    for (const [group, recovering] of this.#groups) this.#lowWaterMark.release(group, recovering.base);
    return {
      groups: this.#groups,
      lowWaterMark: this.#lowWaterMark,
      sizes: this.#sizes,
      newest: this.#newest,
      damaged: this.#damaged,
      loss: this.#loss,
      next: { segment: this.#segment + 1, sequence: this.#sequence, previousCrc: this.#previousCrc },
    };
  }

  /** False when the segment is damaged. */
  #scan(segment: number, bytes: Uint8Array, first: boolean, last: boolean): boolean {
    const gap = !first && segment !== this.#segment + 1;
    this.#segment = segment;
    this.#lowWaterMark.opened(segment);
    this.#sizes.set(segment, bytes.length);
    const reading = readSegmentHeader(bytes);
    if (reading.kind !== 'read') {
      this.#refuseVersion(reading);
      this.#suspectAll(
        `${this.#directory.pathOf(segment)}: ${reading.kind === 'damaged' ? reading.why : reading.kind}`,
      );
      return false;
    }
    const { header } = reading;
    this.#refuseForeign(header);
    const follows = header.baseSequence === this.#sequence && header.previousCrc === this.#previousCrc;
    if (gap || (!first && !follows))
      this.#suspectAll(`${this.#directory.pathOf(segment)} does not follow on the one before`);
    const order = { ...header, sequence: header.baseSequence, last };
    const scan = scanSegment(bytes, order, this);
    this.#sequence = scan.sequence;
    this.#previousCrc = scan.previousCrc;
    this.#sizes.set(segment, scan.validBytes);
    if (scan.healed > 0) {
      this.#env.log.warn('read damaged parts of the log from their second copies', {
        file: this.#directory.pathOf(segment),
        parts: scan.healed,
      });
    }
    if (last) this.#newest = { header, scan, bytes };
    return scan.verdict.kind !== 'corrupt';
  }

  record(record: RecoveredRecord): void {
    if (record.kind === RECORD_CARRY) {
      const carry = this.#trusted(() => readCarryNote(record.note));
      const group = this.#groups.get(record.stream);
      if (group === undefined) this.#groups.set(record.stream, new RecoveringGroup(carry, undefined));
      else group.carry(carry);
    } else if (record.kind === RECORD_SHARE) this.#share(record, '');
    else if (record.kind === RECORD_LOSS) this.#loss ??= this.#trusted(() => readLossNote(record.note));
    else
      throw new StorageError('version', `a log record of kind ${record.kind} is unknown: written by a newer release?`);
  }

  damage(damage: Damage): void {
    const why = `${this.#directory.pathOf(this.#segment)} at byte ${damage.offset}: ${damage.why}`;
    if (damage.record?.kind === RECORD_SHARE) this.#share(damage.record, why);
    else this.#suspectAll(why);
  }

  /** `why` is not empty when the body cannot be relied on. */
  #share(record: RecoveredRecord, why: string): void {
    const note = this.#trusted(() => readShareNote(record.note));
    const { entries } = note;
    const read =
      entries === undefined || why !== ''
        ? undefined
        : this.#trusted(() => readEntries(record, entries.firstIndex, entries.count));
    let group = this.#groups.get(record.stream);
    if (group === undefined) {
      group = new RecoveringGroup(undefined, this.#loss);
      this.#groups.set(record.stream, group);
    }
    group.share(note, read, why);
    const lowWaterMark = this.#lowWaterMark;
    if (note.restart !== undefined) lowWaterMark.truncated(record.stream, 1);
    if (entries !== undefined) {
      lowWaterMark.written(record.stream, entries.firstIndex, entries.firstIndex + entries.count - 1);
    }
  }

  #suspectAll(why: string): void {
    this.#loss ??= why;
    for (const group of this.#groups.values()) group.suspect(why);
  }

  /** Under a good CRC there is what the writer wrote. */
  #trusted<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BytesError) && !(error instanceof InvariantError)) throw error;
      const file = this.#directory.pathOf(this.#segment);
      throw new StorageError('version', `${file} holds a record that this release cannot read: ${error.message}`);
    }
  }

  #refuseVersion(reading: { kind: 'other-version'; version: number } | { kind: 'damaged' }): void {
    if (reading.kind === 'damaged') return;
    throw new StorageError(
      'version',
      `${this.#directory.pathOf(this.#segment)} has log format ${reading.version}, which this release cannot read: use the release that wrote it`,
    );
  }

  #refuseForeign(header: SegmentHeader): void {
    const { clusterId, nodeId } = this.#owner;
    if (header.clusterId === clusterId && header.nodeId === nodeId) return;
    throw new StorageError(
      'foreign',
      `${this.#directory.pathOf(header.segment)} belongs to node ${header.nodeId} of cluster ${header.clusterId}, ` +
        `not to node ${nodeId} of cluster ${clusterId}: start with that node's own directory`,
    );
  }
}
