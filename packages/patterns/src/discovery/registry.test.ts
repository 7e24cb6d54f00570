import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import type { Watcher, WatchNotice } from '../leases/index.ts';
import {
  CatalogCopy,
  type EndpointChanges,
  Endpoints,
  followInstances,
  type InstanceChange,
  NO_SLOT,
  OutlierDetector,
  type Registration,
  registrationFault,
  ServiceRegistry,
  type ServiceRegistryEffect,
  type ServiceRegistryInput,
  type ServiceRegistryOptions,
  selectInstances,
} from './index.ts';

const at = Instant.of;
const web = (id: string, more: Partial<Registration> = {}): Registration => ({
  service: 'web',
  id,
  addresses: ['10.0.0.1'],
  ports: [{ protocol: 'tcp', port: 80 }],
  ttlMs: 10_000,
  ...more,
});

class Bench {
  readonly registry: ServiceRegistry;
  constructor(options: ServiceRegistryOptions = {}) {
    this.registry = new ServiceRegistry(options);
  }
  at(ms: number, input: ServiceRegistryInput): ServiceRegistryEffect[] {
    const out: ServiceRegistryEffect[] = [];
    this.registry.step(input, at(ms), out);
    return out;
  }
  register(ms: number, ...ids: string[]): void {
    for (const id of ids) this.at(ms, { kind: 'register', registration: web(id) });
  }
  tick(ms: number): string[] {
    return this.at(ms, { kind: 'tick' }).map((effect) => ('id' in effect ? `${effect.kind} ${effect.id}` : effect));
  }
  status(id: string): string | undefined {
    return this.registry.catalog.get('web', id)?.status;
  }
  /** Everything that a watcher hears, and the watcher. */
  watch(
    service: string | undefined,
    from: number,
  ): { heard: WatchNotice<InstanceChange>[]; watcher: Watcher<InstanceChange> } {
    const heard: WatchNotice<InstanceChange>[] = [];
    return { heard, watcher: this.registry.watch(service, from, (notice) => heard.push(notice)) };
  }
}

const changesIn = (heard: readonly WatchNotice<InstanceChange>[]): string[] =>
  heard.flatMap((notice) =>
    notice.kind === 'events'
      ? notice.events.map(({ revision, id, instance }) => `${revision} ${id} ${instance?.status ?? 'gone'}`)
      : [],
  );

