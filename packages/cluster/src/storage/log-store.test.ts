import { NodeId } from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import { entries, entry, mark, openTestLog, persisted, request, testEnv } from './storage.fixture.ts';
import { GroupId, type LogStore } from './types.ts';

const core = GroupId.of(0);

async function reopened(store: LogStore, env: ReturnType<typeof testEnv>): Promise<LogStore> {
  await store.close();
  return openTestLog(env);
}

describe('what is durable', () => {
  test('a new log has nothing to recover', async () => {
    const store = await openTestLog(testEnv());
    expect(store.recovered.size).toBe(0);
    await store.close();
  });

  test('entries, term, vote and commit index are found again', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(store, request(0, { entries: entries(1, 5, 1), term: 1, vote: 2, commit: 3 }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)).toEqual({
      state: { term: 1, vote: NodeId.of(2) },
      entries: entries(1, 5, 1),
      commit: 3,
      damage: undefined,
    });
  });

  test('all kinds of entries are found again, with terms that change between them', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    const { configuration } = mark(0, 0);
    const all = [
      entry(1, 1),
      { kind: 'empty', index: 2, term: 3 } as const,
      { kind: 'configuration', index: 3, term: 3, configuration } as const,
      entry(4, 7, 100_000),
      entry(5, 7, 0),
    ];
    await persisted(store, request(0, { entries: all }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)?.entries).toEqual(all);
  });

  test('later entries replace those from the same index on', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(store, request(0, { entries: entries(1, 5, 1) }));
    await persisted(store, request(0, { entries: entries(3, 4, 2) }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)?.entries).toEqual([...entries(1, 2, 1), ...entries(3, 4, 2)]);
  });

  test('a restart voids the log before it', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(store, request(0, { entries: entries(1, 5, 1) }));
    await persisted(store, request(0, { restart: mark(100, 4), entries: entries(101, 102, 4), term: 4 }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)).toMatchObject({
      entries: entries(101, 102, 4),
      state: { term: 4 },
      damage: undefined,
    });
  });

  test('a restart voids entries behind it too: they belong to another past', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(store, request(0, { entries: entries(1, 9, 1) }));
    await persisted(store, request(0, { restart: mark(5, 4), term: 4 }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)).toMatchObject({ entries: [], damage: undefined });
    await persisted(store, request(0, { entries: entries(6, 7, 4) }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(6, 7, 4), damage: undefined });
  });

  test('groups share the log and do not mix', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(
      store,
      request(0, { entries: entries(1, 2, 1) }),
      request(9, { entries: entries(1, 3, 5), term: 5 }),
    );
    await persisted(store, request(9, { entries: entries(4, 4, 5) }));
    store = await reopened(store, env);
    expect(store.recovered.get(core)?.entries).toEqual(entries(1, 2, 1));
    expect(store.recovered.get(GroupId.of(9))?.entries).toEqual(entries(1, 4, 5));
  });
});

describe('batches', () => {
  test('what is queued in one turn is one write, and is answered in order', async () => {
    const env = testEnv();
    const store = await openTestLog(env, { zeroAheadBytes: 0 });
    const before = (env.disk as unknown as { operations: number }).operations;
    const answered: number[] = [];
    for (let i = 1; i <= 50; i++) store.persist([request(0, { entries: entries(i, i, 1) })], () => answered.push(i));
    await persisted(store, request(0, { commit: 50 }));
    expect(answered).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    // A durable write is a write and a sync.
    expect((env.disk as unknown as { operations: number }).operations - before).toBe(2);
  });
});

describe('segments', () => {
  test('a full segment is followed by the next, and all of them are read', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    for (let i = 1; i <= 60; i++) await persisted(store, request(0, { entries: [entry(i, 1, 900)], commit: i }));
    expect((await env.disk.list('/data/log')).length).toBeGreaterThan(4);
    store = await reopened(store, env);
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(1, 60, 1, 900), commit: 60, damage: undefined });
  });

  test('released segments are freed, and their absence is no damage', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    await persisted(store, request(3, { term: 9, vote: 4 }));
    for (let i = 1; i <= 60; i++) await persisted(store, request(0, { entries: [entry(i, 1, 900)], commit: i }));
    const before = store.sizeBytes;
    store.release(core, 55);
    await persisted(store, request(0, { commit: 60 }));
    store = await reopened(store, env);
    expect((await env.disk.list('/data/log')).length).toBeLessThan(4);
    expect(store.sizeBytes).toBeLessThan(before / 3);
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(56, 60, 1, 900), damage: undefined });
    expect(store.recovered.get(GroupId.of(3))).toMatchObject({ state: { term: 9, vote: 4 }, damage: undefined });
  });

  test('releasing for a group that was never written does not make it one', async () => {
    const env = testEnv();
    let store = await openTestLog(env);
    store.release(GroupId.of(5), 3);
    for (let i = 1; i <= 30; i++) await persisted(store, request(0, { entries: [entry(i, 1, 900)], commit: i }));
    store = await reopened(store, env);
    expect([...store.recovered.keys()]).toEqual([0]);
  });

  test('a group that releases nothing keeps the segments, and is named', async () => {
    const env = testEnv();
    const store = await openTestLog(env);
    await persisted(store, request(3, { entries: entries(1, 1, 1) }));
    for (let i = 1; i <= 30; i++) await persisted(store, request(0, { entries: [entry(i, 1, 900)], commit: i }));
    store.release(core, 30);
    await persisted(store, request(0, { commit: 30 }));
    expect(store.holders).toEqual([3]);
    store.release(GroupId.of(3), 1);
    await persisted(store, request(0, { commit: 30 }));
    expect(store.holders).toEqual([]);
    await store.close();
  });
});
