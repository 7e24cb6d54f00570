import type { CircuitState } from './circuit.ts';

/** What policies tell about themselves. `policy` is the name given in the policy's options. */
export type ResilienceEvent =
  | {
      readonly kind: 'retry';
      readonly policy: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    }
  /** No further attempt: there were enough, the error is final, or the budget is spent. */
  | {
      readonly kind: 'gave-up';
      readonly policy: string;
      readonly attempts: number;
      readonly why: 'attempts' | 'error' | 'budget';
      readonly error: unknown;
    }
  | { readonly kind: 'timed-out'; readonly policy: string; readonly timeoutMs: number }
  | { readonly kind: 'circuit'; readonly policy: string; readonly from: CircuitState; readonly to: CircuitState }
  /** A call was not let through. `code` is that of its error. */
  | { readonly kind: 'refused'; readonly policy: string; readonly code: string }
  | { readonly kind: 'hedged'; readonly policy: string; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: 'fell-back'; readonly policy: string; readonly error: unknown }
  | { readonly kind: 'limit'; readonly policy: string; readonly from: number; readonly to: number };

/**
 * Where events go. A `Channel` of `node:diagnostics_channel` is one: pass `channel('quorate.resilience')`. Nothing is built for an event
 * while nobody subscribes. `publish` must not throw, as that of a `Channel` does not: the call that it tells of would not end.
 */
export interface EventChannel {
  readonly hasSubscribers: boolean;
  publish(event: ResilienceEvent): void;
}

/** Name and events, as every policy takes them. */
export interface PolicyOptions {
  /** Appears in errors and events. Default: the policy's kind. */
  readonly name?: string;
  readonly events?: EventChannel;
}
