import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  type CheckStatus,
  type HealthCheck,
  HealthChecker,
  type HealthCheckerEffect,
  type HealthCheckerInput,
} from './index.ts';

const at = Instant.of;
const http: HealthCheck = { kind: 'http', url: 'http://10.0.0.1/health', intervalMs: 1_000, timeoutMs: 300 };

class Bench {
  readonly checker: HealthChecker;
  constructor(random: () => number = () => 0, checksMax = 100) {
    this.checker = new HealthChecker(random, { checksMax });
  }
  at(ms: number, input: HealthCheckerInput): HealthCheckerEffect[] {
    const out: HealthCheckerEffect[] = [];
    this.checker.step(input, at(ms), out);
    return out;
  }
  add(check: HealthCheck, key = 'a', ms = 0): void {
    this.at(ms, { kind: 'add', key, check });
  }
  /** Lets a probe begin and gives it a result; what became of the status. */
  probe(ms: number, status: CheckStatus): CheckStatus | undefined {
    const probe = this.at(ms, { kind: 'tick' }).find((effect) => effect.kind === 'probe');
    if (probe === undefined) throw new Error(`no probe at ${ms}`);
    const [effect] = this.at(ms + 10, { kind: 'result', key: 'a', probe: probe.probe, status, output: '' });
    return effect?.kind === 'status' ? effect.status : undefined;
  }
}

describe('a check that is probed', () => {
  test('is probed once in an interval, whenever the answers come', () => {
    const bench = new Bench();
    bench.add(http);
    expect(bench.checker.deadline).toBe(0);
    for (const ms of [0, 1_000, 2_000]) {
      bench.probe(ms, 'passing');
      expect(bench.checker.deadline).toBe(ms + 1_000);
    }
  });

  test('believes its first result at once', () => {
    for (const status of ['passing', 'warning', 'critical'] as const) {
      const bench = new Bench();
      bench.add(http);
      expect(bench.checker.statusOf('a')).toBeUndefined();
      expect(bench.probe(0, status)).toBe(status);
    }
  });

  test('is critical after three failures in a row, and well after two successes in a row', () => {
    const bench = new Bench();
    bench.add(http);
    const results = [
      'passing',
      'critical',
      'critical',
      'passing',
      'critical',
      'critical',
      'critical',
      'passing',
      'critical',
      'passing',
      'passing',
    ] as const;
    const changes = results.map((status, i) => bench.probe(i * 1_000, status));
    const none = undefined;
    expect(changes).toEqual(['passing', none, none, none, none, none, 'critical', none, none, none, 'passing']);
  });

  test('takes a warning for healthy, and shows it at once', () => {
    const bench = new Bench();
    bench.add({ ...http, rise: 1 });
    expect(['passing', 'warning', 'passing'].map((status, i) => bench.probe(i * 1_000, status as CheckStatus))).toEqual(
      ['passing', 'warning', 'passing'],
    );
  });

  test('counts no answer in time as a failure, and ignores the answer that comes late', () => {
    const bench = new Bench();
    bench.add({ ...http, fall: 1 });
    expect(bench.at(0, { kind: 'tick' })).toEqual([{ kind: 'probe', key: 'a', probe: 1, check: { ...http, fall: 1 } }]);
    expect(bench.checker.deadline).toBe(300);
    expect(bench.at(300, { kind: 'result', key: 'a', probe: 1, status: 'passing', output: '' })).toEqual([]);
    expect(bench.at(300, { kind: 'tick' })).toEqual([
      { kind: 'status', key: 'a', status: 'critical', output: 'no answer in time' },
    ]);
    expect(bench.at(301, { kind: 'result', key: 'a', probe: 1, status: 'passing', output: '' })).toEqual([]);
    expect(bench.checker.deadline).toBe(1_000);
  });

  test('ignores the result of a probe of a check that it replaced', () => {
    const bench = new Bench();
    bench.add(http);
    bench.at(0, { kind: 'tick' });
    bench.add({ ...http, url: 'http://10.0.0.2/health' });
    bench.at(1, { kind: 'tick' });
    expect(bench.at(2, { kind: 'result', key: 'a', probe: 1, status: 'passing', output: '' })).toEqual([]);
    expect(bench.at(2, { kind: 'result', key: 'a', probe: 2, status: 'passing', output: '' })).toHaveLength(1);
  });

  test('does not make up for probes that were missed while the loop stood still', () => {
    const bench = new Bench();
    bench.add(http);
    bench.probe(0, 'passing');
    expect(bench.at(10_000, { kind: 'tick' }).map((effect) => effect.kind)).toEqual(['probe']);
    expect(bench.checker.deadline).toBe(10_300);
  });

  test('begins anywhere within the first interval', () => {
    const draws = [0, 0.5, 0.9];
    const bench = new Bench(() => draws.shift()!);
    for (const key of ['a', 'b', 'c']) bench.add(http, key);
    const begun = [0, 500, 900].map((ms) =>
      bench
        .at(ms, { kind: 'tick' })
        .filter((e) => e.kind === 'probe')
        .map((e) => e.key),
    );
    expect(begun).toEqual([['a'], ['b'], ['c']]);
  });

  test('is removed with all that is pending', () => {
    const bench = new Bench();
    bench.add(http);
    bench.at(0, { kind: 'remove', key: 'a' });
    expect([bench.checker.size, bench.checker.deadline]).toEqual([0, undefined]);
    expect(bench.at(5_000, { kind: 'tick' })).toEqual([]);
  });

  test('beyond the bound is refused', () => {
    const bench = new Bench(() => 0, 1);
    bench.add(http);
    expect(bench.at(0, { kind: 'add', key: 'b', check: http })).toEqual([{ kind: 'refused', key: 'b', why: 'full' }]);
    expect(bench.at(0, { kind: 'add', key: 'a', check: http })).toEqual([]);
  });
});

