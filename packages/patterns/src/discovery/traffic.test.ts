import { describe, expect, test } from 'vitest';
import { seeded } from '../detection/random.fixture.ts';
import {
  Endpoints,
  LeastRequest,
  type LoadMetric,
  OutstandingRequests,
  PENALTY,
  PeakEwma,
  type Picker,
  RoundRobin,
  TwoChoices,
} from './index.ts';
import { populate, Traffic, type TrafficOptions } from './traffic.fixture.ts';

const TEN_MS = 10;

interface Setting extends Partial<TrafficOptions> {
  readonly count?: number;
}

function trafficOf(
  kind: 'round-robin' | 'least-request' | 'peak-ewma',
  serviceMs: TrafficOptions['serviceMs'],
  { count = 10, requestsPerSecond = 400, workers = 4 }: Setting = {},
): Traffic {
  const endpoints = populate(new Endpoints(), count);
  const metric: LoadMetric = kind === 'peak-ewma' ? new PeakEwma(endpoints) : new OutstandingRequests(endpoints);
  const random = seeded(11);
  const picker: Picker =
    kind === 'round-robin'
      ? new RoundRobin(random, { endpoints })
      : kind === 'least-request'
        ? new LeastRequest(random, { endpoints })
        : new TwoChoices(random, { endpoints, metric });
  return new Traffic({ endpoints, picker, metric, random, serviceMs, workers, requestsPerSecond });
}

describe('one endpoint of ten becomes a hundred times slower', () => {
  const slowAt = 5000;
  const serviceMs = (id: string, now: number): number => (id === 'e0' && now >= slowAt ? 100 * TEN_MS : TEN_MS);
  const run = (kind: Parameters<typeof trafficOf>[0]): Traffic => {
    const traffic = trafficOf(kind, serviceMs);
    traffic.run(15_000);
    return traffic;
  };

  test('peak EWMA sheds it within one round trip', () => {
    const traffic = run('peak-ewma');
    const before = traffic.count('e0', 0, slowAt);
    expect(before).toBeGreaterThan((slowAt / 1000) * 40 * 0.7);
    // Its first slow answer comes after a second; by then its silence has said it, and afterwards the mean does.
    const inFirstRoundTrip = traffic.count('e0', slowAt, slowAt + 1000);
    expect(inFirstRoundTrip).toBeLessThanOrEqual(4);
    expect(traffic.count('e0', slowAt + 1000)).toBeLessThanOrEqual(12); // of 3,600; the decay lets it be tried again
  });

  test('and so hardly a request is slow, which least request and round robin cannot say', () => {
    const slowShare = (kind: Parameters<typeof trafficOf>[0]): number => {
      const { latenciesMs } = run(kind);
      return latenciesMs.filter((ms) => ms > 100).length / latenciesMs.length;
    };
    const [peak, least] = [slowShare('peak-ewma'), slowShare('least-request')];
    expect(peak).toBeLessThan(0.001);
    expect(least).toBeGreaterThan(5 * peak);
    const roundRobin = run('round-robin');
    expect(roundRobin.count('e0', slowAt)).toBeGreaterThan(360); // its full tenth, which it can never work off
  });
});

describe('one endpoint of ten takes requests and never answers', () => {
  const serviceMs = (id: string, now: number): number | undefined => (id === 'e0' && now >= 5000 ? undefined : TEN_MS);

  test('peak EWMA leaves it alone, however long it is silent', () => {
    const traffic = trafficOf('peak-ewma', serviceMs, { workers: 1000 });
    traffic.run(125_000);
    expect(traffic.count('e0', 5000)).toBeLessThanOrEqual(3);
  });

  test('without the rule of silence it would have been asked again and again', () => {
    const endpoints = populate(new Endpoints(), 10);
    const metric = new Finagle(endpoints);
    const picker = new TwoChoices(seeded(11), { endpoints, metric });
    const random = seeded(12);
    const traffic = new Traffic({
      endpoints,
      picker,
      metric,
      random,
      serviceMs,
      workers: 1000,
      requestsPerSecond: 400,
    });
    traffic.run(125_000);
    expect(traffic.count('e0', 5000)).toBeGreaterThan(200);
  });
});

/** The rule as it was published: looking ages the cost, silence does not count. */
class Finagle implements LoadMetric {
  readonly #endpoints: Endpoints;
  readonly #costs = new Map<number, number>();
  readonly #stamps = new Map<number, number>();
  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }
  #observe(slot: number, rtt: number, now: number): void {
    const cost = this.#costs.get(slot) ?? 0;
    const w = Math.exp(-Math.max(0, now - (this.#stamps.get(slot) ?? 0)) / 10_000);
    this.#costs.set(slot, rtt > cost ? rtt : cost * w + rtt * (1 - w));
    this.#stamps.set(slot, now);
  }
  load(slot: number, now: number): number {
    this.#observe(slot, 0, now);
    const pending = this.#endpoints.pendingOf(slot);
    const cost = this.#costs.get(slot)!;
    return cost === 0 && pending > 0 ? PENALTY + pending : cost * (pending + 1);
  }
  isLess(slot: number, than: number, now: number): boolean {
    return this.load(slot, now) < this.load(than, now);
  }
  begin(slot: number): void {
    this.#endpoints.begin(slot);
  }
  end(slot: number, beganAt: number, now: number): void {
    this.#observe(slot, now - beganAt, now);
    this.#endpoints.end(slot);
  }
}
