/** What etcd's clients rely on and implementers get wrong; each checked against etcd 3.4.23 as well. */
import { describe, expect, test } from 'vitest';
import { errorText } from '../messages.ts';
import { Bench, bytes, del, put, txn } from './machine.fixture.ts';

describe('watches', () => {
  test('created comes first, and nothing comes within the call', () => {
    const bench = new Bench();
    const ear = bench.watch('a');
    bench.put('a', '1');
    expect(ear.heard).toEqual([]);
    bench.flush();
    expect(ear.kinds).toEqual(['created', 'events']);
    expect(ear.heard[0]).toEqual({ kind: 'created', revision: 2 });
  });

  test('without a start it begins with the revision after the present one', () => {
    const bench = new Bench();
    bench.put('a', '1');
    const ear = bench.watch('a');
    bench.put('a', '2');
    bench.flush();
    expect(ear.events).toEqual(['put a=2@3']);
  });

  test('a start in the future is allowed, and nothing older is delivered', () => {
    const bench = new Bench();
    const ear = bench.watch('a', undefined, { startRevision: 4 });
    for (const value of ['1', '2', '3', '4']) {
      bench.put('a', value);
      bench.flush();
    }
    expect(ear.events).toEqual(['put a=3@4', 'put a=4@5']);
  });

  test('a start that is compacted gives created, then canceled with the first revision that can be had', () => {
    const bench = new Bench();
    for (const value of ['1', '2', '3']) bench.put('a', value);
    bench.do({ kind: 'compact', revision: 3 });
    const ear = bench.watch('a', undefined, { startRevision: 2 });
    bench.flush();
    expect(ear.heard).toEqual([
      { kind: 'created', revision: 4 },
      { kind: 'canceled', revision: 4, reason: errorText('compacted'), compactRevision: 3 },
    ]);
    const retry = bench.watch('a', undefined, { startRevision: 3 });
    bench.flush();
    expect(retry.events).toEqual(['put a=2@3', 'put a=3@4']);
  });

  test('a delete at the compact revision is not lost', async () => {
    const bench = new Bench();
    bench.put('a', '1');
    bench.do(del('a'));
    bench.do({ kind: 'compact', revision: 3 });
    bench.flush();
    const ear = bench.watch('a', undefined, { startRevision: 3 });
    bench.flush();
    expect(ear.events).toEqual(['delete a@3']);
    const restored = new Bench();
    await restored.restore(await bench.snapshot());
    const again = restored.watch('a', undefined, { startRevision: 3 });
    restored.flush();
    expect(again.events).toEqual(['delete a@3']);
  });

  test('all events of one revision come in one message, in the order in which they happened', () => {
    const bench = new Bench();
    bench.put('b');
    const ear = bench.watch('\u0000', '\u0000');
    bench.txn(txn([], [put('c'), del('b'), put('a')]));
    bench.flush();
    expect(ear.kinds).toEqual(['created', 'events']);
    expect(ear.events).toEqual(['put c=@3', 'delete b@3', 'put a=@3']);
  });

  test('a delete event has the key and its revision, and nothing else', () => {
    const bench = new Bench();
    bench.put('a', '1');
    const ear = bench.watch('a');
    bench.do(del('a'));
    bench.flush();
    expect(ear.heard[1]).toEqual({
      kind: 'events',
      revision: 3,
      events: [
        {
          type: 'delete',
          kv: { key: bytes('a'), value: bytes(''), createRevision: 0, modRevision: 3, version: 0, lease: 0 },
          prevKv: undefined,
        },
      ],
    });
  });

  test('prevKv is what was there just before the revision, and is absent when that is compacted', () => {
    const bench = new Bench();
    bench.put('a', '1');
    bench.put('a', '2');
    bench.put('a', '3');
    bench.do(del('a'));
    bench.do({ kind: 'compact', revision: 3 });
    for (const flushedFirst of [false, true]) {
      if (flushedFirst) bench.flush();
      const ear = bench.watch('a', undefined, { startRevision: 3, prevKv: true });
      bench.flush();
      expect(ear.events.slice(1)).toEqual(['put a=3@4 (was a=2@3)', 'delete a@5 (was a=3@4)']);
      if (flushedFirst) expect(ear.events[0]).toBe('put a=2@3');
    }
  });

  test('prevKv does not depend on how far memory has been freed', async () => {
    const bench = new Bench();
    bench.put('a', '1');
    bench.put('a', '2');
    const snapshot = bench.machine.snapshot()[Symbol.asyncIterator]();
    await snapshot.next();
    bench.do({ kind: 'compact', revision: 3 });
    bench.flush();
    const ear = bench.watch('a', undefined, { startRevision: 3, prevKv: true });
    bench.flush();
    expect(ear.events).toEqual(['put a=2@3']);
    await snapshot.return?.();
  });

  test('filters leave out puts, deletes, or both', () => {
    const bench = new Bench();
    const ears = [
      bench.watch('a', undefined, { withoutPuts: true }),
      bench.watch('a', undefined, { withoutDeletes: true }),
      bench.watch('a', undefined, { withoutPuts: true, withoutDeletes: true }),
    ];
    bench.put('a');
    bench.do(del('a'));
    bench.flush();
    expect(ears.map((ear) => ear.events.join())).toEqual(['delete a@3', 'put a=@2', '']);
    expect(ears[2]!.kinds).toEqual(['created']);
  });

  test('progress is answered only when everything up to then has been delivered', () => {
    const bench = new Bench();
    const ear = bench.watch('a');
    bench.put('a');
    ear.handle.requestProgress();
    bench.flush();
    expect(ear.kinds).toEqual(['created', 'events', 'progress']);
    expect(ear.heard[2]).toEqual({ kind: 'progress', revision: 2 });
    ear.handle.pause();
    ear.handle.requestProgress();
    bench.put('a');
    bench.flush();
    expect(ear.kinds.length).toBe(3);
    ear.handle.resume();
    bench.flush();
    expect(ear.kinds.slice(3)).toEqual(['events', 'progress']);
  });

  test('a paused watcher loses nothing, whatever happens meanwhile', () => {
    const bench = new Bench();
    const ear = bench.watch('a', 'c', { prevKv: true });
    bench.put('a', '1');
    bench.flush();
    ear.handle.pause();
    for (let i = 0; i < 5000; i++) bench.put(i % 2 === 0 ? 'b' : 'x', `${i}`);
    bench.flush();
    expect(ear.events.length).toBe(1);
    expect(ear.handle.revision).toBe(2);
    ear.handle.resume();
    bench.flush();
    expect(ear.events.length).toBe(2501);
    expect(ear.events.at(-1)).toBe('put b=4998@5001 (was b=4996@4999)');
    expect(ear.handle.revision).toBe(5002);
  });

  test('a watch of an empty range is created and canceled', () => {
    const bench = new Bench();
    const ear = bench.watch('c', 'b');
    bench.flush();
    expect(ear.heard[1]).toMatchObject({ kind: 'canceled', reason: 'mvcc: watcher range is empty' });
  });

  test('a canceled handle hears nothing more', () => {
    const bench = new Bench();
    const ear = bench.watch('a');
    bench.flush();
    bench.put('a');
    ear.handle[Symbol.dispose]();
    bench.flush();
    expect(ear.kinds).toEqual(['created']);
    expect(bench.machine.watcherCount).toBe(0);
  });

  test('the machine asks to be woken when a watch has something to hear though nothing is applied', () => {
    let woken = 0;
    const bench = new Bench({ wake: () => (woken += 1) });
    const ear = bench.watch('a');
    ear.handle.requestProgress();
    ear.handle.pause();
    ear.handle.resume();
    expect(woken).toBe(3);
  });
});
