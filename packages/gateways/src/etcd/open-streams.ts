import type { Core } from '@quorate/cluster/core';
import { CoreError } from '@quorate/cluster/core';
import type { CallContext, Method, ServerStream } from './grpc/method.ts';

/** Calls whose metadata say `hasleader: true` want to fail rather than wait while no leader is known. */
function requiresLeader(context: CallContext): boolean {
  return context.metadata('hasleader') === 'true';
}

const noLeader = (): CoreError => new CoreError('no-leader', 'no leader is known', { retryable: true });

/**
 * All streams that are open, so that they can be ended: those that require a leader once none has been known for
 * `toleranceMs`, and all of them when the gateway closes.
 */
export class OpenStreams implements Disposable {
  readonly #core: Core;
  readonly #toleranceMs: number;
  readonly #streams = new Set<ServerStream<unknown>>();
  readonly #timer: NodeJS.Timeout;
  #missingSince: number | undefined;

  constructor(core: Core, toleranceMs: number) {
    this.#core = core;
    this.#toleranceMs = toleranceMs;
    this.#timer = setInterval(() => this.#check(), toleranceMs / 6);
    this.#timer.unref();
  }

  /** @throws CoreError `no-leader` for a call that requires a leader while there is none. */
  readonly admit = (context: CallContext): void => {
    if (requiresLeader(context) && this.#core.status.raft.leader === undefined) throw noLeader();
  };

  /** The same method, with its streams under watch. */
  guard(method: Method): Method {
    if (method.kind === 'unary') return method;
    return {
      ...method,
      open: (stream) => {
        const listener = method.open(stream);
        this.#streams.add(stream);
        return {
          message: (request) => listener.message(request),
          ended: () => listener.ended(),
          drained: () => listener.drained(),
          closed: () => {
            this.#streams.delete(stream);
            listener.closed();
          },
        };
      },
    };
  }

  #check(): void {
    if (this.#core.status.raft.leader !== undefined) {
      this.#missingSince = undefined;
      return;
    }
    const now = performance.now();
    this.#missingSince ??= now;
    if (now - this.#missingSince < this.#toleranceMs) return;
    for (const stream of [...this.#streams]) if (requiresLeader(stream.context)) stream.fail(noLeader());
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    const stopped = new CoreError('stopped', 'the gateway is closing', { retryable: true });
    for (const stream of [...this.#streams]) stream.fail(stopped);
  }
}
