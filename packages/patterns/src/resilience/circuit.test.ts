import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { CountWindow, TimeWindow } from './call-window.ts';
import { Circuit, type CircuitOptions, REFUSED } from './circuit.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { compose } from './compose.ts';
import { Timeout } from './timeout.ts';
import { Deferred, FakeTime, outcomeOf, Recorded, settle } from './world.fixture.ts';

const t = Instant.of;
const call = (circuit: Circuit, failed: boolean, now = 0, tookMs = 1): void =>
  circuit.record(circuit.admit(t(now)), failed, tookMs, t(now));
const calls = (circuit: Circuit, marks: string, now = 0): void => {
  for (const mark of marks) call(circuit, mark === 'x', now);
};

describe('resilience4j, windows (SlidingTimeWindowMetricsTest, FixedSizeSlidingWindowMetricsTest)', () => {
  test('five buckets of a second forget a call when its second leaves the window', () => {
    const window = new TimeWindow(5_000, 5);
    const shown = (now: number): number[] => {
      window.advance(now);
      return [window.calls, window.failed];
    };
    window.record(true, false, 0);
    window.record(false, false, 100);
    window.record(false, false, 800);
    expect(shown(800)).toEqual([3, 1]);
    expect(shown(4_800)).toEqual([3, 1]);
    expect(shown(5_800)).toEqual([0, 0]);
    window.record(false, false, 5_900);
    expect(shown(5_900)).toEqual([1, 0]);
  });

  test('a call a second, as in testSlidingTimeWindowMetrics', () => {
    const window = new TimeWindow(5_000, 5);
    const found: number[][] = [];
    const at = [0, 100, 200, 1_200, 2_200, 3_200, 4_200, 5_200, 6_200, 11_200];
    const failed = [true, false, false, false, false, true, false, false, false, false];
    at.forEach((now, i) => {
      window.record(failed[i]!, false, now);
      found.push([window.calls, window.failed]);
    });
    expect(found).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 1],
      [6, 2],
      [7, 2],
      [5, 1],
      [5, 1],
      [1, 0],
    ]);
  });

  test('slow calls are counted whether they succeed or fail', () => {
    const window = new CountWindow(5);
    window.record(false, true);
    window.record(true, true);
    for (let i = 0; i < 3; i++) window.record(false, false);
    expect([window.calls, window.failed, window.slow]).toEqual([5, 1, 2]);
    window.record(false, false);
    expect([window.calls, window.failed, window.slow]).toEqual([5, 1, 1]);
    window.record(false, false);
    expect([window.calls, window.failed, window.slow]).toEqual([5, 0, 0]);
  });
});

describe('a closed circuit opens', () => {
  test('when the failure rate of the last calls reaches its threshold, not before enough of them are known', () => {
    const circuit = new Circuit({ window: { calls: 10 }, callsMin: 4, failureRate: 0.5 });
    calls(circuit, 'xx.');
    expect(circuit.state).toBe('closed');
    calls(circuit, '.');
    expect(circuit.state).toBe('closed');
    calls(circuit, '..x');
    expect(circuit.state).toBe('closed');
    calls(circuit, 'x');
    expect(circuit.state).toBe('open');
  });

  test('by a count of failures in a row, whatever the rate', () => {
    const circuit = new Circuit({ failuresInARow: 3 });
    calls(circuit, 'xx.xx');
    expect(circuit.state).toBe('closed');
    calls(circuit, 'x');
    expect(circuit.state).toBe('open');
  });

  test('by slow calls, though all succeed', () => {
    const circuit = new Circuit({ slowCallMs: 100, slowRate: 0.5, callsMin: 4 });
    for (const tookMs of [100, 100, 101]) call(circuit, false, 0, tookMs);
    expect(circuit.state).toBe('closed');
    call(circuit, false, 0, 101);
    expect(circuit.state).toBe('open');
  });

  test('by the rate of the last seconds, not by failures that are long past', () => {
    const circuit = new Circuit({ window: { windowMs: 1_000 }, callsMin: 4 });
    calls(circuit, 'xxx', 0);
    calls(circuit, '...', 1_500);
    calls(circuit, 'x', 1_600);
    expect(circuit.state).toBe('closed');
    calls(circuit, 'xx', 1_700);
    expect(circuit.state).toBe('open');
  });
});

