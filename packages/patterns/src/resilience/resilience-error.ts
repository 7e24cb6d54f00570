import { withoutStack } from '../base/index.ts';

/**
 * - `timed-out`: the time given to the call is over. It may have had its effect.
 * - `circuit-open`: too much has failed lately; asked again after `retryAfterMs`.
 * - `bulkhead-full`: as many calls run and wait as may.
 * - `limit-reached`: as many calls run as the adaptive limit allows now.
 * - `rate-limited`: more calls than the rate allows; a token is there after `retryAfterMs`.
 * - `throttled`: the backend refuses much, so this call was not even sent.
 */
export type ResilienceErrorCode =
  | 'timed-out'
  | 'circuit-open'
  | 'bulkhead-full'
  | 'limit-reached'
  | 'rate-limited'
  | 'throttled';

/** What a refused or given-up call has done to the world. */
export type CallOutcome = 'not-applied' | 'unknown';

/** A policy has ended the call. Refusals are frequent and carry no stack: the code says where they come from. */
export class ResilienceError extends Error {
  override readonly name = 'ResilienceError';
  readonly code: ResilienceErrorCode;
  /** Whether asking again, later, may lead to another answer. True of all of these. */
  readonly retryable: boolean = true;
  readonly outcome: CallOutcome;
  /** Not worth asking again before that many milliseconds; undefined when not known. */
  readonly retryAfterMs: number | undefined;

  private constructor(code: ResilienceErrorCode, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.code = code;
    this.outcome = code === 'timed-out' ? 'unknown' : 'not-applied';
    this.retryAfterMs = retryAfterMs;
  }

  /** O(1), without a stack. */
  static of(code: ResilienceErrorCode, message: string, retryAfterMs?: number): ResilienceError {
    return withoutStack(() => new ResilienceError(code, message, retryAfterMs));
  }
}

/** Whether a policy, or whoever uses the same code, gave up waiting. */
export function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 'timed-out';
}

/** Whether another attempt may go better: an error whose `retryable` is false says that it will not. */
export function isNotFinal(error: unknown): boolean {
  return typeof error !== 'object' || error === null || (error as { retryable?: unknown }).retryable !== false;
}
