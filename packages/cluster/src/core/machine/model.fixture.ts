/** A key space that is a list of all versions ever written, searched from the start each time: the oracle for the real one. */
import type {
  Compare,
  KeyValue,
  RangeRequest,
  RangeResponse,
  TxnOperation,
  TxnOperationResponse,
  TxnRequest,
  TxnResponse,
  WatchEvent,
  WatchRequest,
} from '../requests.ts';
import { text } from './machine.fixture.ts';

const hasKey = (request: { key: Uint8Array; rangeEnd?: Uint8Array | undefined }, key: Uint8Array): boolean => {
  const [k, low] = [text(key), text(request.key)];
  if (request.rangeEnd === undefined || request.rangeEnd.length === 0) return k === low;
  const high = text(request.rangeEnd);
  return k >= low && (high === '\u0000' || k < high);
};

const bySign = (result: Compare['result'], sign: number): boolean =>
  ({ equal: sign === 0, 'not-equal': sign !== 0, less: sign < 0, greater: sign > 0 })[result];

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class Model {
  versions: KeyValue[] = [];
  revision = 1;
  compactRevision = -1;
  #writing = false;

  get #now(): number {
    return this.#writing ? this.revision + 1 : this.revision;
  }

  at(revision: number): KeyValue[] {
    const newest = new Map<string, KeyValue>();
    for (const version of this.versions) if (version.modRevision <= revision) newest.set(text(version.key), version);
    return [...newest.values()].filter((kv) => kv.version > 0).sort((a, b) => order(text(a.key), text(b.key)));
  }

  range(r: RangeRequest): RangeResponse | string {
    if ((r.revision ?? 0) > this.#now) return 'future-revision';
    const revision = r.revision || this.#now;
    if (revision < this.compactRevision) return 'compacted';
    let kvs = this.at(revision).filter((kv) => hasKey(r, kv.key));
    const count = kvs.length;
    const filtered = r.minModRevision || r.maxModRevision || r.minCreateRevision || r.maxCreateRevision;
    const sortOrder = r.sortOrder ?? 'none';
    if (r.limit && sortOrder === 'none' && !filtered) kvs = kvs.slice(0, r.limit + 1);
    if (r.minModRevision) kvs = kvs.filter((kv) => kv.modRevision >= r.minModRevision!);
    if (r.maxModRevision) kvs = kvs.filter((kv) => kv.modRevision <= r.maxModRevision!);
    if (r.minCreateRevision) kvs = kvs.filter((kv) => kv.createRevision >= r.minCreateRevision!);
    if (r.maxCreateRevision) kvs = kvs.filter((kv) => kv.createRevision <= r.maxCreateRevision!);
    const target = r.sortTarget ?? 'key';
    if (sortOrder !== 'none' || target !== 'key') {
      const by = (a: KeyValue, b: KeyValue): number =>
        ({
          key: order(text(a.key), text(b.key)),
          value: order(text(a.value), text(b.value)),
          version: a.version - b.version,
          create: a.createRevision - b.createRevision,
          mod: a.modRevision - b.modRevision,
        })[target];
      kvs.sort((a, b) => (sortOrder === 'descend' ? by(b, a) : by(a, b)));
    }
    if (r.countOnly) kvs = [];
    const more = Boolean(r.limit) && kvs.length > r.limit!;
    if (more) kvs = kvs.slice(0, r.limit);
    if (r.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: new Uint8Array(0) }));
    return { kind: 'range', revision: this.#now, kvs, more, count };
  }

  put(key: Uint8Array, value: Uint8Array): KeyValue | undefined {
    const before = this.at(this.#now).find((kv) => text(kv.key) === text(key));
    const modRevision = this.revision + 1;
    const createRevision = before?.createRevision ?? modRevision;
    this.versions.push({ key, value, createRevision, modRevision, version: (before?.version ?? 0) + 1, lease: 0 });
    this.#writing = true;
    return before;
  }

  delete(request: { key: Uint8Array; rangeEnd?: Uint8Array | undefined }): KeyValue[] {
    const doomed = this.at(this.#now).filter((kv) => hasKey(request, kv.key));
    const modRevision = this.revision + 1;
    for (const { key } of doomed) {
      this.versions.push({ key, value: new Uint8Array(0), createRevision: 0, modRevision, version: 0, lease: 0 });
      this.#writing = true;
    }
    return doomed;
  }

  commit(): void {
    if (this.#writing) this.revision += 1;
    this.#writing = false;
  }

  /** The answer, or the code of the refusal. Well-formedness is not checked. */
  txn(request: TxnRequest): TxnResponse | string {
    const decided = this.#decide(request);
    const bad = this.#badRange(request, decided);
    if (bad !== undefined) return bad;
    const answer = this.#run(request, decided);
    this.commit();
    return { ...answer, revision: this.revision };
  }

  /** Which branch each transaction takes. */
  #decide(request: TxnRequest, into = new Map<TxnRequest, boolean>()): Map<TxnRequest, boolean> {
    into.set(
      request,
      request.compare.every((c) => this.#holds(c)),
    );
    for (const op of into.get(request) ? request.success : request.failure)
      if (op.kind === 'txn') this.#decide(op, into);
    return into;
  }

  #holds(c: Compare): boolean {
    const kvs = this.at(this.revision).filter((kv) => hasKey(c, kv.key));
    if (c.target === 'value')
      return kvs.length > 0 && kvs.every((kv) => bySign(c.result, order(text(kv.value), text(c.operand))));
    const fields = { version: 'version', create: 'createRevision', mod: 'modRevision', lease: 'lease' } as const;
    const numbers = kvs.map((kv) => kv[fields[c.target]]);
    return (numbers.length === 0 ? [0] : numbers).every((n) => bySign(c.result, n - c.operand));
  }

  #badRange(request: TxnRequest, decided: Map<TxnRequest, boolean>): string | undefined {
    for (const op of decided.get(request) ? request.success : request.failure) {
      if (op.kind === 'txn') {
        const bad = this.#badRange(op, decided);
        if (bad !== undefined) return bad;
      }
      if (op.kind !== 'range' || !op.revision) continue;
      if (op.revision > this.revision) return 'future-revision';
      if (op.revision < this.compactRevision) return 'compacted';
    }
    return undefined;
  }

  #run(request: TxnRequest, decided: Map<TxnRequest, boolean>): TxnResponse {
    const succeeded = decided.get(request)!;
    const operations = succeeded ? request.success : request.failure;
    return { kind: 'txn', revision: 0, succeeded, responses: operations.map((op) => this.#runOne(op, decided)) };
  }

  #runOne(op: TxnOperation, decided: Map<TxnRequest, boolean>): TxnOperationResponse {
    if (op.kind === 'txn') return this.#run(op, decided);
    if (op.kind === 'range') return this.range(op) as RangeResponse;
    if (op.kind === 'put') {
      const before = this.put(op.key, op.value);
      return { kind: 'put', revision: this.#now, prevKv: op.prevKv ? before : undefined };
    }
    const doomed = this.delete(op);
    return { kind: 'delete-range', revision: this.#now, deleted: doomed.length, prevKvs: op.prevKv ? doomed : [] };
  }

  /** All events that a watch from its start must have seen by now. */
  events(request: WatchRequest, from: number): WatchEvent[] {
    const seen = this.versions.filter((v) => v.modRevision >= from && hasKey(request, v.key));
    return seen
      .filter((v) => !(v.version > 0 ? request.withoutPuts : request.withoutDeletes))
      .map((kv) => {
        const prevKv = this.at(kv.modRevision - 1).find((other) => text(other.key) === text(kv.key));
        return { type: kv.version > 0 ? 'put' : 'delete', kv, prevKv: request.prevKv ? prevKv : undefined };
      });
  }
}