describe('an open circuit', () => {
  const opened = (options: CircuitOptions = {}): Circuit => {
    const circuit = new Circuit({ failuresInARow: 1, openMs: 1_000, probes: 2, ...options });
    calls(circuit, 'x');
    expect(circuit.state).toBe('open');
    return circuit;
  };

  test('refuses until its time is over, then lets as many probes through as it may, and closes when they succeed', () => {
    const circuit = opened();
    expect(circuit.admit(t(999))).toBe(REFUSED);
    const probes = [circuit.admit(t(1_000)), circuit.admit(t(1_000))];
    expect(circuit.state).toBe('half-open');
    expect(circuit.admit(t(1_000))).toBe(REFUSED);
    circuit.record(probes[0]!, false, 1, t(1_001));
    expect(circuit.state).toBe('half-open');
    expect(circuit.admit(t(1_001))).toBe(REFUSED);
    circuit.record(probes[1]!, false, 1, t(1_002));
    expect(circuit.state).toBe('closed');
  });

  test('opens again when the probes fail, twice as long each time up to the longest', () => {
    const circuit = opened({ openMaxMs: 3_000, probes: 1 });
    let now = 0;
    for (const openMs of [1_000, 2_000, 3_000, 3_000]) {
      expect(circuit.opensAgainAt - now).toBe(openMs);
      expect(circuit.admit(t(now + openMs - 1))).toBe(REFUSED);
      now += openMs;
      calls(circuit, 'x', now);
      expect(circuit.state).toBe('open');
    }
  });

  test('ignores what calls answer that were sent before it opened', () => {
    const circuit = new Circuit({ failuresInARow: 1, openMs: 1_000, probes: 1 });
    const [slow, slower] = [circuit.admit(t(0)), circuit.admit(t(0))];
    calls(circuit, 'x');
    const probe = circuit.admit(t(1_000));
    circuit.record(slow, true, 1_000, t(1_000));
    expect(circuit.state).toBe('half-open');
    circuit.record(probe, false, 1, t(1_001));
    circuit.record(slower, true, 1_001, t(1_001));
    expect(circuit.state).toBe('closed');
  });

  test('is not kept half-open for ever by a probe that never answers', () => {
    const circuit = opened({ probes: 1 });
    const lost = circuit.admit(t(1_000));
    expect(circuit.admit(t(1_999))).toBe(REFUSED);
    const probe = circuit.admit(t(2_000));
    expect(probe).not.toBe(REFUSED);
    circuit.record(lost, true, 1, t(2_001));
    circuit.record(probe, false, 1, t(2_001));
    expect(circuit.state).toBe('closed');
  });

  test('gives the place of a probe that was cancelled to the next', () => {
    const circuit = opened({ probes: 1 });
    circuit.cancel(circuit.admit(t(1_000)));
    expect(circuit.admit(t(1_000))).not.toBe(REFUSED);
  });

  test('starts counting failures in a row anew once it is closed again', () => {
    const circuit = new Circuit({ failuresInARow: 3, openMs: 1_000, probes: 1 });
    calls(circuit, 'xxx');
    calls(circuit, '.', 1_000);
    calls(circuit, 'xx', 1_001);
    expect(circuit.state).toBe('closed');
    calls(circuit, 'x', 1_002);
    expect(circuit.state).toBe('open');
  });

  test('starts with an empty window once it is closed again', () => {
    const circuit = new Circuit({ window: { calls: 4 }, callsMin: 4, openMs: 1_000, probes: 1 });
    calls(circuit, 'xxxx');
    calls(circuit, '.', 1_000);
    expect(circuit.state).toBe('closed');
    calls(circuit, 'x', 1_001);
    expect(circuit.state).toBe('closed');
  });
});

describe('a circuit breaker', () => {
  test('refuses with the time after which it is worth asking again, and tells of its changes', async () => {
    const time = new FakeTime();
    const events = new Recorded();
    const breaker = new CircuitBreaker(time, { failuresInARow: 2, openMs: 1_000, probes: 1, name: 'db', events });
    const pipeline = compose(breaker);
    const down = (): Promise<never> => Promise.reject(new Error('down'));
    await expect(pipeline.run(down)).rejects.toThrow('down');
    await expect(pipeline.run(down)).rejects.toThrow('down');
    await time.advance(400);
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({
      code: 'circuit-open',
      retryAfterMs: 600,
      outcome: 'not-applied',
    });
    await time.advance(600);
    expect(await pipeline.run(() => 1)).toBe(1);
    expect(events.events).toEqual([
      { kind: 'circuit', policy: 'db', from: 'closed', to: 'open' },
      { kind: 'refused', policy: 'db', code: 'circuit-open' },
      { kind: 'circuit', policy: 'db', from: 'open', to: 'half-open' },
      { kind: 'circuit', policy: 'db', from: 'half-open', to: 'closed' },
    ]);
  });

  test('counts only errors that say that the service is ill', async () => {
    const breaker = new CircuitBreaker(new FakeTime(), {
      failuresInARow: 1,
      isFailure: (error) => (error as Error).message !== 'not found',
    });
    await expect(compose(breaker).run(() => Promise.reject(new Error('not found')))).rejects.toThrow();
    expect(breaker.state).toBe('closed');
    await expect(compose(breaker).run(() => Promise.reject(new Error('broken')))).rejects.toThrow();
    expect(breaker.state).toBe('open');
  });

  test('does not count a call that its caller gave up, but does count one that a timeout around it ended', async () => {
    const time = new FakeTime();
    const breaker = new CircuitBreaker(time, { failuresInARow: 1 });
    const controller = new AbortController();
    const left = new Deferred<number>();
    outcomeOf(compose(breaker).run(() => left.promise, { signal: controller.signal }));
    controller.abort('left');
    left.reject(new Error('aborted'));
    await settle();
    expect(breaker.state).toBe('closed');
    const slow = new Deferred<number>();
    outcomeOf(compose(new Timeout(time, { timeoutMs: 10 }), breaker).run(() => slow.promise));
    await time.advance(10);
    slow.reject(new Error('aborted'));
    await settle();
    expect(breaker.state).toBe('open');
  });
});

test('a breaker that the last probe opens stays open for its time, though that one succeeded', async () => {
  const time = new FakeTime();
  await time.advance(1_000_000);
  const breaker = new CircuitBreaker(time, { window: { calls: 4 }, callsMin: 4, openMs: 100, probes: 3 });
  const pipeline = compose(breaker);
  const run = async (marks: string): Promise<void> => {
    for (const mark of marks)
      await pipeline.run(() => (mark === 'x' ? Promise.reject(new Error('ill')) : 1)).catch(() => undefined);
  };
  await run('xxxx');
  expect(breaker.state).toBe('open');
  await time.advance(100);
  await run('xx.');
  expect(breaker.state).toBe('open');
  await time.advance(99);
  await run('.');
  expect(breaker.state).toBe('open');
});
