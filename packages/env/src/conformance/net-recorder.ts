import { Instant } from '@quorate/patterns/base';
import type { Clock, Timers } from '../clock.ts';
import type { Connection, ConnectionHandler, Net, NetError } from '../net.ts';

export interface NetSubject {
  readonly client: Net;
  readonly server: Net;
  /** Where the server listens, as the client reaches it. */
  readonly host: string;
  /** An address of the client's own. Default `host`. */
  readonly clientHost?: string;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** A handler that writes down what it hears. */
export class Recorder implements ConnectionHandler {
  connection!: Connection;
  received: Uint8Array[] = [];
  readonly events: string[] = [];
  error: NetError | undefined;
  #listeners: (() => void)[] = [];

  connected(): void {
    this.#note('connected');
  }
  data(chunk: Uint8Array): void {
    this.received.push(chunk);
    this.#wake();
  }
  drained(): void {
    this.#note('drained');
  }
  closed(error: NetError | undefined): void {
    this.error = error;
    this.#note('closed');
  }

  get bytes(): Uint8Array {
    const all = new Uint8Array(this.received.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.received) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  async until(condition: (recorder: Recorder) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((woken) => this.#listeners.push(woken));
  }

  #note(event: string): void {
    this.events.push(event);
    this.#wake();
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** A recorder that keeps its side open when the peer has ended its own. */
export class HalfOpenRecorder extends Recorder {
  ended(): void {
    this.events.push('ended');
    this.data(new Uint8Array(0));
  }
}

export function sleep({ clock, timers }: NetSubject, ms: number): Promise<void> {
  return new Promise((done) => void timers.at(Instant.add(clock.monotonic(), ms), done));
}
