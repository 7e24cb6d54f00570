/** One face for the replicated types of three libraries: a replica makes a change and gives the bytes that others need, and takes those of others. */
import * as Automerge from '@automerge/automerge';
import {
  type Crdt,
  decodeCrdt,
  embedded,
  encodeCrdt,
  lwwRegister,
  type OrMap,
  orMap,
  orSet,
  pnCounter,
  textCodec,
} from '@quorate/patterns/crdt';
import { hybridTimestamp } from '@quorate/patterns/time';
import * as Y from 'yjs';
import type { PeerName } from './row.ts';

export interface Replica {
  /** The i-th change of this replica. What others need of it. */
  change(i: number): Uint8Array;
  /** The first `count` changes at once, as one transaction where there are such. */
  changeAll(count: number): void;
  /** A change, or everything, of another one. */
  apply(bytes: Uint8Array): void;
  save(): Uint8Array;
  /** As plain data, in the order that equal values have. */
  value(): unknown;
  /** How much there is, after reading all of it: what an application does to show it. */
  read(): number;
  /** WebAssembly frees nothing by itself. */
  free?(): void;
}

export interface Library extends PeerName {
  /** `actor`: from 1 on. */
  readonly create: (actor: number) => Replica;
}

/** What is in a replica: a count, a text, a set of keys, or a map. */
type Content = number | string | Iterable<string> | ReadonlyMap<string, string>;

function plain(content: Content): unknown {
  if (typeof content === 'number' || typeof content === 'string') return content;
  return content instanceof Map ? Object.fromEntries([...content.entries()].sort(byKey)) : [...content].sort();
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

function amount(content: Content): number {
  if (typeof content === 'number') return content;
  if (typeof content === 'string') return content.length;
  let length = 0;
  for (const item of content) length += item.length;
  return length;
}

/** What a change does: the same for all. Keys of different actors overlap by half. */
export const keyOf = (actor: number, i: number): string => `key-${actor * 500 + i}`;

/** A replica of one of our types. */
export function ownReplica<S>(
  crdt: Crdt<S>,
  delta: (state: S, i: number) => S,
  valueOf: (state: S) => Content,
): Replica {
  let state = crdt.empty;
  return {
    change: (i) => {
      const made = delta(state, i);
      state = crdt.merge(state, made);
      return encodeCrdt(crdt, made);
    },
    changeAll: (count) => {
      for (let i = 0; i < count; i++) state = crdt.merge(state, delta(state, i));
    },
    apply: (bytes) => {
      state = crdt.merge(state, decodeCrdt(crdt, bytes));
    },
    save: () => encodeCrdt(crdt, state),
    value: () => plain(valueOf(state)),
    read: () => amount(valueOf(state)),
  };
}

export function yjsReplica(
  actor: number,
  change: (doc: Y.Doc, i: number) => void,
  valueOf: (doc: Y.Doc) => Content,
): Replica {
  const doc = new Y.Doc();
  doc.clientID = actor;
  let last: Uint8Array = new Uint8Array();
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'remote') last = update;
  });
  return {
    change: (i) => {
      doc.transact(() => change(doc, i));
      return last;
    },
    changeAll: (count) =>
      doc.transact(() => {
        for (let i = 0; i < count; i++) change(doc, i);
      }),
    apply: (bytes) => Y.applyUpdate(doc, bytes, 'remote'),
    save: () => Y.encodeStateAsUpdate(doc),
    value: () => plain(valueOf(doc)),
    read: () => amount(valueOf(doc)),
  };
}

/** Documents must have a common beginning. */
const beginnings = new Map<string, Uint8Array>();