describe('a check that reports by itself', () => {
  const report = (bench: Bench, ms: number, status: CheckStatus): HealthCheckerEffect[] =>
    bench.at(ms, { kind: 'report', key: 'a', status, output: 'ok' });

  test('is what it says, and critical when it says nothing', () => {
    const bench = new Bench();
    bench.add({ kind: 'ttl', ttlMs: 500 });
    expect(report(bench, 100, 'passing')).toMatchObject([{ status: 'passing' }]);
    expect(report(bench, 400, 'passing')).toEqual([]);
    expect(report(bench, 800, 'warning')).toMatchObject([{ status: 'warning' }]);
    expect(bench.at(1_299, { kind: 'tick' })).toEqual([]);
    expect(bench.at(1_300, { kind: 'tick' })).toMatchObject([
      { kind: 'status', status: 'critical', output: 'no answer in time' },
    ]);
    expect(bench.at(1_800, { kind: 'tick' })).toEqual([]);
    expect(report(bench, 2_000, 'passing')).toMatchObject([{ status: 'passing' }]);
  });

  test('is critical when it never said anything', () => {
    const bench = new Bench();
    bench.add({ kind: 'ttl', ttlMs: 500 });
    expect(bench.at(500, { kind: 'tick' })).toMatchObject([{ kind: 'status', status: 'critical' }]);
  });

  test('is the only kind that can', () => {
    const bench = new Bench();
    bench.add(http);
    expect(report(bench, 1, 'passing')).toEqual([]);
  });
});

test('a check without a time, or with counts that are none, is refused', () => {
  const checker = new HealthChecker(() => 0.5);
  const add = (check: HealthCheck) => () => checker.step({ kind: 'add', key: 'k', check }, Instant.of(0), []);
  for (const ttlMs of [0, Number.NaN]) expect(add({ kind: 'ttl', ttlMs })).toThrow(`ttlMs must be > 0, not ${ttlMs}`);
  const probed = { kind: 'custom', name: 'x', intervalMs: 10, timeoutMs: 5 } as const;
  expect(add({ ...probed, rise: 0 })).toThrow('rise and fall must be >= 1, not 0 and 3');
  expect(add({ ...probed, fall: Number.NaN })).toThrow('rise and fall must be >= 1, not 2 and NaN');
  expect([checker.size, checker.deadline]).toEqual([0, undefined]);
});