describe('an instance', () => {
  test('is passing from its registration, without checks', () => {
    const bench = new Bench();
    expect(bench.at(0, { kind: 'register', registration: web('a') })).toEqual([
      { kind: 'registered', service: 'web', id: 'a', revision: 1 },
    ]);
    expect(bench.status('a')).toBe('passing');
  });

  test('stays as long as it renews, and renewing is no change', () => {
    const bench = new Bench();
    bench.register(0, 'a');
    for (let ms = 9_000; ms < 100_000; ms += 9_000) {
      expect(bench.at(ms, { kind: 'renew', service: 'web', id: 'a' })).toEqual([
        { kind: 'renewed', service: 'web', id: 'a', ttlMs: 10_000 },
      ]);
      expect(bench.tick(ms + 8_000)).toEqual([]);
    }
    expect(bench.registry.catalog.revision).toBe(1);
  });

  test('is lost when its lease runs out, well again with the next renewal, and removed after ten minutes', () => {
    const bench = new Bench();
    bench.register(0, 'a');
    expect(bench.registry.deadline).toBe(10_000);
    expect(bench.tick(9_999)).toEqual([]);
    expect(bench.tick(10_000)).toEqual(['lost a']);
    expect(bench.status('a')).toBe('critical');
    bench.at(20_000, { kind: 'renew', service: 'web', id: 'a' });
    expect(bench.status('a')).toBe('passing');
    expect(bench.tick(30_000)).toEqual(['lost a']);
    expect(bench.registry.deadline).toBe(630_000);
    expect(bench.tick(629_999)).toEqual([]);
    expect(bench.tick(630_000)).toEqual(['removed a']);
    expect(bench.registry.catalog.has('web')).toBe(false);
    expect(bench.at(630_001, { kind: 'renew', service: 'web', id: 'a' })).toMatchObject([
      { kind: 'refused', why: 'unknown' },
    ]);
  });

  test('is as well as its worst check, and critical until all have been reported', () => {
    const bench = new Bench();
    bench.at(0, { kind: 'register', registration: web('a', { checks: ['disk', 'http'] }) });
    const report = (check: string, status: 'passing' | 'warning' | 'critical'): string | undefined => {
      bench.at(1, { kind: 'report', service: 'web', id: 'a', check, status });
      return bench.status('a');
    };
    expect(bench.status('a')).toBe('critical');
    expect(report('disk', 'passing')).toBe('critical');
    expect(report('http', 'passing')).toBe('passing');
    expect(report('disk', 'warning')).toBe('warning');
    expect(report('http', 'critical')).toBe('critical');
  });

  test('does not change by a check that says the same again', () => {
    const bench = new Bench();
    bench.at(0, { kind: 'register', registration: web('a', { checks: ['http'] }) });
    bench.at(1, { kind: 'report', service: 'web', id: 'a', check: 'http', status: 'passing', output: '3 ms' });
    bench.at(2, { kind: 'report', service: 'web', id: 'a', check: 'http', status: 'passing', output: '4 ms' });
    expect(bench.registry.catalog.revision).toBe(2);
    expect(bench.registry.catalog.get('web', 'a')?.checks[0]?.output).toBe('3 ms');
  });

  test('keeps what is known of its checks when it registers again, and when it came first', () => {
    const bench = new Bench();
    bench.at(0, { kind: 'register', registration: web('a', { checks: ['http', 'disk'] }) });
    bench.at(1, { kind: 'report', service: 'web', id: 'a', check: 'http', status: 'passing' });
    bench.at(2, { kind: 'register', registration: web('a', { checks: ['http'], weight: 5 }) });
    expect(bench.registry.catalog.get('web', 'a')).toMatchObject({
      status: 'passing',
      weight: 5,
      createdRevision: 1,
      revision: 3,
    });
  });

  test('that drains is not given to anybody, and critical is worse', () => {
    const bench = new Bench();
    bench.register(0, 'a');
    bench.at(1, { kind: 'drain', service: 'web', id: 'a' });
    bench.at(1, { kind: 'drain', service: 'web', id: 'a' });
    expect([bench.status('a'), bench.registry.catalog.revision]).toEqual(['draining', 2]);
    bench.tick(10_000);
    expect(bench.status('a')).toBe('critical');
    bench.at(10_001, { kind: 'undrain', service: 'web', id: 'a' });
    bench.at(10_001, { kind: 'renew', service: 'web', id: 'a' });
    expect(bench.status('a')).toBe('passing');
  });

  test('is gone at once when it says so', () => {
    const bench = new Bench();
    bench.register(0, 'a');
    expect(bench.at(1, { kind: 'deregister', service: 'web', id: 'a' })).toEqual([
      { kind: 'removed', service: 'web', id: 'a', why: 'deregistered' },
    ]);
    expect(bench.registry.deadline).toBeUndefined();
  });

  test('is not accepted beyond the bound, but may register again', () => {
    const bench = new Bench({ instancesMax: 2 });
    bench.register(0, 'a', 'b');
    expect(bench.at(1, { kind: 'register', registration: web('c') })).toMatchObject([{ kind: 'refused', why: 'full' }]);
    expect(bench.at(1, { kind: 'register', registration: web('a') })).toMatchObject([{ kind: 'registered' }]);
  });

  test('is refused with a reason when it is not well formed', () => {
    const faults: Partial<Registration>[] = [
      { service: 'Web' },
      { service: 'a.b' },
      { id: '-a' },
      { id: 'a'.repeat(64) },
      { addresses: [] },
      { addresses: ['10.0.0.256'] },
      { ports: [{ protocol: 'tcp', port: 0 }] },
      { weight: 0 },
      { weight: 1.5 },
      { priority: 65_536 },
      { tags: [''] },
      { ttlMs: 0 },
      { checks: ['x', 'x'] },
      { meta: { k: 'v'.repeat(513) } },
    ];
    for (const fault of faults) expect(registrationFault(web('a', fault))).toBeTypeOf('string');
    expect(registrationFault(web('a'))).toBeUndefined();
    const bench = new Bench();
    expect(bench.at(0, { kind: 'register', registration: web('a', { weight: 0 }) })).toMatchObject([
      { kind: 'refused', why: 'invalid', detail: 'weight must be 1 to 65535, not 0' },
    ]);
    bench.register(0, 'a');
    expect(bench.at(0, { kind: 'report', service: 'web', id: 'a', check: 'x', status: 'passing' })).toMatchObject([
      { kind: 'refused', why: 'unknown-check' },
    ]);
  });
});

