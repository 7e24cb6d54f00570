import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RevisionLog, StateWatch, type Watcher, type WatchNotice, type WatchRange } from './index.ts';

interface Change {
  readonly revision: number;
  readonly key: string;
  readonly nth: number;
}

class Source {
  revision = 1;
  compactRevision = -1;
  log: RevisionLog<Change> = new RevisionLog<Change>();
  readonly all: Change[] = [];

  commit(...keys: string[]): void {
    if (keys.length === 0) return;
    this.revision += 1;
    for (const [nth, key] of keys.entries()) {
      const change = { revision: this.revision, key, nth };
      this.log.append(change);
      this.all.push(change);
    }
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision || revision > this.revision) return;
    this.compactRevision = revision;
  }

  /** Forgetting may come later than compaction, but not before what happened has been told. */
  forget(): void {
    this.log.dropBefore(this.log.seek(this.compactRevision));
  }
}

const single = (key: string): WatchRange => ({ low: key, high: undefined, single: true });
const range = (low: string, high?: string): WatchRange => ({ low, high, single: false });
const inRange = (r: WatchRange, key: string): boolean =>
  r.single ? key === r.low : key >= r.low && (r.high === undefined || key < r.high);

/** A watcher with all that it heard. */
class Ear {
  readonly heard: WatchNotice<Change>[] = [];
  readonly from: number;
  readonly range: WatchRange;
  readonly watcher: Watcher<Change>;
  onNotice: () => void = () => {};
  asked = 0;
  constructor(hub: StateWatch<Change>, source: Source, r: WatchRange, from: number) {
    this.range = r;
    this.from = from <= 0 ? source.revision + 1 : from;
    this.watcher = hub.watch(r, from, (notice) => {
      this.heard.push(notice);
      this.onNotice();
    });
  }
  get events(): Change[] {
    return this.heard.flatMap((n) => (n.kind === 'events' ? n.events : []));
  }
  get kinds(): string[] {
    return this.heard.map((n) => n.kind);
  }
  get canceled(): boolean {
    return this.heard.at(-1)?.kind === 'canceled';
  }
}

const hubOf = (source: Source, noticeEventsMax = 1024): StateWatch<Change> =>
  new StateWatch<Change>(source, { keyOf: (change) => change.key, noticeEventsMax });

describe('a state watch', () => {
  test('says created first, later and never inside the call', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ear = new Ear(hub, source, single('a'), 0);
    expect(ear.heard).toEqual([]);
    source.commit('a');
    hub.flush();
    expect(ear.kinds).toEqual(['created', 'events']);
  });

  test('from 0 means from the revision after the present one', () => {
    const source = new Source();
    source.commit('a');
    const hub = hubOf(source);
    const ear = new Ear(hub, source, single('a'), 0);
    source.commit('a');
    hub.flush();
    expect(ear.events.map((e) => e.revision)).toEqual([3]);
  });

  test('a watch from a revision to come hears nothing older', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ear = new Ear(hub, source, range(''), 4);
    for (let i = 0; i < 4; i++) {
      source.commit('a');
      hub.flush();
    }
    expect(ear.events.map((e) => e.revision)).toEqual([4, 5]);
  });

  test('a watch from the compact revision itself hears what happened at it', () => {
    const source = new Source();
    source.commit('a');
    source.commit('b');
    source.compact(3);
    source.forget();
    const hub = hubOf(source);
    const ear = new Ear(hub, source, range(''), 3);
    hub.flush();
    expect(ear.events.map((e) => e.revision)).toEqual([3]);
  });

  test('a watch from below the compact revision is created, then canceled', () => {
    const source = new Source();
    source.commit('a');
    source.commit('b');
    source.compact(3);
    const hub = hubOf(source);
    const ear = new Ear(hub, source, range(''), 2);
    hub.flush();
    expect(ear.heard).toEqual([
      { kind: 'created', revision: 3 },
      { kind: 'canceled', revision: 3, why: 'compacted' },
    ]);
    expect(hub.size).toBe(0);
  });

  test('progress waits until everything up to then has been told', () => {
    const source = new Source();
    for (let i = 0; i < 10; i++) source.commit('a');
    const hub = hubOf(source, 2);
    const ear = new Ear(hub, source, single('a'), 2);
    ear.watcher.requestProgress();
    expect(hub.flush(2)).toBe(true);
    expect(ear.kinds).toEqual(['created', 'events']);
    while (hub.flush(2)) {}
    expect(ear.heard.at(-1)).toEqual({ kind: 'progress', revision: 11 });
    expect(ear.events.length).toBe(10);
  });

  test('a paused watcher that is compacted over is told so when it resumes', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ear = new Ear(hub, source, single('a'), 0);
    hub.flush();
    ear.watcher.pause();
    source.commit('a');
    source.commit('a');
    hub.flush();
    source.compact(3);
    source.forget();
    hub.flush();
    expect(ear.kinds).toEqual(['created']);
    ear.watcher.resume();
    hub.flush();
    expect(ear.kinds).toEqual(['created', 'canceled']);
  });

  test('watchers of one range are given the very same notice', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ears = [1, 2, 3].map(() => new Ear(hub, source, range('a', 'c'), 0));
    hub.flush();
    source.commit('b');
    hub.flush();
    expect(new Set(ears.map((ear) => ear.heard[1])).size).toBe(1);
  });

  test('a watch of an empty range is created and canceled', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ear = new Ear(hub, source, range('b', 'b'), 0);
    hub.flush();
    expect(ear.heard.at(-1)).toEqual({ kind: 'canceled', revision: 1, why: 'empty-range' });
  });

  test('one watcher too many is created and canceled', () => {
    const source = new Source();
    const hub = new StateWatch<Change>(source, { keyOf: (c) => c.key, watchersMax: 1 });
    new Ear(hub, source, single('a'), 0);
    hub.flush();
    const second = new Ear(hub, source, single('a'), 0);
    hub.flush();
    expect(second.heard.at(-1)).toEqual({ kind: 'canceled', revision: 1, why: 'too-many-watchers' });
  });

  test('watchers may pause, resume and cancel themselves and each other while they are told', () => {
    const source = new Source();
    const hub = hubOf(source);
    const ears = [0, 1, 2, 3, 4].map(() => new Ear(hub, source, single('a'), 0));
    hub.flush();
    for (const [i, ear] of ears.entries()) {
      ear.onNotice = () => {
        ears[(i + 1) % 5]!.watcher.pause();
        ears[(i + 1) % 5]!.watcher.resume();
        ears[(i + 2) % 5]!.watcher.pause();
        if (i === 0) ears[3]!.watcher.cancel();
      };
    }
    source.commit('a');
    source.commit('a');
    while (hub.flush()) {}
    for (const ear of ears) ear.watcher.resume();
    while (hub.flush()) {}
    for (const ear of ears) ear.watcher.resume();
    while (hub.flush()) {}
    for (const [i, ear] of ears.entries()) {
      if (i !== 3) expect(ear.events.map((e) => e.revision)).toEqual([2, 3]);
    }
  });
});

