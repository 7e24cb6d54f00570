import type { WatchBatch } from '@quorate/cluster/client';
import type { WatchEvent } from '@quorate/cluster/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { bytes, HandMade, keyValue } from './hand-made.fixture.ts';
import { WatchCheck, type Watched } from './watch-check.ts';

const ALL: Watched = { name: 'w1', from: 'k', to: 'l', previous: false, without: undefined };

const put = (...kv: Parameters<typeof keyValue>): WatchEvent => ({ type: 'put', kv: keyValue(...kv) });
const gone = (key: string, revision: number): WatchEvent => ({
  type: 'delete',
  kv: { key: bytes(key), value: bytes(''), createRevision: 0, modRevision: revision, version: 0, lease: 0 },
});
const batch = (revision: number, ...events: readonly WatchEvent[]): WatchBatch => ({ revision, events }) as WatchBatch;

describe('a watcher from revision 2 on', () => {
  let history: HandMade;
  const watch = (watched: Partial<Watched> = {}, next = 2): WatchCheck =>
    new WatchCheck(history.reference, history.violations, { ...ALL, ...watched }, next);
  /** The changes that are made: k0 at 2 and again at 3, another key at 4, k0 deleted at 5. */
  const FIRST = put('k0', 1, 2);
  const SECOND = put('k0', 2, 2, 3, 2);
  const LAST = gone('k0', 5);

  beforeEach(() => {
    history = new HandMade();
    history.put('k0', 1);
    history.put('k0', 2);
    history.put('other', 3);
    history.commit({ kind: 'delete-range', key: bytes('k0') });
  });

  test('hears every change of its keys, in order, in any batches', () => {
    const check = watch();
    check.seen(batch(2, FIRST));
    check.seen(batch(4, SECOND));
    expect(check.outstanding).toBe(1);
    check.seen(batch(5, LAST));
    expect(check.outstanding).toBe(0);
    expect(history.found).toEqual([]);
  });

  test.each([
    ['miss a change', [batch(3, SECOND)]],
    ['miss one between two batches', [batch(2, FIRST), batch(5, LAST)]],
    ['hear one twice', [batch(3, FIRST, FIRST, SECOND)]],
    ['hear one again', [batch(2, FIRST), batch(3, FIRST, SECOND)]],
    ['hear them out of order', [batch(3, SECOND, FIRST)]],
    ['hear another value', [batch(2, put('k0', 9, 2))]],
    ['hear of other keys', [batch(4, FIRST, SECOND, put('other', 3, 4))]],
    ['be told that all was said when it was not', [batch(5)]],
    ['hear of what is not committed', [batch(6, FIRST, SECOND, LAST)]],
  ] as const)('must not %s', (_what, batches) => {
    const check = watch();
    for (const each of batches) check.seen(each);
    expect(history.found).toEqual(['watch']);
  });

  test('hears what was there before when it asks for it', () => {
    const check = watch({ previous: true });
    check.seen(batch(3, FIRST, { ...SECOND, prevKv: keyValue('k0', 1, 2) }));
    expect(history.found).toEqual([]);
    check.seen(batch(5, { ...LAST, prevKv: keyValue('k0', 1, 2) }));
    expect(history.found).toEqual(['watch']);
  });

  test('may miss what was there before only once it is compacted', () => {
    const early = watch({ previous: true });
    early.seen(batch(3, FIRST, SECOND));
    expect(history.found).toEqual(['watch']);
    const late = new HandMade();
    late.put('k0', 1);
    late.put('k0', 2);
    late.commit({ kind: 'compact', revision: 3 });
    new WatchCheck(late.reference, late.violations, { ...ALL, previous: true }, 2).seen(batch(3, FIRST, SECOND));
    expect(late.found).toEqual([]);
  });

  test('hears no deletions when it wants none', () => {
    const check = watch({ without: 'deletes' });
    check.seen(batch(5, FIRST, SECOND));
    expect(history.found).toEqual([]);
    watch({ without: 'puts' }).seen(batch(5, FIRST, SECOND, LAST));
    expect(history.found).toEqual(['watch']);
  });

  test('is told that its history is compacted when that is so', () => {
    history.commit({ kind: 'compact', revision: 4 });
    watch().compacted(2, 5);
    expect(history.found).toEqual([]);
  });

  test.each([
    ['nothing is compacted', 2, 3],
    ['what it asks for is there', 5, 5],
  ])('must not be told so when %s', (_why, requested, available) => {
    if (requested === 5) history.commit({ kind: 'compact', revision: 4 });
    watch().compacted(requested, available);
    expect(history.found).toEqual(['watch']);
  });
});
