export { AdaptiveThrottle, type AdaptiveThrottleOptions } from './adaptive-throttle.ts';
export { Backoff, type BackoffOptions, type Jitter } from './backoff.ts';
export { Bulkhead, type BulkheadOptions } from './bulkhead.ts';
export {
  Call,
  type CallContext,
  type CancelListener,
  type Operation,
  type Policy,
  type Sink,
  type Stage,
} from './call.ts';
export { type CallWindow, CountWindow, TimeWindow } from './call-window.ts';
export { Circuit, type CircuitOptions, type CircuitState, type CircuitTicket, REFUSED } from './circuit.ts';
export { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';
export { compose, Pipeline, type RunOptions } from './compose.ts';
export {
  AimdLimit,
  type AimdLimitOptions,
  type ConcurrencyLimit,
  GradientLimit,
  type GradientLimitOptions,
  type LimitRange,
  type LimitSample,
  VegasLimit,
  type VegasLimitOptions,
} from './concurrency-limit.ts';
export type { EventChannel, PolicyOptions, ResilienceEvent } from './events.ts';
export { Fallback, type FallbackOptions } from './fallback.ts';
export { Hedge, type HedgeOptions } from './hedge.ts';
export { LimitConcurrency, type LimitConcurrencyOptions } from './limit-concurrency.ts';
export { RateLimit, type RateLimitOptions } from './rate-limit.ts';
export { type CallOutcome, ResilienceError, type ResilienceErrorCode } from './resilience-error.ts';
export { Retry, type RetryOptions } from './retry.ts';
export {
  type AttemptBudget,
  RetryBudget,
  type RetryBudgetOptions,
  RetryThrottle,
  type RetryThrottleOptions,
} from './retry-budget.ts';
export {
  RetryQueue,
  type RetryQueueEffect,
  type RetryQueueInput,
  type RetryQueueOptions,
} from './retry-queue.ts';
export { ShedLoad, type ShedLoadOptions } from './shed-load.ts';
export { SlidingWindow } from './sliding-window.ts';
export {
  type Cached,
  type Freshness,
  StaleWhileRevalidate,
  type StaleWhileRevalidateOptions,
} from './stale-while-revalidate.ts';
export { Timeout, type TimeoutOptions } from './timeout.ts';
export { NEVER, TokenBucket, type TokenBucketOptions } from './token-bucket.ts';
export type { MonotonicClock, RandomNumber, Time, TimerSource } from './world.ts';
