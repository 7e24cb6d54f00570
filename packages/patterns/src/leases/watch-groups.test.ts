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
