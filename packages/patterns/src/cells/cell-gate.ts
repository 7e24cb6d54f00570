/**
 * What a cell says to a request: come in, or whom to ask. A cell serves a unit only while it has a record of its own that it owns it, as durable as the
 * data; so whatever routers believe, no two cells serve one. The other half, which decides, is `Migration`. Answers as in Redis Cluster: MOVED, ASK.
 *
 *     (none) ── receive ──> receiving ── activate ──> owned ── fence ──> fencing ──(what was let in has ended)──> fenced
 *       ^                      │ discard                ^                   │                                        │
 *       ├──────────────────────┘                        └───── unfence ─────┴──────────────── unfence ───────────────┤
 *       └──── clean ──── moved <────────────────────────────────────────────────────────── forward ──────────────────┘
 *
 * Every command has the number of its move, and moves within a bucket, one at a time, have growing numbers. So a command of a move that is over here
 * is recognised, however late, and changes nothing; all commands may be sent again until they are confirmed.
 *
 * A request carries the epoch of the table that routed it. It is let in by a table from the epoch in which the unit came here or a later one: so a router that
 * has heard of a bucket's new home, but not of a key that was pinned out of it before, has to look again. Pure. O(1), but for keys on the move.
 */
import { assert } from '../base/index.ts';
import { partitionOf } from '../partitioning/fixed-partitions.ts';
import type { Admission, BucketRecord, CellRequest, GateEffect, GateInput, UnitRecord } from './cell-gate-types.ts';
import { bucketOfUnit, bucketUnit, type CellTable, keyOf, keyUnit, type Unit } from './cell-table.ts';
import type { CellCommand, CellConfirmationKind } from './migration-types.ts';

interface Bucket {
  over: number;
  own: UnitRecord | undefined;
  readonly keys: Map<string, UnitRecord>;
}

/** What each command is answered by. */
const CONFIRMATIONS: Readonly<Record<CellCommand['kind'], CellConfirmationKind>> = {
  receive: 'received',
  fence: 'fenced',
  'catch-up': 'caught-up',
  activate: 'activated',
  forward: 'forwarded',
  clean: 'cleaned',
  unfence: 'unfenced',
  discard: 'discarded',
  merge: 'merged',
};

export class CellGate {
  readonly #count: number;
  /** Buckets of which anything is known. */
  readonly #buckets = new Map<number, Bucket>();
  /** Requests that were let in and have not ended, by unit and by key. None after a restart. */
  readonly #underWay = new Map<string, number>();

  /** `records`: what was made durable, by bucket. */
  constructor(bucketCount: number, records: Iterable<readonly [bucket: number, record: BucketRecord]> = []) {
    this.#count = bucketCount;
    for (const [bucket, { over, own, keys }] of records) this.#buckets.set(bucket, { over, own, keys: new Map(keys) });
  }

  /** The gate of a cell that has what the first table says. Make `records` durable before it opens. */
  static first(cell: string, table: CellTable): CellGate {
    const records: [number, BucketRecord][] = [];
    for (let bucket = 0; bucket < table.bucketCount; bucket++) {
      const home = table.homeOfUnit(bucketUnit(bucket));
      const own: UnitRecord = { kind: 'owned', move: 0, since: home.since };
      if (home.cell === cell) records.push([bucket, { over: 0, own, keys: [] }]);
    }
    return new CellGate(table.bucketCount, records);
  }

