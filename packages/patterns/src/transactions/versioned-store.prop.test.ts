import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cell, SortedArrayMap, VersionedStore, versionBefore } from './index.ts';

interface V {
  readonly cell: Cell<string, V>;
  readonly revision: number;
  readonly deleted: boolean;
  previous: V | undefined;
  readonly value: number;
}
type Store = VersionedStore<string, V>;

/** The dumb model: every change ever made, in order. */
interface Change {
  readonly key: string;
  readonly revision: number;
  readonly deleted: boolean;
  readonly value: number;
}

const weigh = (v: { deleted: boolean; value: number }): number => (v.deleted ? 1 : 10 + v.value);

function open(dropped: Set<V>): Store {
  return new VersionedStore<string, V>(new SortedArrayMap(), weigh, (v) => {
    expect(dropped.has(v)).toBe(false);
    dropped.add(v);
  });
}

function write(store: Store, key: string, value: number | undefined): void {
  const cell = store.cellFor(key);
  const revision = store.revision + 1;
  store.write({ cell, revision, deleted: value === undefined, previous: cell.newest, value: value ?? 0 });
}

function reload(store: Store): Store {
  const frozen = store.freeze();
  const copy = open(new Set());
  copy.reset(frozen.revision, frozen.compactRevision);
  for (const source of [frozen.base(), frozen.changes()]) {
    for (const v of source) {
      if (v === undefined) continue;
      const cell = copy.cellFor(v.cell.key);
      copy.load({ ...v, cell, previous: cell.newest });
    }
  }
  frozen.release();
  return copy;
}

const keys = ['a', 'b', 'c', 'd'];
const inForce = (changes: Change[], key: string, revision: number): Change | undefined => {
  const last = changes.filter((c) => c.key === key && c.revision <= revision).at(-1);
  return last?.deleted ? undefined : last;
};

/** What must be readable: for each key the version in force at the compact revision, and all newer ones. */
function readable(changes: Change[], compactRevision: number): Change[] {
  const kept = keys.map((key) => inForce(changes, key, compactRevision)).filter((c) => c !== undefined);
  return [...kept, ...changes.filter((c) => c.revision > compactRevision)];
}

function check(store: Store, changes: Change[], revision: number, compactRevision: number): void {
  expect([store.revision, store.compactRevision]).toEqual([revision, compactRevision]);
  // One comparison for all revisions: a thousand small ones take longer than everything that they compare.
  const [read, right]: [string[], string[]] = [[], []];
  for (let r = Math.max(1, compactRevision); r <= revision; r++) {
    for (const key of keys) {
      read.push(`${key}@${r}=${store.at(key, r)?.value}`);
      right.push(`${key}@${r}=${inForce(changes, key, r)?.value}`);
    }
    store.scan('b', 'd', r, (v) => read.push(`${v.cell.key} in ${r}`) > 0);
    for (const key of ['b', 'c']) if (inForce(changes, key, r) !== undefined) right.push(`${key} in ${r}`);
  }
  expect(read).toEqual(right);
  const { log } = store;
  const logged: string[] = [];
  for (let place = log.seek(Math.max(compactRevision, 0)); place < log.end; place++) {
    const v = log.at(place);
    logged.push(`${v.revision}${v.cell.key}${v.deleted ? 'x' : v.value}`);
    if (v.revision > compactRevision && v.revision - 1 >= compactRevision) {
      expect(versionBefore<string, V>(v)?.value).toBe(inForce(changes, v.cell.key, v.revision - 1)?.value);
    }
  }
  const expected = changes.filter((c) => c.revision >= compactRevision);
  expect(logged).toEqual(expected.map((c) => `${c.revision}${c.key}${c.deleted ? 'x' : c.value}`));
  expect(store.weight).toBe(readable(changes, compactRevision).reduce((sum, c) => sum + weigh(c), 0));
}

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('txn' as const),
      writes: fc.array(fc.tuple(fc.constantFrom(...keys), fc.option(fc.nat(9), { nil: undefined })), { maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.integer({ min: -1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('prune' as const), budget: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
);

test('a store answers like a list of all changes, whatever was compacted, pruned or reloaded', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const dropped = new Set<V>();
      let store = open(dropped);
      const changes: Change[] = [];
      let [revision, compactRevision] = [1, -1];
      for (const a of actions) {
        if (a.kind === 'txn') {
          for (const [key, value] of a.writes) {
            write(store, key, value);
            changes.push({ key, revision: revision + 1, deleted: value === undefined, value: value ?? 0 });
            expect(store.at(key)?.value).toBe(value);
          }
          expect(store.commit()).toBe(a.writes.length > 0);
          if (a.writes.length > 0) revision += 1;
        } else if (a.kind === 'compact') {
          const to = revision - a.back;
          const verdict = to <= compactRevision ? 'compacted' : to > revision ? 'future' : 'done';
          expect(store.compact(to)).toBe(verdict);
          if (verdict === 'done') compactRevision = to;
        } else if (a.kind === 'prune') store.prune(a.budget);
        else store = reload(store);
        check(store, changes, revision, compactRevision);
      }
    }),
    { numRuns: 400 },
  );
});

