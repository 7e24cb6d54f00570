/**
 * Hidden inputs of the host, replaced by stubs that throw while a world runs: whoever reads a real clock, sets a real
 * timer or draws unseeded randomness in there gives another run every time.
 */
export class DeterminismError extends Error {
  override readonly name = 'DeterminismError';
}

const FUNCTIONS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'requestIdleCallback',
  'fetch',
] as const;

type Slot = { readonly target: object; readonly name: string; readonly before: PropertyDescriptor | undefined };

/**
 * Installs the stubs. Disposing the result puts everything back. Each use is also told to `report`, since the code that is
 * at fault may catch what it is thrown.
 */
export function installGuard(report: (error: DeterminismError) => void): Disposable {
  const forbidden = (name: string) => (): never => {
    const why = 'was called inside a simulated run: use what Env gives, or the run is not repeatable';
    const error = new DeterminismError(`${name} ${why}`);
    report(error);
    throw error;
  };
  const slots: Slot[] = [];
  const host = globalThis as unknown as Record<string, unknown>;
  const replace = (target: object | undefined, name: string, value: unknown): void => {
    if (target === undefined || !(name in target)) return;
    slots.push({ target, name, before: Object.getOwnPropertyDescriptor(target, name) });
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  };
  for (const name of FUNCTIONS) replace(globalThis, name, forbidden(name));
  replace(Math, 'random', forbidden('Math.random'));
  replace(host['performance'] as object | undefined, 'now', forbidden('performance.now'));
  const crypto = host['crypto'] as object | undefined;
  replace(crypto, 'getRandomValues', forbidden('crypto.getRandomValues'));
  replace(crypto, 'randomUUID', forbidden('crypto.randomUUID'));
  replace(globalThis, 'Date', guardedDate(host['Date'] as DateConstructor, forbidden('Date.now')));
  return {
    [Symbol.dispose]: () => {
      for (const { target, name, before } of slots.reverse()) {
        if (before === undefined) Reflect.deleteProperty(target, name);
        else Object.defineProperty(target, name, before);
      }
      slots.length = 0;
    },
  };
}

/** A `Date` that still converts given instants, and only refuses to say what time it is. */
function guardedDate(real: DateConstructor, now: () => never): DateConstructor {
  return new Proxy(real, {
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
    construct: (target, args, newTarget) => (args.length === 0 ? now() : Reflect.construct(target, args, newTarget)),
    apply: () => now(),
  });
}
