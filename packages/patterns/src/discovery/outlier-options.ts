/** What an outlier is, and what happens to one. Names and defaults are Envoy's where nothing else is said. */
import { assert } from '../base/index.ts';

/** How a request ended, as far as it says something about the endpoint. */
export type RequestResult =
  | 'success'
  /** It answered that it failed: any 5xx but a gateway's. */
  | 'server-error'
  /** It answered 502, 503 or 504: what is behind it failed. */
  | 'gateway-error'
  /** No answer came: refused, reset, timed out. */
  | 'local-failure';

export type OutlierCause =
  | 'consecutive-5xx'
  | 'consecutive-gateway-failure'
  | 'consecutive-local-failure'
  | 'success-rate'
  | 'success-rate-local'
  | 'failure-percentage'
  | 'failure-percentage-local';

export interface OutlierOptions {
  /** How often rates are compared and ejections end. Default 10,000. */
  readonly intervalMs?: number;
  /** How long the first ejection lasts; the n-th in a row n times as long. Default 30,000. */
  readonly baseEjectionMs?: number;
  /** Longer it never lasts. Default 300,000, or `baseEjectionMs` when that is more. */
  readonly maxEjectionMs?: number;
  /** A random time up to this is added, so that not all come back at once. Default 0. */
  readonly ejectionJitterMs?: number;
  /** What part of all may be ejected at a time. Default 10. */
  readonly maxEjectionPercent?: number;
  /** One may always be ejected. Default true; in Envoy false, with which nothing is ever ejected from a cluster of fewer than ten. */
  readonly alwaysEjectOne?: boolean;
  /** Counts failures without an answer by themselves instead of as gateway errors. Default false. */
  readonly splitLocalFailures?: boolean;
  /** Failures in a row. Defaults 5. */
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayFailure?: number;
  readonly consecutiveLocalFailure?: number;
  /** Ejects whose success rate is below the mean of all less so many standard deviations. Default 1.9. */
  readonly successRateStdevFactor?: number;
  /** Only when so many endpoints had enough requests in the interval. Default 5. */
  readonly successRateHostsMin?: number;
  /** Default 100. */
  readonly successRateRequestsMin?: number;
  /** Ejects who fails at least so often, in percent. Default 85. */
  readonly failurePercentage?: number;
  /** Default 5. */
  readonly failurePercentageHostsMin?: number;
  /** Default 50. */
  readonly failurePercentageRequestsMin?: number;
  /** Of each cause, in what part of the cases the endpoint is really ejected. Default 100; 0 for gateway failures and failure percentages. */
  readonly enforcePercent?: Partial<Record<OutlierCause, number>>;
}

export type OutlierSettings = Required<OutlierOptions> & { readonly enforcePercent: Record<OutlierCause, number> };

const DEFAULTS = {
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  ejectionJitterMs: 0,
  maxEjectionPercent: 10,
  alwaysEjectOne: true,
  splitLocalFailures: false,
  consecutive5xx: 5,
  consecutiveGatewayFailure: 5,
  consecutiveLocalFailure: 5,
  successRateStdevFactor: 1.9,
  successRateHostsMin: 5,
  successRateRequestsMin: 100,
  failurePercentage: 85,
  failurePercentageHostsMin: 5,
  failurePercentageRequestsMin: 50,
};

const ENFORCED: Record<OutlierCause, number> = {
  'consecutive-5xx': 100,
  'consecutive-gateway-failure': 0,
  'consecutive-local-failure': 100,
  'success-rate': 100,
  'success-rate-local': 100,
  'failure-percentage': 0,
  'failure-percentage-local': 0,
};

export function outlierSettings(options: OutlierOptions): OutlierSettings {
  const { baseEjectionMs = DEFAULTS.baseEjectionMs } = options;
  const settings = {
    ...DEFAULTS,
    maxEjectionMs: Math.max(300_000, baseEjectionMs),
    ...options,
    enforcePercent: { ...ENFORCED, ...options.enforcePercent },
  };
  assert(settings.intervalMs > 0, `intervalMs must be > 0, not ${settings.intervalMs}`);
  assert(baseEjectionMs > 0, `baseEjectionMs must be > 0, not ${baseEjectionMs}`);
  assert(
    settings.maxEjectionMs >= baseEjectionMs,
    `maxEjectionMs must be at least baseEjectionMs, not ${settings.maxEjectionMs}`,
  );
  return settings;
}
