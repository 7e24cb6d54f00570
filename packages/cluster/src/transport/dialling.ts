import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import {
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  FrameKind,
  type Hello,
  type Welcome,
  WireError,
} from '../wire/index.ts';
import { FramedConnection, type FrameListener } from './framed-connection.ts';

export interface DiallingOwner {
  /** The other side has welcomed us: the owner establishes the connection. */
  welcomed(dialling: Dialling, welcome: Welcome): void;
  /** The attempt has failed. `complaint` says why where a person should know: the other side is there, but refuses us. */
  failed(dialling: Dialling, reason: string, complaint: string | undefined): void;
}

/** The dialling side of a handshake: one attempt, for a limited time. */
export class Dialling implements FrameListener {
  readonly framed: FramedConnection;
  readonly #owner: DiallingOwner;
  readonly #timer: Disposable;
  readonly #hello: Hello;
  #helloSent = false;
  #complaint: string | undefined;
  #over = false;

  constructor(env: Env, address: Address, hello: Hello, timeoutMs: number, owner: DiallingOwner) {
    this.#owner = owner;
    this.#hello = hello;
    this.framed = new FramedConnection(this, () => this.#connected());
    this.framed.attach(env.net.connect(address, this.framed));
    const late = new Error(`no answer within ${timeoutMs} ms`);
    this.#timer = env.timers.at(Instant.add(env.clock.monotonic(), timeoutMs), () => this.framed.destroy(late));
  }

  /** The other side can be reached and has been asked. */
  get helloSent(): boolean {
    return this.#helloSent;
  }

  /** Gives the attempt up without a word to the owner. */
  abandon(): void {
    this.#finish();
    this.framed.destroy(undefined);
  }

  frame(kind: number, payload: Uint8Array): void {
    if (kind === FrameKind.welcome) {
      const welcome = decodeWelcome(payload);
      this.#finish();
      this.#owner.welcomed(this, welcome);
    } else if (kind === FrameKind.refusal) {
      const { code, message } = decodeRefusal(payload);
      if (code !== 'duplicate' && code !== 'stopping') this.#complaint = `${code}: ${message}`;
      this.framed.destroy(new Error(`refused as ${code}`));
    } else throw new WireError('unexpected', `a frame of kind ${kind} in place of welcome`);
  }

  closed(reason: Error | undefined): void {
    if (this.#over) return;
    this.#finish();
    if (reason instanceof WireError) this.#complaint = reason.message;
    this.#owner.failed(this, reason?.message ?? 'closed', this.#complaint);
  }

  #connected(): void {
    this.#helloSent = true;
    this.framed.send(FrameKind.hello, encodeHello(this.#hello));
  }

  #finish(): void {
    this.#over = true;
    this.#timer[Symbol.dispose]();
  }
}
