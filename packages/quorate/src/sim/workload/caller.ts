/** Calls of the key space, one at a time: reads and writes of few keys, with values that no other write has. */
import { absent, type Client, get, put, remove, type Transaction, value } from '@quorate/cluster/client';
import type { WriteResponse } from '@quorate/cluster/core';
import { versionOf } from '../oracle/answers.ts';
import { nameOf, valueOf } from '../oracle/large-values.ts';
import { markedRange, markedValue } from '../oracle/marks.ts';
import { OPERATIONS, type OperationKind } from '../shape.ts';
import type { Touch } from './operation-log.ts';
import type { Stage } from './stage.ts';

export const COUNTER = 'counter';
const ALL_KEYS = { from: 'k', to: 'l' };

export class Caller {
  readonly #stage: Stage;
  readonly #client: Client;
  readonly #kinds: readonly OperationKind[];
  /** What this caller has last seen under a key. */
  readonly #known = new Map<string, string | undefined>();

  constructor(stage: Stage, client: Client) {
    const { weights } = stage.parts.shape;
    this.#stage = stage;
    this.#client = client;
    this.#kinds = OPERATIONS.flatMap((kind) => new Array<OperationKind>(weights[kind]).fill(kind));
  }

  async run(): Promise<void> {
    while (!this.#stage.isOver()) {
      await this.#stage.pause();
      if (!this.#stage.isOver()) await this.one(this.#stage.random.pick(this.#kinds));
    }
  }

  one(kind: OperationKind): Promise<unknown> {
    switch (kind) {
      case 'put':
        return this.#put();
      case 'get':
        return this.#get(0);
      case 'old-read':
        return this.#get(this.#oldRevision());
      case 'range':
        return this.#range();
      case 'delete':
        return this.#delete();
      case 'compare-and-set':
        return this.#compareAndSet();
      case 'several-keys':
        return this.#severalKeys();
      case 'increment':
        return this.#increment();
      case 'compact':
        return this.#compact();
    }
  }

  #put(): Promise<unknown> {
    const [key, mark] = this.#fresh();
    const wanted = this.#stage.parts.values.next(mark);
    const touches: Touch[] = [{ key, kind: 'write', value: wanted }];
    return this.write({ kind: 'put', text: `put ${key}=${wanted}`, mark, touches }, (timeoutMs) =>
      this.#client.put(key, valueOf(wanted), { timeoutMs }),
    );
  }