const keys = ['a', 'b', 'ba', 'c'];
const ranges = [single('a'), single('ba'), range(''), range('b', 'c'), range('a', 'b'), range('b')];
const which = fc.nat(7);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      keys: fc.array(fc.constantFrom(...keys), { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('watch' as const), range: fc.constantFrom(...ranges), from: fc.nat(25) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('flush' as const), budget: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'resume' as const, 'cancel' as const, 'progress' as const),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'rebase' as const }) },
);

/** What must have been heard so far, given how far the watcher says it has been told. */
function checkEar(ear: Ear, source: Source): void {
  const { events, heard } = ear;
  if (heard.length > 0) expect(heard[0]!.kind).toBe('created');
  const expected = source.all.filter((c) => c.revision >= ear.from && inRange(ear.range, c.key));
  expect(events).toEqual(expected.slice(0, events.length));
  if (!ear.canceled) {
    expect(events.length).toBe(expected.filter((c) => c.revision <= ear.watcher.revision).length);
  }
  for (const [i, notice] of heard.entries()) {
    if (notice.kind === 'canceled') expect(i).toBe(heard.length - 1);
    if (notice.kind !== 'progress' && notice.kind !== 'events') continue;
    const before = heard.slice(0, i + 1).flatMap((n) => (n.kind === 'events' ? n.events : []));
    expect(before).toEqual(expected.filter((c) => c.revision <= notice.revision));
  }
}

test('every watcher hears every change of its range from its start, once, in order, whole revisions at a time, or is told that it cannot', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const source = new Source();
      const hub = hubOf(source, 2);
      const ears: Ear[] = [];
      let current: Source = source;
      for (const a of actions) {
        if (a.kind === 'commit') current.commit(...a.keys);
        else if (a.kind === 'watch') ears.push(new Ear(hub, current, a.range, a.from));
        else if (a.kind === 'compact') current.compact(current.revision - a.back);
        else if (a.kind === 'flush') {
          hub.flush(a.budget);
          current.forget();
        } else if (a.kind === 'rebase') {
          const next = new Source();
          Object.assign(next, { revision: current.revision, compactRevision: current.compactRevision });
          next.all.push(...current.all);
          for (const c of current.all) if (c.revision >= current.compactRevision) next.log.append(c);
          current = next;
          hub.rebase(next);
        } else {
          const ear = ears[a.which];
          if (ear === undefined) continue;
          if (a.kind === 'progress') ear.watcher.requestProgress();
          else ear.watcher[a.kind]();
        }
        for (const ear of ears) checkEar(ear, current);
      }
      for (const ear of ears) ear.watcher.resume();
      while (hub.flush()) {}
      for (const ear of ears) {
        checkEar(ear, current);
        if (ear.watcher.state === 'canceled') continue;
        expect(ear.watcher.revision).toBeGreaterThanOrEqual(current.revision);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a thousand watchers of one key cost one gathering of the changes', () => {
  const source = new Source();
  let asked = 0;
  const hub = new StateWatch<Change>(source, {
    keyOf: (c) => {
      asked += 1;
      return c.key;
    },
  });
  let told = 0;
  for (let i = 0; i < 1000; i++) {
    hub.watch(single('a'), 0, (notice) => {
      if (notice.kind === 'events') told += 1;
    });
  }
  hub.flush(100_000);
  asked = 0;
  source.commit('a');
  hub.flush();
  expect([told, asked]).toEqual([1000, 1]);
});
