import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import {
  decodeHello,
  encodeRefusal,
  FrameKind,
  type Hello,
  type Refusal,
  type RefusalCode,
  WireError,
} from '../wire/index.ts';
import { FramedConnection, type FrameListener } from './framed-connection.ts';

export interface GreetingOwner {
  /** What is wrong with a caller that says this of itself; undefined when it may go on. */
  judge(hello: Hello): Refusal | undefined;
  /** The caller may go on: the owner establishes the connection, or refuses it after all. */
  greeted(hello: Hello, framed: FramedConnection): void;
  /** The handshake is over, well or not. `complaint` says what was wrong, where that is worth a log line. */
  over(greeting: Greeting, complaint: string | undefined): void;
}

/** The accepting side of a handshake: waits for one `hello`, for a limited time. */
export class Greeting implements FrameListener {
  readonly framed: FramedConnection = new FramedConnection(this);
  readonly #owner: GreetingOwner;
  readonly #timer: Disposable;
  #over = false;

  constructor(env: Env, connection: Connection, timeoutMs: number, owner: GreetingOwner) {
    this.#owner = owner;
    this.framed.attach(connection);
    this.#timer = env.timers.at(Instant.add(env.clock.monotonic(), timeoutMs), () => this.framed.destroy(undefined));
  }

  frame(kind: number, payload: Uint8Array): void {
    if (kind !== FrameKind.hello) throw new WireError('unexpected', `a frame of kind ${kind} before hello`);
    const hello = decodeHello(payload);
    const refusal = 'code' in hello ? hello : this.#owner.judge(hello);
    if (refusal !== undefined) {
      this.#finish(`${refusal.code}: ${refusal.message}`);
      refuse(this.framed, refusal.code, refusal.message);
    } else if (!('code' in hello)) {
      this.#finish(undefined);
      this.#owner.greeted(hello, this.framed);
    }
  }

  closed(reason: Error | undefined): void {
    this.#finish(reason instanceof WireError ? reason.message : undefined);
  }

  #finish(complaint: string | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer[Symbol.dispose]();
    this.#owner.over(this, complaint);
  }
}

/** Tells the caller why it cannot stay, and closes. */
export function refuse(framed: FramedConnection, code: RefusalCode, message: string): void {
  framed.finish(FrameKind.refusal, encodeRefusal({ code, message }), undefined);
}
