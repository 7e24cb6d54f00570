import { expect, test } from 'vitest';
import { RevisionLog, StateWatch, type WatchNotice } from './index.ts';

interface Change {
  readonly key: string;
  readonly revision: number;
}

test('ranges of any characters are told apart: one that ends at Ā from one without an end, and others that read alike', () => {
  const log = new RevisionLog<Change>();
  const source = { revision: 0, compactRevision: 0, log };
  const watch = new StateWatch<Change>(source, { keyOf: ({ key }) => key });
  const heard = (low: string, high: string | undefined): string[] => {
    const keys: string[] = [];
    watch.watch({ low, high, single: false }, 0, (notice: WatchNotice<Change>) => {
      if (notice.kind === 'events') keys.push(...notice.events.map(({ key }) => key));
    });
    return keys;
  };
  const [toEnd, toA, alike, other] = [heard('a', undefined), heard('a', 'Ā'), heard('b', 'cĀd'), heard('bĀc', 'd')];
  watch.flush();
  for (const key of ['az', 'bĀa', 'cĀe', 'Āz']) {
    source.revision += 1;
    log.append({ key, revision: source.revision });
  }
  watch.flush();
  expect(toEnd).toEqual(['az', 'bĀa', 'cĀe', 'Āz']);
  expect(toA).toEqual(['az', 'bĀa', 'cĀe']);
  expect(alike).toEqual(['bĀa']);
  expect(other).toEqual(['cĀe']);
  expect(() => new StateWatch<Change>(source, { keyOf: ({ key }) => key, noticeEventsMax: 0 })).toThrow(
    /noticeEventsMax must be >= 1/,
  );
});

test('a watcher that throws hears no more, and costs no other what it would have heard', () => {
  const log = new RevisionLog<Change>();
  const source = { revision: 0, compactRevision: 0, log };
  const watch = new StateWatch<Change>(source, { keyOf: ({ key }) => key });
  const heard: string[] = [];
  const listen = (name: string, key: string, throwsAt: number) =>
    watch.watch({ low: key, high: undefined, single: true }, 0, (notice: WatchNotice<Change>) => {
      if (notice.kind !== 'events') return;
      heard.push(`${name}${notice.revision}`);
      if (notice.revision === throwsAt) throw new Error(`${name} failed`);
    });
  const watchers = [listen('a', 'x', 1), listen('b', 'x', 0), listen('c', 'y', 1), listen('d', 'z', 0)];
  const change = (...keys: string[]): void => {
    source.revision += 1;
    for (const key of keys) log.append({ key, revision: source.revision });
  };
  watch.flush();
  change('x', 'y', 'z');
  expect(() => watch.flush()).toThrow('several watchers threw');
  expect([...heard].sort()).toEqual(['a1', 'b1', 'c1', 'd1']);
  change('x', 'y', 'z');
  watch.flush();
  expect(heard.slice(4).sort()).toEqual(['b2', 'd2']);
  expect([watch.size, watchers.map(({ state }) => state)]).toEqual([2, ['canceled', 'synced', 'canceled', 'synced']]);
});

test('what one watcher throws while it catches up is thrown as it is', () => {
  const log = new RevisionLog<Change>();
  const source = { revision: 1, compactRevision: 0, log };
  log.append({ key: 'x', revision: 1 });
  const watch = new StateWatch<Change>(source, { keyOf: ({ key }) => key });
  const failure = new Error('not now');
  const fail = (kind: string) => (notice: WatchNotice<Change>) => {
    if (notice.kind === kind) throw failure;
  };
  watch.watch({ low: 'x', high: undefined, single: true }, 1, fail('events'));
  expect(() => watch.flush()).toThrow(failure);
  watch.watch({ low: 'x', high: undefined, single: true }, 1, fail('created'));
  expect(() => watch.flush()).toThrow(failure);
  expect([watch.size, watch.flush()]).toEqual([0, false]);
});
