declare const brand: unique symbol;

/** A nominal type: a `T` that only its own constructor function may produce. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds on a monotonic clock. Comparable within one process run only. */
export type Instant = Brand<number, 'Instant'>;
export const Instant: { of(ms: number): Instant; add(at: Instant, ms: number): Instant } = {
  of: (ms) => ms as Instant,
  add: (at, ms) => (at + ms) as Instant,
};

/** Milliseconds since the Unix epoch, on a clock that people set. Never used to order events or to measure durations. */
export type WallTime = Brand<number, 'WallTime'>;
export const WallTime: { of(ms: number): WallTime } = { of: (ms) => ms as WallTime };
