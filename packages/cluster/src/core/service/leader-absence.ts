import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { LeaderView } from './leader-view.ts';

/** How long a node may know no leader before it stops pretending to be up to date; etcd's tolerance for streams. */
export const LEADER_ABSENCE_MS = 3000;

/**
 * Calls `absent` when no leader has been known for `LEADER_ABSENCE_MS`, and again after each such time while that lasts: for whoever is
 * served from this node's own state, which may be standing still while the cluster goes on without it.
 */
export class LeaderAbsence implements Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #view: LeaderView;
  readonly #absent: () => void;
  readonly #subscription: Disposable;
  #timer: Disposable | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>, view: LeaderView, absent: () => void) {
    this.#env = env;
    this.#view = view;
    this.#absent = absent;
    this.#subscription = view.onChange(() => this.#look());
    this.#look();
  }

  #look(): void {
    if (this.#view.leader !== undefined) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = undefined;
    } else this.#timer ??= this.#arm();
  }

  #arm(): Disposable {
    return this.#env.timers.at(Instant.add(this.#env.clock.monotonic(), LEADER_ABSENCE_MS), () => {
      this.#timer = this.#arm();
      this.#absent();
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }
}
