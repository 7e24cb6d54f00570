import { Instant } from '../base/index.ts';
import type { EventChannel, ResilienceEvent } from './events.ts';
import type { Time } from './world.ts';

interface Armed {
  readonly at: number;
  readonly fn: () => void;
}

/** Time that moves when told to. */
export class FakeTime implements Time {
  #now = 0;
  #armed: Armed[] = [];
  /** How often a timer was asked for. */
  armings = 0;

  readonly clock: Time['clock'] = { monotonic: () => Instant.of(this.#now) };
  readonly timers: Time['timers'] = {
    at: (at, fn) => {
      const armed = { at, fn };
      this.armings += 1;
      this.#armed.push(armed);
      return {
        [Symbol.dispose]: () => {
          this.#armed = this.#armed.filter((one) => one !== armed);
        },
      };
    },
  };

  get now(): Instant {
    return Instant.of(this.#now);
  }

  get pending(): number {
    return this.#armed.length;
  }

  /** Fires what is due on the way, in order, and lets promises run after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#armed.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#armed = this.#armed.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

/** An operation that ends when told to. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** How a promise ended, as a value; `pending` when it has not. */
export function outcomeOf<T>(promise: Promise<T>): { value?: T; error?: unknown; state: 'pending' | 'ok' | 'failed' } {
  const outcome: { value?: T; error?: unknown; state: 'pending' | 'ok' | 'failed' } = { state: 'pending' };
  promise.then(
    (value) => Object.assign(outcome, { value, state: 'ok' }),
    (error) => Object.assign(outcome, { error, state: 'failed' }),
  );
  return outcome;
}

export class Recorded implements EventChannel {
  readonly hasSubscribers: boolean = true;
  readonly events: ResilienceEvent[] = [];

  publish(event: ResilienceEvent): void {
    this.events.push(event);
  }
}
