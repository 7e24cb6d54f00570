import { describe, expect, test } from 'vitest';
import { Cell, SortedArrayMap, type Version, VersionedStore, versionAt, versionBefore } from './index.ts';

interface Note extends Version<string, Note> {
  readonly text: string;
}

/** Writes, each as a transaction of its own; undefined deletes. */
function written(...writes: readonly (readonly [string, string | undefined])[]): VersionedStore<string, Note> {
  const store = new VersionedStore<string, Note>(new SortedArrayMap());
  for (const [key, text] of writes) {
    put(store, key, text);
    store.commit();
  }
  return store;
}

function put(store: VersionedStore<string, Note>, key: string, text: string | undefined): Note {
  const cell = store.cellFor(key);
  const note: Note = {
    cell,
    revision: store.revision + 1,
    deleted: text === undefined,
    previous: cell.newest,
    text: text ?? '',
  };
  store.write(note);
  return note;
}

describe('a versioned value (Reed 1978)', () => {
  test('is read as it was at any revision, and is not there before its first and after its deletion', () => {
    const store = written(['a', 'one'], ['b', '-'], ['a', 'two'], ['a', undefined], ['a', 'three']);
    expect([1, 2, 3, 4, 5, 6].map((revision) => store.at('a', revision)?.text)).toEqual([
      undefined,
      'one',
      'one',
      'two',
      undefined,
      'three',
    ]);
    expect(versionAt<string, Note>(new Cell('never'), 6)).toBeUndefined();
  });
  test('a reader of an old revision is not disturbed by what is written meanwhile', () => {
    const store = written(['a', 'old'], ['b', 'old']);
    const { revision } = store;
    put(store, 'a', 'new');
    store.commit();
    const seen: string[] = [];
    store.scan('a', undefined, revision, ({ cell, text }) => seen.push(`${cell.key} ${text}`) > 0);
    expect(seen).toEqual(['a old', 'b old']);
  });
  test('all writes of a transaction are one revision, and are seen together', () => {
    const store = written(['a', '1']);
    put(store, 'a', '2');
    put(store, 'b', '2');
    expect([store.readRevision, store.at('b')?.text, store.at('a', store.revision)?.text]).toEqual([3, '2', '1']);
    expect([store.commit(), store.revision, store.commit()]).toEqual([true, 3, false]);
  });
  test('what was replaced is the version before the revision, not one that nobody saw', () => {
    const store = written(['a', 'before']);
    put(store, 'a', 'never seen');
    const last = put(store, 'a', 'after');
    store.commit();
    expect(versionBefore<string, Note>(last)?.text).toBe('before');
    const first = store.at('a', 2)!;
    expect(versionBefore<string, Note>(first)).toBeUndefined();
  });
  test('what was compacted cannot be asked for; what is in force there can', () => {
    const store = written(['a', 'one'], ['a', 'two'], ['b', 'three']);
    expect([store.compact(3), store.compact(3), store.compact(9)]).toEqual(['done', 'compacted', 'future']);
    while (store.prune(1)) {}
    expect([store.at('a', 3)?.text, store.at('b', 3), store.at('b')?.text]).toEqual(['two', undefined, 'three']);
    expect(store.at('a', 3)?.previous).toBeUndefined();
  });
  test('a version that does not follow on the newest, or carries another revision, is a defect of its writer', () => {
    const store = written(['a', 'one']);
    const cell = store.cellFor('a');
    expect(() => store.write({ cell, revision: 3, deleted: false, previous: undefined, text: '' })).toThrow(
      /follow on/,
    );
    expect(() => store.write({ cell, revision: 9, deleted: false, previous: cell.newest, text: '' })).toThrow(/coming/);
    put(store, 'b', '');
    expect(() => store.compact(2)).toThrow(/middle of a transaction/);
  });
});
