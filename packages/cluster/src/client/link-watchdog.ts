import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { type ServerLink, unavailable } from './server-link.ts';

const LOOK_EVERY_MS = 500;
/** Looks without a byte from a server that owes one, after which it is given up. */
const SILENT_MAX = 4;
/** A connection on which nothing is expected is looked at only every so many times. */
const IDLE_SHARE = 8;

/**
 * Finds connections that are dead without anybody having said so. Counts looks, not milliseconds: after a pause of this process a timer fires
 * once, and what the socket has received meanwhile is read before it fires again, so that a stalled client does not blame its server.
 */
export class LinkWatchdog implements Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #look: () => void;
  #timer: Disposable;
  #looks = 0;

  constructor(env: Pick<Env, 'clock' | 'timers'>, look: () => void) {
    this.#env = env;
    this.#look = look;
    this.#timer = this.#arm();
  }

  #arm(): Disposable {
    return this.#env.timers.at(Instant.add(this.#env.clock.monotonic(), LOOK_EVERY_MS), () => {
      this.#timer = this.#arm();
      this.#looks += 1;
      this.#look();
    });
  }

  /** `expecting`: there are calls or watches, so that the server has a reason to answer a ping soon. */
  look(link: ServerLink, expecting: boolean): void {
    if (link.open && !expecting && this.#looks % IDLE_SHARE !== 0) return;
    if (link.heard) {
      link.heard = false;
      link.silentTicks = 0;
      return;
    }
    link.silentTicks += 1;
    if (link.silentTicks < SILENT_MAX) return link.ping();
    link.fail(unavailable(link.address, `nothing heard for ${LOOK_EVERY_MS * SILENT_MAX} ms`, undefined));
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
