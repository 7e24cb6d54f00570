/** The figures of the success rate are those of Envoy's own tests. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  Endpoints,
  OutlierDetector,
  type OutlierEffect,
  type OutlierOptions,
  OutstandingRequests,
  type RequestResult,
  successRateThreshold,
  TwoChoices,
} from './index.ts';

const at = Instant.of;

class Bench {
  readonly detector: OutlierDetector;
  constructor(hosts: number, options: OutlierOptions = {}, random = seeded(1)) {
    this.detector = new OutlierDetector(random, 64, at(0), options);
    for (let slot = 0; slot < hosts; slot++) this.detector.add(slot);
  }
  record(slot: number, result: RequestResult, times = 1, ms = 0): OutlierEffect[] {
    const out: OutlierEffect[] = [];
    for (let i = 0; i < times; i++) this.detector.record(slot, result, at(ms), out);
    return out;
  }
  tick(ms: number): OutlierEffect[] {
    const out: OutlierEffect[] = [];
    this.detector.tick(at(ms), out);
    return out;
  }
  kinds(effects: readonly OutlierEffect[]): string[] {
    return effects.map((effect) =>
      effect.kind === 'readmit' ? `readmit ${effect.slot}` : `${effect.kind} ${effect.slot} ${effect.cause}`,
    );
  }
}

describe('failures in a row', () => {
  test('eject at the fifth, not at the fourth', () => {
    const bench = new Bench(3);
    expect(bench.record(1, 'server-error', 4)).toEqual([]);
    expect(bench.record(1, 'server-error')).toEqual([
      { kind: 'eject', slot: 1, cause: 'consecutive-5xx', forMs: 30_000 },
    ]);
    expect([bench.detector.isEjected(1), bench.detector.ejected]).toEqual([true, 1]);
  });

  test('begin anew with a success', () => {
    const bench = new Bench(3);
    bench.record(1, 'server-error', 4);
    bench.record(1, 'success');
    expect(bench.record(1, 'server-error', 4)).toEqual([]);
  });

  test('of gateways are only reported unless they are to be enforced, and then come before the 5xx that they are too', () => {
    const gentle = new Bench(3);
    expect(gentle.kinds(gentle.record(0, 'gateway-error', 5))).toEqual([
      'spared 0 consecutive-gateway-failure',
      'eject 0 consecutive-5xx',
    ]);
    const strict = new Bench(3, {
      consecutiveGatewayFailure: 2,
      enforcePercent: { 'consecutive-gateway-failure': 100 },
    });
    expect(strict.kinds(strict.record(0, 'gateway-error', 2))).toEqual(['eject 0 consecutive-gateway-failure']);
  });

  test('of gateways begin anew with another server error, which counts on as a 5xx', () => {
    const bench = new Bench(3, { consecutiveGatewayFailure: 3, consecutive5xx: 6 });
    bench.record(0, 'gateway-error', 2);
    bench.record(0, 'server-error');
    expect(bench.record(0, 'gateway-error', 2)).toEqual([]);
    expect(bench.kinds(bench.record(0, 'gateway-error'))).toEqual([
      'spared 0 consecutive-gateway-failure',
      'eject 0 consecutive-5xx',
    ]);
  });

  test('without an answer count as gateway errors, together with the others', () => {
    const bench = new Bench(3);
    bench.record(0, 'local-failure', 2);
    bench.record(0, 'server-error', 2);
    expect(bench.kinds(bench.record(0, 'local-failure'))).toEqual(['eject 0 consecutive-5xx']);
  });

  test('without an answer count by themselves when split', () => {
    const bench = new Bench(3, { splitLocalFailures: true });
    bench.record(0, 'server-error', 4);
    expect(bench.record(0, 'local-failure', 4)).toEqual([]);
    // An answer, even a bad one, shows that the endpoint can be reached.
    expect(bench.kinds(bench.record(0, 'server-error'))).toEqual(['eject 0 consecutive-5xx']);
    const other = new Bench(3, { splitLocalFailures: true });
    expect(other.kinds(other.record(0, 'local-failure', 5))).toEqual(['eject 0 consecutive-local-failure']);
  });
});

describe('the success rate', () => {
  test('of 50, 100, 100, 100, 100 has the mean 90 and the threshold 52 with 1.9 standard deviations of 20', () => {
    const { mean, threshold } = successRateThreshold([50, 100, 100, 100, 100], 1.9);
    expect([mean, threshold]).toEqual([90, 52]);
  });

  const load = (bench: Bench, slot: number, successes: number, failures: number): void => {
    for (let i = 0; i < Math.max(successes, failures); i++) {
      if (i < failures) bench.record(slot, 'server-error');
      if (i < successes) bench.record(slot, 'success');
    }
  };

  test('ejects at the tick whoever is below it', () => {
    const bench = new Bench(5);
    for (let slot = 0; slot < 4; slot++) load(bench, slot, 200, 0);
    load(bench, 4, 100, 100);
    expect(bench.kinds(bench.tick(9_999))).toEqual([]);
    expect(bench.kinds(bench.tick(10_000))).toEqual(['eject 4 success-rate']);
    expect(bench.tick(20_000)).toEqual([]);
    expect(bench.kinds(bench.tick(40_000))).toEqual(['readmit 4']);
  });

  test('needs five endpoints with a hundred requests each in the same interval', () => {
    const few = new Bench(5);
    for (let slot = 0; slot < 4; slot++) load(few, slot, slot === 0 ? 99 : 200, 0);
    load(few, 4, 100, 100);
    expect(few.tick(10_000)).toEqual([]);
    for (let slot = 0; slot < 4; slot++) load(few, slot, 60, 0);
    load(few, 4, 60, 60);
    expect(few.tick(20_000)).toEqual([]);
  });

  test('in split mode leaves failures without an answer out of the rate of answers', () => {
    const bench = new Bench(5, { splitLocalFailures: true });
    for (let slot = 0; slot < 5; slot++) load(bench, slot, 200, 0);
    for (let i = 0; i < 100; i++) {
      bench.record(4, 'local-failure');
      bench.record(4, 'success');
    }
    expect(bench.kinds(bench.tick(10_000))).toEqual(['eject 4 success-rate-local']);
  });
});

describe('the failure percentage', () => {
  const options: OutlierOptions = {
    enforcePercent: { 'failure-percentage': 100 },
    consecutive5xx: 1000,
    successRateHostsMin: 99,
  };
  test('ejects who fails at least 85 of 100 times, whatever the others do', () => {
    const bench = new Bench(5, { ...options, maxEjectionPercent: 100 });
    for (let slot = 0; slot < 5; slot++) {
      const failures = [84, 85, 86, 85, 0][slot]!;
      bench.record(slot, 'server-error', failures);
      bench.record(slot, 'success', 100 - failures);
    }
    expect(bench.kinds(bench.tick(10_000))).toEqual([1, 2, 3].map((slot) => `eject ${slot} failure-percentage`));
  });

  test('needs five endpoints with fifty requests each', () => {
    const bench = new Bench(5, options);
    for (let slot = 0; slot < 5; slot++) bench.record(slot, 'server-error', slot === 0 ? 49 : 50);
    expect(bench.tick(10_000)).toEqual([]);
  });

  test('is by default only reported', () => {
    const bench = new Bench(5, { ...options, enforcePercent: {} });
    for (let slot = 0; slot < 5; slot++) bench.record(slot, 'server-error', 50);
    expect(new Set(bench.tick(10_000).map((e) => (e.kind === 'spared' ? e.why : e.kind)))).toEqual(
      new Set(['not-enforced']),
    );
  });

  test('does not eject again whom the success rate has ejected in the same tick', () => {
    const bench = new Bench(5, { ...options, successRateHostsMin: 5, maxEjectionPercent: 100 });
    for (let slot = 0; slot < 4; slot++) bench.record(slot, 'success', 100);
    bench.record(4, 'server-error', 100);
    expect(bench.kinds(bench.tick(10_000))).toEqual(['eject 4 success-rate']);
    expect(bench.detector.ejected).toBe(1);
  });
});

describe('an ejection', () => {
  const ejectAt = (bench: Bench, ms: number): number => {
    const [effect] = bench.record(0, 'server-error', 5, ms);
    return effect?.kind === 'eject' ? effect.forMs : -1;
  };

  test('lasts as many times the base as there were in a row, up to the maximum', () => {
    const bench = new Bench(10, { intervalMs: 1_000, baseEjectionMs: 1_000, maxEjectionMs: 2_500 });
    expect(ejectAt(bench, 0)).toBe(1_000);
    expect(bench.kinds(bench.tick(1_000))).toEqual(['readmit 0']);
    expect(ejectAt(bench, 1_100)).toBe(2_000);
    expect(bench.tick(3_000)).toEqual([]); // after 1,900 ms
    expect(bench.kinds(bench.tick(4_000))).toEqual(['readmit 0']);
    expect(ejectAt(bench, 4_100)).toBe(2_500);
  });

  test('in a row is forgotten one tick at a time', () => {
    const bench = new Bench(10, { intervalMs: 1_000, baseEjectionMs: 1_000 });
    ejectAt(bench, 0);
    bench.tick(1_000); // readmitted
    ejectAt(bench, 1_000);
    bench.tick(3_000); // readmitted, after two in a row
    bench.tick(4_000); // one is forgotten
    expect(ejectAt(bench, 4_500)).toBe(2_000);
    bench.tick(7_000); // readmitted
    for (const ms of [8_000, 9_000, 10_000]) bench.tick(ms);
    expect(ejectAt(bench, 10_500)).toBe(1_000);
  });

  test('counts in a row no further than the maximum needs', () => {
    const bench = new Bench(10, { intervalMs: 1_000, baseEjectionMs: 1_000, maxEjectionMs: 2_000 });
    let now = 0;
    for (let i = 0; i < 20; i++) {
      ejectAt(bench, now);
      now += 3_000;
      bench.tick(now);
    }
    for (let i = 0; i < 3; i++) {
      now += 1_000;
      bench.tick(now);
    }
    expect(ejectAt(bench, now)).toBe(1_000);
  });

  test('has a jitter added, so that not all come back at once', () => {
    const bench = new Bench(10, { intervalMs: 100, baseEjectionMs: 1_000, ejectionJitterMs: 1_000 }, () => 0.5);
    ejectAt(bench, 0);
    for (let ms = 100; ms < 1_500; ms += 100) expect(bench.tick(ms)).toEqual([]);
    expect(bench.kinds(bench.tick(1_500))).toEqual(['readmit 0']);
  });

  test('ends at once when a health check passes, and counts failures anew', () => {
    const bench = new Bench(10);
    bench.record(0, 'gateway-error', 5);
    const out: OutlierEffect[] = [];
    bench.detector.checkPassed(0, at(5), out);
    expect(bench.kinds(out)).toEqual(['readmit 0']);
    expect(bench.record(0, 'server-error', 4)).toEqual([]);
  });

  test('is forgotten with the endpoint, whose last requests count for nobody', () => {
    const bench = new Bench(10);
    bench.record(0, 'server-error', 5);
    bench.detector.remove(0);
    expect(bench.record(0, 'server-error', 5)).toEqual([]);
    expect([bench.detector.size, bench.detector.ejected]).toEqual([9, 0]);
    bench.detector.add(0);
    expect(bench.detector.isEjected(0)).toBe(false);
    expect(ejectAt(bench, 0)).toBe(30_000);
  });
});

describe('of all endpoints', () => {
  test('no more than the maximum percentage are out at a time', () => {
    const bench = new Bench(20, { maxEjectionPercent: 10 });
    const effects = [0, 1, 2].flatMap((slot) => bench.record(slot, 'server-error', 5));
    expect(effects.map((effect) => effect.kind)).toEqual(['eject', 'eject', 'spared']);
    expect(effects[2]).toMatchObject({ why: 'too-many' });
  });

  test('one may be ejected even from a few, unless that is switched off', () => {
    const few = new Bench(3);
    expect(few.kinds([0, 1].flatMap((slot) => few.record(slot, 'server-error', 5)))).toEqual([
      'eject 0 consecutive-5xx',
      'spared 1 consecutive-5xx',
    ]);
    const none = new Bench(3, { alwaysEjectOne: false });
    expect(none.record(0, 'server-error', 5)).toMatchObject([{ kind: 'spared', why: 'too-many' }]);
  });

  test('those spared are counted anew and reported again', () => {
    const bench = new Bench(3, { alwaysEjectOne: false });
    expect(bench.record(0, 'server-error', 10)).toHaveLength(2);
  });
});

test('whatever happens, the ejected are counted right and never more than allowed', () => {
  const action = fc.record({
    kind: fc.constantFrom('add', 'remove', 'fail', 'fail', 'win', 'tick', 'check'),
    slot: fc.integer({ min: 0, max: 5 }),
    waitMs: fc.constantFrom(0, 400, 1_000, 3_000),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const bench = new Bench(0, {
        intervalMs: 1_000,
        baseEjectionMs: 1_000,
        consecutive5xx: 2,
        maxEjectionPercent: 50,
      });
      const present = new Set<number>();
      const ejected = new Set<number>();
      let now = 0;
      for (const { kind, slot, waitMs } of actions) {
        now += waitMs;
        let effects: OutlierEffect[] = [];
        if (kind === 'add' && !present.has(slot)) {
          bench.detector.add(slot);
          present.add(slot);
        } else if (kind === 'remove') {
          bench.detector.remove(slot);
          present.delete(slot);
          ejected.delete(slot);
        } else if (kind === 'tick') effects = bench.tick(now);
        else if (kind === 'check') bench.detector.checkPassed(slot, at(now), effects);
        else effects = bench.record(slot, kind === 'fail' ? 'server-error' : 'success', 1, now);
        for (const effect of effects) {
          if (effect.kind === 'eject') {
            expect(ejected.size === 0 || (ejected.size + 1) / present.size <= 0.5).toBe(true);
            expect(ejected.has(effect.slot)).toBe(false);
            ejected.add(effect.slot);
          } else if (effect.kind === 'readmit') expect(ejected.delete(effect.slot)).toBe(true);
        }
        expect([bench.detector.size, bench.detector.ejected]).toEqual([present.size, ejected.size]);
        for (const each of present) expect(bench.detector.isEjected(each)).toBe(ejected.has(each));
      }
    }),
    { numRuns: 300 },
  );
});

test('with endpoints and two choices: a failing one of ten loses its requests within five of them', () => {
  const endpoints = new Endpoints();
  const random = seeded(9);
  const detector = new OutlierDetector(random, endpoints.endpointsMax, at(0));
  for (let i = 0; i < 10; i++) detector.add(endpoints.add({ id: `e${i}` }, at(0)));
  const metric = new OutstandingRequests(endpoints);
  const picker = new TwoChoices(random, { endpoints, metric });
  const failing = endpoints.slotOf('e4');
  let failed = 0;
  for (let request = 0; request < 10_000; request++) {
    const slot = picker.pick(at(request));
    metric.begin(slot);
    metric.end(slot);
    const out: OutlierEffect[] = [];
    detector.record(slot, slot === failing ? 'server-error' : 'success', at(request), out);
    detector.tick(at(request), out);
    if (slot === failing) failed += 1;
    for (const effect of out) if (effect.kind !== 'spared') endpoints.setEjected(effect.slot, effect.kind === 'eject');
  }
  expect(failed).toBe(5); // of a thousand
});