  #delete(): Promise<unknown> {
    const [key, mark] = this.#fresh();
    const touches: Touch[] = [{ key, kind: 'write', value: undefined }];
    return this.write({ kind: 'delete', text: `delete ${key} (${mark})`, mark, touches }, (timeoutMs) =>
      this.#client.delete(markedRange(key, mark), { timeoutMs }),
    );
  }

  #compareAndSet(): Promise<unknown> {
    const [key, mark] = this.#fresh();
    const expected = this.#known.get(key);
    const wanted = this.#stage.parts.values.next(mark);
    const condition = expected === undefined ? absent(key) : value(key, '=', valueOf(expected));
    const touches: Touch[] = [{ key, kind: 'compare-and-set', value: wanted, expected }];
    const text = `set ${key}=${wanted} if it is ${expected ?? 'absent'}`;
    return this.#txn(
      { kind: 'compare-and-set', text, mark, touches },
      {
        if: [condition],
        then: [put(key, valueOf(wanted))],
        else: [get(key)],
      },
    );
  }

  #severalKeys(): Promise<unknown> {
    const { random, parts } = this.#stage;
    const mark = parts.operations.nextMark();
    const wanted = parts.values.next(mark);
    const keys = random.shuffled(Array.from({ length: parts.shape.keys }, (_, i) => `k${i}`)).slice(0, 2);
    const [first, second] = keys as [string, string];
    const removes = random.chance(0.3);
    const touches: Touch[] = [
      { key: first, kind: 'write', value: wanted },
      { key: second, kind: 'write', value: removes ? undefined : wanted },
    ];
    const text = `put ${first}=${wanted} and ${removes ? `delete ${second}` : `put ${second}=${wanted}`}`;
    return this.#txn(
      { kind: 'several-keys', text, mark, touches },
      {
        then: [put(first, valueOf(wanted)), removes ? remove(second) : put(second, valueOf(wanted)), get(first)],
      },
    );
  }

  #increment(): Promise<unknown> {
    const mark = this.#stage.parts.operations.nextMark();
    return this.#txn(
      { kind: 'increment', text: `increment ${COUNTER} (${mark})`, mark, touches: [] },
      {
        then: [put(COUNTER, markedValue(mark)), get(COUNTER)],
      },
    );
  }

  async #get(revision: number): Promise<void> {
    const { random } = this.#stage;
    const key = this.#stage.key();
    const weak = random.chance(0.25);
    const timeoutMs = this.#stage.timeoutMs();
    const kind = revision > 0 ? 'old-read' : weak ? 'weak-get' : 'get';
    const text = `${weak ? 'weakly ' : ''}get ${key}${revision > 0 ? ` as of ${revision}` : ''}`;
    const what = { kind, text, ...(weak || revision > 0 ? {} : { key }) };
    const options = { from: key, to: undefined, revision, weak };
    const response = await this.#stage.read(what, options, () =>
      this.#client.range(key, { revision, serializable: weak, timeoutMs }),
    );
    if (response === undefined || revision > 0) return;
    const [found] = response.kvs;
    this.#known.set(key, found === undefined ? undefined : nameOf(found.value));
  }

  async #range(): Promise<void> {
    const weak = this.#stage.random.chance(0.3);
    const timeoutMs = this.#stage.timeoutMs();
    const kind = weak ? 'weak-range' : 'range';
    const options = { ...ALL_KEYS, revision: 0, weak };
    const response = await this.#stage.read({ kind, text: `${weak ? 'weakly ' : ''}range of all keys` }, options, () =>
      this.#client.range(ALL_KEYS, { serializable: weak, timeoutMs }),
    );
    for (const { key, value: found } of response?.kvs.map(versionOf) ?? []) this.#known.set(key, found);
  }

  /** Every key there is, by one read. */
  async everything(): Promise<void> {
    const options = { from: '\0', to: '\0', revision: 0, weak: false };
    await this.#stage.read({ kind: 'final-range', text: 'range of everything' }, options, () =>
      this.#client.range({ prefix: '' }, { timeoutMs: 8000 }),
    );
  }

  async #compact(): Promise<void> {
    const { parts, name } = this.#stage;
    const revision = Math.max(1, parts.revisions.floor().revision - this.#stage.random.below(20));
    const recorded = parts.operations.begin(name, 'compact', `compact ${revision}`, 0);
    try {
      const { revision: at } = await this.#client.compact(revision, { timeoutMs: this.#stage.timeoutMs() });
      parts.operations.answered(recorded, `revision ${at}`);
    } catch (error) {
      parts.revisions.failed(recorded, error);
    }
  }

  #oldRevision(): number {
    const { revision } = this.#stage.parts.revisions.floor();
    return Math.max(1, revision - this.#stage.random.below(30));
  }

  #fresh(): [string, number] {
    return [this.#stage.key(), this.#stage.parts.operations.nextMark()];
  }

  #txn(what: Parameters<Caller['write']>[0], transaction: Transaction): Promise<unknown> {
    return this.write(what, (timeoutMs) => this.#client.txn(transaction, { timeoutMs }));
  }

  /** Carries a marked write out, recorded and checked. Undefined when it failed. */
  async write(
    what: { readonly kind: string; readonly text: string; readonly mark: number; readonly touches: readonly Touch[] },
    call: (timeoutMs: number) => Promise<WriteResponse>,
  ): Promise<WriteResponse | undefined> {
    const { operations, revisions } = this.#stage.parts;
    const recorded = operations.begin(this.#stage.name, what.kind, what.text, what.mark, what.touches);
    const floor = revisions.floor();
    try {
      const response = await call(this.#stage.timeoutMs());
      revisions.writeAnswered(recorded, response, floor);
      return response;
    } catch (error) {
      revisions.failed(recorded, error);
      return undefined;
    }
  }
}