export function automergeReplica<T>(
  actor: number,
  beginning: { readonly name: string; readonly of: T & Record<string, unknown> },
  change: (doc: T, i: number) => void,
  valueOf: (doc: T) => Content,
): Replica {
  const { name } = beginning;
  if (!beginnings.has(name)) beginnings.set(name, Automerge.save(Automerge.from(beginning.of, { actor: '00' })));
  let doc = Automerge.load<T>(beginnings.get(name)!, { actor: actor.toString(16).padStart(2, '0') });
  return {
    change: (i) => {
      doc = Automerge.change(doc, (draft) => change(draft as T, i));
      return Automerge.getLastLocalChange(doc)!;
    },
    changeAll: (count) => {
      doc = Automerge.change(doc, (draft) => {
        for (let i = 0; i < count; i++) change(draft as T, i);
      });
    },
    // Also takes what `save` gives.
    apply: (bytes) => {
      doc = Automerge.loadIncremental(doc, bytes);
    },
    save: () => Automerge.save(doc),
    value: () => plain(valueOf(doc)),
    read: () => amount(valueOf(doc)),
    free: () => Automerge.free(doc),
  };
}

const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

const sharedCounter = pnCounter;
export const counters: readonly Library[] = [
  {
    name: 'pnCounter',
    create: (actor) =>
      ownReplica(sharedCounter, (state) => sharedCounter.increment(state, `n${actor}`), sharedCounter.value),
  },
  {
    // It has no counter; the usual way to have one is a key per client, and their sum.
    name: 'yjs, a key per client',
    create: (actor) =>
      yjsReplica(
        actor,
        (doc, i) => doc.getMap('count').set(String(actor), i + 1),
        (doc) => sum(doc.getMap<number>('count').values()),
      ),
  },
  {
    name: 'automerge, Counter',
    kind: 'WebAssembly',
    create: (actor) =>
      automergeReplica(
        actor,
        { name: 'counter', of: { count: new Automerge.Counter(0) } },
        (doc) => doc.count.increment(1),
        (doc) => doc.count.value,
      ),
  },
];

export const sets: readonly Library[] = [
  {
    name: 'orSet',
    create: (actor) => ownReplica(orSet, (state, i) => orSet.add(state, keyOf(actor, i), `n${actor}`), orSet.value),
  },
  {
    name: 'yjs, keys of a Y.Map',
    create: (actor) =>
      yjsReplica(
        actor,
        (doc, i) => doc.getMap('set').set(keyOf(actor, i), true),
        (doc) => doc.getMap('set').keys(),
      ),
  },
  {
    name: 'automerge, keys of a map',
    kind: 'WebAssembly',
    create: (actor) =>
      automergeReplica(
        actor,
        { name: 'set', of: { set: {} as Record<string, boolean> } },
        (doc, i) => {
          doc.set[keyOf(actor, i)] = true;
        },
        (doc) => Object.keys(doc.set),
      ),
  },
];

const register = embedded(lwwRegister(textCodec));
const table = orMap(register);
type Table = OrMap<(typeof register)['store']['empty']>;
const cellOf = (state: Table, key: string): string => {
  const cell = table.get(state, key);
  return cell === undefined ? '' : (register.inner(cell)?.value ?? '');
};

/** The value of a key does not depend on who wrote it, so that all agree whichever write wins. */
const valueFor = (key: string): string => `value of ${key}`;

export const maps: readonly Library[] = [
  {
    name: 'orMap of registers',
    create: (actor) =>
      ownReplica<Table>(
        table,
        (state, i) => {
          const key = keyOf(actor, i);
          const stamp = { at: hybridTimestamp(1_700_000_000_000 + i), node: `n${actor}` };
          return table.update(state, key, (cell) =>
            register.update(cell, `n${actor}`, () => ({ stamp, value: valueFor(key) })),
          );
        },
        (state) => new Map(table.keys(state).map((key) => [key, cellOf(state, key)])),
      ),
  },
  {
    name: 'yjs, Y.Map',
    create: (actor) =>
      yjsReplica(
        actor,
        (doc, i) => doc.getMap('map').set(keyOf(actor, i), valueFor(keyOf(actor, i))),
        (doc) => new Map(doc.getMap<string>('map').entries()),
      ),
  },
  {
    name: 'automerge, map',
    kind: 'WebAssembly',
    create: (actor) =>
      automergeReplica(
        actor,
        { name: 'map', of: { map: {} as Record<string, string> } },
        (doc, i) => {
          doc.map[keyOf(actor, i)] = valueFor(keyOf(actor, i));
        },
        (doc) => new Map(Object.entries(doc.map).map(([key, value]) => [key, String(value)])),
      ),
  },
];