describe('who asks for a service', () => {
  const selected = (bench: Bench, query: object = {}): string =>
    selectInstances(bench.registry.catalog, { service: 'web', ...query })
      .instances.map(({ id }) => id)
      .join('');

  test('gets the healthy ones, with warnings unless he does not want them', () => {
    const bench = new Bench();
    for (const id of ['a', 'b', 'c']) bench.at(0, { kind: 'register', registration: web(id, { checks: ['x'] }) });
    for (const [id, status] of [
      ['a', 'passing'],
      ['b', 'warning'],
      ['c', 'passing'],
    ] as const)
      bench.at(0, { kind: 'report', service: 'web', id, check: 'x', status });
    expect(selected(bench)).toBe('abc');
    expect(selected(bench, { onlyPassing: true })).toBe('ac');
    bench.at(1, { kind: 'report', service: 'web', id: 'c', check: 'x', status: 'critical' });
    expect(selected(bench)).toBe('ab');
  });

  test('gets those with a tag, whatever its case, or of a zone', () => {
    const bench = new Bench();
    bench.at(0, { kind: 'register', registration: web('a', { tags: ['Blue'], zone: 'x' }) });
    bench.at(0, { kind: 'register', registration: web('b', { tags: ['green'], zone: 'x' }) });
    expect([selected(bench, { tag: 'bLUE' }), selected(bench, { zone: 'x' }), selected(bench, { zone: 'y' })]).toEqual([
      'a',
      'ab',
      '',
    ]);
  });

  test('gets all when the registry has lost more than half of them, and hears of it', () => {
    const bench = new Bench();
    bench.register(0, 'a', 'b', 'c');
    bench.at(5_000, { kind: 'renew', service: 'web', id: 'a' });
    bench.tick(10_000);
    const selection = selectInstances(bench.registry.catalog, { service: 'web' });
    expect(selection).toMatchObject({ isKnown: true, isPanic: true, healthy: 1, total: 3 });
    expect(selection.instances.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(selected(bench, { panicShare: 0 })).toBe('a');
  });

  test('does not get those that drain, not even in panic; they are not missed either', () => {
    const bench = new Bench();
    bench.register(0, 'a', 'b', 'c');
    for (const id of ['a', 'b']) bench.at(1, { kind: 'drain', service: 'web', id });
    expect(selectInstances(bench.registry.catalog, { service: 'web' })).toMatchObject({ isPanic: false, total: 1 });
    bench.at(2, { kind: 'drain', service: 'web', id: 'c' });
    expect(selected(bench)).toBe('');
  });

  test('learns that there is no such service', () => {
    expect(selectInstances(new Bench().registry.catalog, { service: 'web' })).toMatchObject({
      isKnown: false,
      isPanic: false,
    });
  });
});

describe('a watcher', () => {
  test('hears of every change of its service, in order', () => {
    const bench = new Bench();
    const { heard } = bench.watch('web', 1);
    bench.register(0, 'a', 'b');
    bench.at(0, { kind: 'register', registration: web('x', { service: 'web-2' }) });
    bench.at(1, { kind: 'drain', service: 'web', id: 'b' });
    bench.at(2, { kind: 'deregister', service: 'web', id: 'a' });
    bench.registry.flush();
    expect(changesIn(heard)).toEqual(['1 a passing', '2 b passing', '4 b draining', '5 a gone']);
  });

  test('that was away goes on where it stopped', () => {
    const bench = new Bench();
    bench.register(0, 'a', 'b');
    const first = bench.watch('web', 1);
    bench.registry.flush();
    const stopped = first.watcher.revision;
    first.watcher.cancel();
    bench.at(1, { kind: 'drain', service: 'web', id: 'a' });
    const second = bench.watch('web', stopped + 1);
    bench.registry.flush();
    expect(changesIn(second.heard)).toEqual(['3 a draining']);
  });

  test('that was away for longer than is remembered is told so', () => {
    const bench = new Bench({ changesMax: 2 });
    bench.register(0, 'a', 'b', 'c', 'd');
    expect(bench.registry.catalog.compactRevision).toBe(3);
    const { heard } = bench.watch('web', 2);
    const good = bench.watch('web', 3);
    bench.registry.flush();
    expect(heard.at(-1)).toMatchObject({ kind: 'canceled', why: 'compacted' });
    expect(changesIn(good.heard)).toEqual(['3 c passing', '4 d passing']);
  });

  test('or nobody at all: the memory is bounded either way', () => {
    const bench = new Bench({ changesMax: 10 });
    for (let i = 0; i < 100; i++) bench.register(i, 'a');
    expect(bench.registry.catalog.log.size).toBe(10);
    bench.watch('web', 0);
    for (let i = 0; i < 100; i++) {
      bench.register(i, 'a');
      bench.registry.flush();
    }
    expect(bench.registry.catalog.log.size).toBe(10);
  });
});

describe('a registry that takes over from another', () => {
  test('gives all leases their full time and more, and goes on with the revisions', () => {
    const old = new Bench();
    old.register(0, 'a', 'b');
    old.at(1, { kind: 'drain', service: 'web', id: 'b' });
    const next = new Bench();
    const { catalog } = old.registry;
    next.at(100_000, { kind: 'take-over', instances: catalog.all(), revision: catalog.revision, extendMs: 500 });
    expect([next.status('a'), next.status('b'), next.registry.catalog.revision]).toEqual(['passing', 'draining', 3]);
    expect(next.tick(110_499)).toEqual([]);
    next.at(110_499, { kind: 'renew', service: 'web', id: 'a' });
    expect(next.tick(110_500)).toEqual(['lost b']);
    expect(next.registry.catalog.get('web', 'a')?.createdRevision).toBe(1);
  });

  test('removes what was lost before only after the whole time', () => {
    const old = new Bench();
    old.register(0, 'a');
    old.tick(10_000);
    const next = new Bench({ removeCriticalMs: 1_000 });
    next.at(50_000, { kind: 'take-over', instances: old.registry.catalog.all(), revision: 2, extendMs: 0 });
    expect(next.tick(50_999)).toEqual([]);
    expect(next.tick(51_000)).toEqual(['removed a']);
  });

  test('lets watchers go on that had heard everything, and tells others that they have missed something', () => {
    const bench = new Bench();
    bench.register(0, 'a');
    const instances = [...bench.registry.catalog.all()];
    const current = bench.watch('web', 0);
    const behind = bench.watch('web', 1);
    behind.watcher.pause();
    bench.registry.flush();
    bench.at(1, { kind: 'take-over', instances, revision: 1, extendMs: 0 });
    behind.watcher.resume();
    bench.register(2, 'b');
    bench.registry.flush();
    expect(changesIn(current.heard)).toEqual(['2 b passing']);
    expect(behind.heard.at(-1)).toMatchObject({ kind: 'canceled', why: 'compacted' });
  });
});

describe('a copy', () => {
  const follow = (bench: Bench, copy: CatalogCopy, now: { ms: number }): Watcher<InstanceChange> =>
    bench.registry.watch(undefined, copy.resumeFrom, (notice) => copy.hear(notice, at(now.ms)));

  test('follows, says how old it is, and calls itself stale', () => {
    const bench = new Bench();
    const copy = new CatalogCopy({ staleAfterMs: 5_000 });
    const now = { ms: 100 };
    expect(copy.freshness(at(0))).toEqual({ ageMs: Number.POSITIVE_INFINITY, isStale: true });
    copy.load([], 0, at(100));
    const watcher = follow(bench, copy, now);
    bench.registry.flush();
    now.ms = 1_000;
    bench.register(1_000, 'a');
    bench.registry.flush();
    expect(copy.catalog.get('web', 'a')?.status).toBe('passing');
    expect(copy.freshness(at(6_000))).toEqual({ ageMs: 5_000, isStale: false });
    expect(copy.freshness(at(6_001))).toEqual({ ageMs: 5_001, isStale: true });
    now.ms = 7_000;
    watcher.requestProgress();
    bench.registry.flush();
    expect(copy.freshness(at(7_000))).toEqual({ ageMs: 0, isStale: false });
  });

  test('asks for a snapshot when what it missed is forgotten, and answers with what it has meanwhile', () => {
    const bench = new Bench({ changesMax: 1 });
    const copy = new CatalogCopy();
    const now = { ms: 0 };
    copy.load([], 0, at(0));
    bench.register(1, 'a', 'b', 'c');
    const watcher = follow(bench, copy, now);
    bench.registry.flush();
    expect([copy.needsSnapshot, watcher.state, copy.catalog.size]).toEqual([true, 'canceled', 0]);
    copy.load(bench.registry.catalog.all(), bench.registry.catalog.revision, at(2));
    expect([copy.needsSnapshot, copy.resumeFrom, copy.catalog.size]).toEqual([false, 4, 3]);
  });

  test('is not fresh because a watch was accepted, while there are changes it has not heard', () => {
    const copy = new CatalogCopy();
    copy.load([], 0, at(0));
    copy.hear({ kind: 'created', revision: 3 }, at(9_000));
    expect(copy.freshness(at(9_000)).ageMs).toBe(9_000);
    copy.hear({ kind: 'created', revision: 0 }, at(9_000));
    expect(copy.freshness(at(9_000)).ageMs).toBe(0);
  });

  test('passes over what it has heard already', () => {
    const bench = new Bench();
    const copy = new CatalogCopy();
    copy.load([], 0, at(0));
    bench.registry.watch(undefined, 1, (notice) => copy.hear(notice, at(1)));
    bench.registry.watch(undefined, 1, (notice) => copy.hear(notice, at(1)));
    bench.register(1, 'a');
    bench.registry.flush();
    expect(copy.catalog.revision).toBe(1);
  });
});

describe('endpoints that follow instances', () => {
  test('come, change, drain and go, and those that are lost are set aside', () => {
    const bench = new Bench();
    const endpoints = new Endpoints({ endpointsMax: 3 });
    const follow = (ms: number): EndpointChanges =>
      followInstances(endpoints, bench.registry.catalog.instancesOf('web'), at(ms));
    bench.register(0, 'a', 'b', 'c', 'd');
    expect(follow(0)).toEqual({ joined: [0, 1, 2], left: [], refused: ['d'] });
    const [a, b] = [endpoints.slotOf('a'), endpoints.slotOf('b')];
    endpoints.begin(a);
    bench.at(1, { kind: 'drain', service: 'web', id: 'a' });
    bench.at(1, { kind: 'register', registration: web('b', { weight: 7, zone: 'x' }) });
    bench.at(1, { kind: 'deregister', service: 'web', id: 'd' });
    expect(follow(1)).toEqual({ joined: [], left: [a], refused: [] });
    expect([endpoints.slotOf('a'), endpoints.weightOf(b), endpoints.zoneOf(b)]).toEqual([NO_SLOT, 7, 'x']);
    bench.at(9_000, { kind: 'renew', service: 'web', id: 'c' });
    bench.tick(11_000);
    follow(11_000);
    expect([endpoints.healthy, endpoints.size, endpoints.candidates.has(b)]).toEqual([1, 2, false]);
  });

  test('say who joined and who left, so that outliers are looked for among the same', () => {
    const bench = new Bench();
    const endpoints = new Endpoints();
    const detector = new OutlierDetector(() => 0, endpoints.endpointsMax, at(0));
    const follow = (): void => {
      const { joined, left } = followInstances(endpoints, bench.registry.catalog.instancesOf('web'), at(0));
      for (const slot of left) detector.remove(slot);
      for (const slot of joined) detector.add(slot);
    };
    bench.register(0, 'a', 'b');
    follow();
    endpoints.begin(endpoints.slotOf('a'));
    for (const kind of ['drain', 'undrain', 'deregister'] as const) {
      bench.at(1, { kind, service: 'web', id: 'a' });
      follow();
      expect(detector.size).toBe(endpoints.size);
    }
  });
});