test('pruning drops each unreadable version exactly once, and nothing readable', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const dropped = new Set<V>();
      const store = open(dropped);
      const written: V[] = [];
      for (const a of actions) {
        if (a.kind === 'txn') {
          for (const [key, value] of a.writes) {
            write(store, key, value);
            const newest = store.cell(key)!.newest!;
            if (!newest.deleted) written.push(newest);
          }
          store.commit();
        } else if (a.kind === 'compact') store.compact(store.revision - a.back);
        else if (a.kind === 'prune') store.prune(a.budget);
      }
      while (store.prune(3)) {}
      const kept = new Set<V>();
      for (let place = store.log.first; place < store.log.end; place++) kept.add(store.log.at(place));
      for (const key of keys) {
        for (let v = store.cell(key)?.newest; v !== undefined; v = v.previous) kept.add(v);
      }
      for (const v of written) expect([v, dropped.has(v)]).toEqual([v, !kept.has(v)]);
    }),
    { numRuns: 400 },
  );
});

test('a frozen store does not change while the other one writes, compacts and prunes', () => {
  const store = open(new Set());
  for (const [i, key] of ['a', 'b', 'a', 'c'].entries()) {
    write(store, key, i);
    store.commit();
  }
  store.compact(3);
  const frozen = store.freeze();
  for (const key of ['a', 'b', 'd']) {
    write(store, key, undefined);
    store.commit();
  }
  store.compact(7);
  expect(store.prune(100)).toBe(false);
  expect([...frozen.base()].map((v) => `${v?.cell.key}${v?.value}`)).toEqual(['a0']);
  expect([...frozen.changes()].map((v) => `${v.cell.key}${v.value}@${v.revision}`)).toEqual(['b1@3', 'a2@4', 'c3@5']);
  frozen.release();
  store.prune(100);
  expect(store.log.size).toBe(2);
});

test('looking for what lies behind a long history is interrupted again and again', () => {
  const store = open(new Set());
  const put = (key: string, times: number): void => {
    for (let i = 0; i < times; i++) {
      write(store, key, i);
      store.commit();
    }
  };
  put('a', 1);
  put('b', 1);
  store.compact(store.revision);
  put('a', 20_000);
  for (let i = 0; i < 20_000; i++) put(`c${i}`, 1);
  const found = [...store.freeze().base()];
  expect(found.filter((v) => v !== undefined).map((v) => `${v.cell.key}${v.value}`)).toEqual(['a0']);
  // 20,000 versions of one key, then 20,000 keys with a version each.
  const before = found.findIndex((v) => v !== undefined);
  expect(before).toBe(4);
  expect(found.length - 1 - before).toBe(10);
});

test('nothing lies behind a history that was never compacted, and nobody looks for it', () => {
  const store = open(new Set());
  for (let i = 0; i < 10_000; i++) {
    write(store, 'a', i);
    store.commit();
  }
  expect([...store.freeze().base()]).toEqual([]);
});
