/**
 * No more than so many calls a second leave here. Calls past that wait in order of arrival up to `waitMaxMs`, or are refused at once with
 * `rate-limited` and the time after which a token will be there. For promises to others (a quota); against overload, limit concurrency:
 * a rate that was right yesterday is wrong when the service is slow.
 */
import { assert, Instant } from '../base/index.ts';
import type { Call, CancelListener, Policy, Sink, Stage } from './call.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { ResilienceError } from './resilience-error.ts';
import { NEVER, TokenBucket, type TokenBucketOptions } from './token-bucket.ts';
import type { Time } from './world.ts';

export interface RateLimitOptions extends PolicyOptions, TokenBucketOptions {
  /** The longest that a call waits for its token. Default 0: it is refused. At most rate · wait calls wait. */
  readonly waitMaxMs?: number;
}

export class RateLimit implements Policy {
  readonly endsWithAttempts = true;
  readonly #time: Time;
  readonly #bucket: TokenBucket;
  readonly #waitMaxMs: number;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(time: Time, options: RateLimitOptions) {
    assert(options.burst >= 1, `burst must be >= 1, not ${options.burst}: no call would ever pass`);
    this.#time = time;
    this.#bucket = new TokenBucket(options);
    this.#waitMaxMs = options.waitMaxMs ?? 0;
    assert(this.#waitMaxMs >= 0, `waitMaxMs must be >= 0, not ${options.waitMaxMs}`);
    this.#name = options.name ?? 'rate limit';
    this.#events = options.events;
  }

  bind(next: Stage): Stage {
    return {
      start: (call, sink) => {
        if (call.isCancelled) return sink.fail(call.reason);
        const now = this.#time.clock.monotonic();
        const waitMs = this.#bucket.reserve(1, now, this.#waitMaxMs);
        if (waitMs === 0) next.start(call, sink);
        else if (waitMs === NEVER) this.#refuse(sink, now);
        else this.#wait(call, sink, next, Instant.add(now, waitMs));
      },
    };
  }

  #refuse(sink: Sink, now: number): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'refused', policy: this.#name, code: 'rate-limited' });
    const waitMs = this.#bucket.waitMs(1, now);
    const when = waitMs === NEVER ? 'no token will ever come' : `no token for ${Math.ceil(waitMs)} ms`;
    sink.fail(ResilienceError.of('rate-limited', `${this.#name}: ${when}`, waitMs));
  }

  #wait(call: Call, sink: Sink, next: Stage, dueAt: Instant): void {
    const listener: CancelListener = {
      cancelled: (reason) => {
        timer[Symbol.dispose]();
        this.#bucket.cancel(1, dueAt, this.#time.clock.monotonic());
        sink.fail(reason);
      },
    };
    const timer = this.#time.timers.at(dueAt, () => {
      call.ignore(listener);
      next.start(call, sink);
    });
    call.listen(listener);
  }
}
