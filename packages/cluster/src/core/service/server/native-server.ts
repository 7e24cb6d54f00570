import type { Env } from '@quorate/env';
import type { ClientConnection, ClientHandler } from '../../../transport/types.ts';
import type { CoreBackend } from '../core-backend.ts';
import { LeaderAbsence } from '../leader-absence.ts';
import { ClientSession } from './client-session.ts';
import { WatchEncoder } from './watch-encoder.ts';

/** Serves native clients. To be given to the transport as its `onClient`. */
export class NativeServer {
  readonly #env: Pick<Env, 'tasks' | 'log' | 'clock' | 'timers'>;
  readonly #backend: CoreBackend;
  readonly #sessions: Set<ClientSession> = new Set();
  readonly #encoder: WatchEncoder = new WatchEncoder();
  /** Those with answers that have not been written yet. */
  readonly #dirty: Set<ClientSession> = new Set();
  readonly #subscription: Disposable;
  readonly #absence: LeaderAbsence;
  #stopped = false;

  constructor(env: Pick<Env, 'tasks' | 'log' | 'clock' | 'timers'>, backend: CoreBackend) {
    this.#env = env;
    this.#backend = backend;
    // Answers to writes leave in the turn in which they were applied, and not a turn later.
    this.#subscription = backend.onApplied(() => {
      for (const session of this.#dirty) session.flush();
    });
    this.#absence = new LeaderAbsence(env, backend.view, () => {
      for (const session of this.#sessions) session.endWatches();
    });
  }

  get clientCount(): number {
    return this.#sessions.size;
  }

  accept(connection: ClientConnection): ClientHandler | undefined {
    if (this.#stopped) return undefined;
    const session: ClientSession = new ClientSession({
      env: this.#env,
      backend: this.#backend,
      encoder: this.#encoder,
      connection,
      gone: () => this.#sessions.delete(session),
      dirty: this.#dirty,
    });
    this.#sessions.add(session);
    return session;
  }

  /** Answers nothing more. Connections are the transport's to close. */
  stop(): void {
    this.#stopped = true;
    this.#subscription[Symbol.dispose]();
    this.#absence[Symbol.dispose]();
    for (const session of [...this.#sessions]) session.closed();
  }
}
