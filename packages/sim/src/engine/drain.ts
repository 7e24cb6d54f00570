/**
 * Runs all waiting promise reactions between two events. This file is the one place in `sim` that touches the host's
 * event loop. Why it must: drivers use promises (the disk's, the client's), and an event that ran before the reactions
 * of the one before it would make the run depend on how many turns of the microtask queue a chain of promises takes.
 *
 * - `synchronous`: Node's `process._tickCallback` (undocumented, there from Node 20 to 26) empties the queue within the
 *   call. Only outside of a microtask, hence the start in a fresh macrotask. About 15 ns when there is nothing to do.
 * - `macrotask`: everywhere else, one `MessageChannel` message per event. The host empties the queue before it delivers
 *   the next message. About fifty times slower, and with the same digest.
 */
export type DrainStrategy = 'synchronous' | 'macrotask';

interface HostWithTicks {
  readonly process?: { readonly _tickCallback?: () => void };
}

/** The host's synchronous drain, or undefined when it has none. */
export function findSynchronousDrain(): (() => void) | undefined {
  const host = (globalThis as HostWithTicks).process;
  return typeof host?._tickCallback === 'function' ? host._tickCallback.bind(host) : undefined;
}

/** Calls back in fresh macrotasks, one per `next`, until closed. */
export class MacrotaskChannel {
  readonly #channel = new MessageChannel();
  #callback: (() => void) | undefined;

  constructor() {
    this.#channel.port1.onmessage = () => {
      const callback = this.#callback;
      this.#callback = undefined;
      callback?.();
    };
  }

  next(callback: () => void): void {
    this.#callback = callback;
    this.#channel.port2.postMessage(0);
  }

  close(): void {
    this.#channel.port1.close();
  }
}