  get records(): [bucket: number, record: BucketRecord][] {
    return [...this.#buckets].map(([bucket, state]) => [bucket, recordOf(state)]);
  }

  /** Whether a request is served here, and where else if not. What is let in counts until it has `finished`. */
  admit({ key, epoch, asking }: CellRequest): Admission {
    const number = partitionOf(key, this.#count);
    const bucket = this.#buckets.get(number);
    const pinned = bucket?.keys.get(key);
    const record = pinned ?? bucket?.own;
    switch (record?.kind) {
      case undefined:
        return { kind: 'not-here' };
      case 'owned': {
        if (epoch < record.since && asking !== record.move) return { kind: 'stale-table', epoch: record.since };
        const unit = pinned === undefined ? bucketUnit(number) : keyUnit(key);
        this.#countUnderWay(unit, key, 1);
        return { kind: 'accept', unit };
      }
      case 'fencing':
      case 'fenced':
        // The new cell takes the word of this one: so this one has to look, too.
        if (epoch < record.owned.since) return { kind: 'stale-table', epoch: record.owned.since };
        return { kind: 'ask', to: record.to, move: record.move };
      case 'receiving':
        return { kind: 'try-later' };
      case 'moved':
        return { kind: 'moved', to: record.to, epoch: record.epoch };
    }
  }

  step(input: GateInput, out: GateEffect[]): void {
    const number = bucketOfUnit(input.unit, this.#count);
    const bucket = this.#buckets.get(number) ?? { over: 0, own: undefined, keys: new Map() };
    this.#buckets.set(number, bucket);
    if (input.kind === 'finished') {
      this.#countUnderWay(input.unit, input.key, -1);
      this.#drained(number, bucket, bucketUnit(number), out);
      this.#drained(number, bucket, keyUnit(input.key), out);
    } else if (input.kind === 'received' || input.kind === 'caught-up') {
      const record = get(bucket, input.unit);
      if (record?.kind === 'receiving' && record.move === input.move) confirm(input.kind, input.unit, input.move, out);
    } else if (input.move > bucket.over) this.#command(number, bucket, input, out);
    // The last command of a move, again: its confirmation was lost. Others of a move that is over are late, and nobody waits for an answer.
    else if (ENDINGS.includes(input.kind)) confirm(CONFIRMATIONS[input.kind], input.unit, input.move, out);
  }

  #command(number: number, bucket: Bucket, command: CellCommand, out: GateEffect[]): void {
    const { unit, move } = command;
    const record = get(bucket, unit);
    switch (command.kind) {
      case 'receive':
        if (record === undefined) this.#set(number, bucket, unit, { kind: 'receiving', move, from: command.from }, out);
        if (record === undefined || record.move === move) out.push({ kind: 'copy', unit, move, from: command.from });
        return;
      case 'catch-up':
        if (record?.kind === 'receiving' && record.move === move)
          out.push({ kind: 'catch-up', unit, move, from: record.from });
        return;
      case 'fence':
        return this.#fence(number, bucket, command, out);
      case 'forward':
        return this.#forward(number, bucket, command, out);
      case 'activate':
        if (record?.kind !== 'receiving' || record.move !== move) return;
        bucket.over = move;
        this.#set(number, bucket, unit, { kind: 'owned', move, since: command.epoch }, out);
        return confirm('activated', unit, move, out);
      case 'clean':
      case 'discard':
      case 'unfence':
      case 'merge':
        return this.#end(number, bucket, command, out);
    }
  }

  #fence(number: number, bucket: Bucket, command: CellCommand & { kind: 'fence' }, out: GateEffect[]): void {
    const { unit, move, to } = command;
    const record = get(bucket, unit);
    const owned = record ?? (keyOf(unit) === undefined ? undefined : bucket.own);
    if (owned?.kind === 'owned') {
      const { move: before, since } = owned;
      const fencing: UnitRecord = {
        ...{ kind: 'fencing', move, to },
        owned: { move: before, since },
        wasPinned: record !== undefined,
      };
      this.#set(number, bucket, unit, fencing, out);
    } else if (record?.kind === 'fenced' && record.move === move) return confirm('fenced', unit, move, out);
    this.#drained(number, bucket, unit, out);
  }

  /** What was let in before the fence has ended: nothing of the unit changes here any more. */
  #drained(number: number, bucket: Bucket, unit: Unit, out: GateEffect[]): void {
    const record = get(bucket, unit);
    if (record?.kind !== 'fencing' || (this.#underWay.get(unit) ?? 0) > 0) return;
    this.#set(number, bucket, unit, { ...record, kind: 'fenced' }, out);
    confirm('fenced', unit, record.move, out);
  }

  #forward(number: number, bucket: Bucket, command: CellCommand & { kind: 'forward' }, out: GateEffect[]): void {
    const { unit, move, to, epoch } = command;
    const record = get(bucket, unit);
    if (record?.move !== move) return;
    if (record.kind === 'fenced') {
      // Once this is cleaned, nothing here says that the key is pinned. So routers that do not know it are not let in to its bucket any more, not even
      // by an `ask` of the move by which the bucket came.
      if (keyOf(unit) !== undefined && bucket.own?.kind === 'owned') bucket.own = { kind: 'owned', move, since: epoch };
      this.#set(number, bucket, unit, { kind: 'moved', move, to, epoch }, out);
    }
    if (record.kind === 'fenced' || record.kind === 'moved') confirm('forwarded', unit, move, out);
  }

  /** The last command of a move for this cell. If the first never came, it will have come too late. */
  #end(
    number: number,
    bucket: Bucket,
    { kind, unit, move }: CellCommand & { kind: 'clean' | 'discard' | 'unfence' | 'merge' },
    out: GateEffect[],
  ): void {
    const record = get(bucket, unit);
    if (kind === 'merge' && bucket.own?.kind !== 'owned') return;
    let left = record;
    if (kind === 'merge') left = undefined;
    else if (record?.move === move && record.kind === (kind === 'clean' ? 'moved' : 'receiving')) {
      left = undefined;
      out.push({ kind: 'delete', unit });
    } else if (record?.move === move && (record.kind === 'fencing' || record.kind === 'fenced'))
      left = record.wasPinned || keyOf(unit) === undefined ? { kind: 'owned', ...record.owned } : undefined;
    bucket.over = move;
    this.#set(number, bucket, unit, left, out);
    confirm(CONFIRMATIONS[kind], unit, move, out);
  }

  #set(number: number, bucket: Bucket, unit: Unit, record: UnitRecord | undefined, out: GateEffect[]): void {
    const key = keyOf(unit);
    if (key === undefined) bucket.own = record;
    else if (record === undefined) bucket.keys.delete(key);
    else bucket.keys.set(key, record);
    out.push({ kind: 'persist', bucket: number, record: recordOf(bucket) });
  }

  #countUnderWay(unit: Unit, key: string, by: 1 | -1): void {
    // A key is counted for itself as well, should it be pinned while it is served as one of its bucket's.
    for (const counted of new Set([unit, keyUnit(key)])) {
      const count = (this.#underWay.get(counted) ?? 0) + by;
      assert(count >= 0, `no request of ${counted} is under way`);
      if (count === 0) this.#underWay.delete(counted);
      else this.#underWay.set(counted, count);
    }
  }
}

const ENDINGS: readonly string[] = ['activate', 'clean', 'unfence', 'discard', 'merge'];

function get(bucket: Bucket, unit: Unit): UnitRecord | undefined {
  const key = keyOf(unit);
  return key === undefined ? bucket.own : bucket.keys.get(key);
}

function recordOf({ over, own, keys }: Bucket): BucketRecord {
  return { over, own, keys: [...keys] };
}

function confirm(kind: CellConfirmationKind, unit: Unit, move: number, out: GateEffect[]): void {
  out.push({ kind: 'confirm', confirmation: { kind, unit, move } });
}
