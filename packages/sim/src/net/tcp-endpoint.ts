/**
 * One end of a connection, in the manner of TCP as a Node process sees it. Both ends exist from the start; the far one
 * is `absent` until the first segment reaches its machine.
 *
 *     absent --open--> opening --opened/confirmed--> open --close()--> closing --peer's end, or linger--> closed
 *                         |                            |                  |                                 ^
 *                         +-- refused, timed out ------+-- destroy(), reset, timed out, process or power ---+
 *
 * `closing` sends what is queued, then its end, and ignores what comes in. The handler is only ever called from an event
 * of its own process, never within a call of the owner's.
 */
import { type Address, type Connection, type ConnectionHandler, NetError, type NetErrorCode } from '@quorate/env';
import { withoutStack } from '@quorate/patterns/base';
import type { SimEvent } from '../engine/sim-event.ts';
import { EndpointEvent } from './endpoint-event.ts';
import type { Link } from './link.ts';
import type { NetProcess } from './process.ts';
import type { Segment } from './segment.ts';
import type { NetStack } from './stack.ts';
import { TcpSender } from './tcp-sender.ts';

type Phase = 'absent' | 'opening' | 'open' | 'closing' | 'closed';

export class TcpEndpoint implements Connection {
  readonly id: number;
  readonly stack: NetStack;
  readonly remote: Address;
  readonly openedAtUs: number;
  peer!: TcpEndpoint;
  process: NetProcess | undefined;
  /** Bytes that this end's process has taken. */
  takenBytes = 0;
  #sender!: TcpSender;
  #handler: ConnectionHandler | undefined;
  #phase: Phase;
  #closeOnceOpen = false;
  #congested = false;
  #inFlush = false;
  #endSent = false;
  #peerEnded = false;
  #readPaused = false;
  #inbox: Segment[] = [];
  #nextOrder = 0;
  /** Segments that came before their turn; at most a window's worth. */
  readonly #early = new Map<number, Segment>();
  #timeout: SimEvent | undefined;

  constructor(stack: NetStack, id: number, remote: Address, phase: 'absent' | 'opening') {
    this.stack = stack;
    this.id = id;
    this.remote = remote;
    this.#phase = phase;
    this.openedAtUs = stack.engine.nowUs;
  }

  wire(peer: TcpEndpoint, out: Link, back: Link): void {
    this.peer = peer;
    this.#sender = new TcpSender(this.stack, this.id, peer, out, back);
  }

  /** The process's side of an outgoing connection. */
  begin(process: NetProcess, handler: ConnectionHandler): void {
    this.process = process;
    this.#handler = handler;
    this.#sender.send('open');
    const { connectTimeoutMs } = this.stack.limits;
    this.#timeout = this.#later(connectTimeoutMs * 1000, 'connect timeout', () => {
      if (this.#phase === 'opening') this.#finish(this.#error('timed-out', `no answer within ${connectTimeoutMs} ms`));
    });
  }

  /** The same, to a host that does not exist. */
  beginInVain(process: NetProcess, handler: ConnectionHandler): void {
    this.process = process;
    this.#handler = handler;
    this.fail('not-found', 'no host has that name');
  }

  /** A machine that knows nothing of this connection, or no more, answers the peer that tries again. */
  answerReset(): void {
    this.#sender.send('reset');
  }

  get bufferedBytes(): number {
    return this.#sender.outbox.sizeBytes;
  }

  get congested(): boolean {
    return this.#congested;
  }

  get isUnanswered(): boolean {
    return this.#sender.isUnanswered;
  }

  write(chunk: Uint8Array): void {
    const isWritable = this.#phase === 'open' || (this.#phase === 'opening' && !this.#closeOnceOpen);
    if (!isWritable || chunk.length === 0) return;
    this.#sender.outbox.push(chunk);
    if (this.bufferedBytes > this.stack.limits.highWaterBytes) this.#congested = true;
    this.#armFlush();
  }

  pause(): void {
    this.#readPaused = true;
  }

  resume(): void {
    if (!this.#readPaused) return;
    this.#readPaused = false;
    if (this.#inbox.length > 0) this.#later(0, 'resumed reading', () => this.#readInbox());
  }

  close(): void {
    if (this.#phase === 'opening') this.#closeOnceOpen = true;
    else if (this.#phase === 'open') this.#startClosing();
  }

  destroy(): void {
    if (this.#phase === 'closed') return;
    this.abandon();
    this.#later(0, 'destroyed', () => this.#tellClosed(undefined));
  }

  /** The system closes the connection for a process that has destroyed it or is no more: nobody here is told. */
  abandon(): void {
    if (this.#phase === 'closed') return;
    const established = this.#phase !== 'opening';
    // As systems do: unread bytes make it a reset. Else either, since the peer must bear both.
    const asReset = this.#inbox.length > 0 || this.#endSent || this.#sender.out.random.below(2) === 0;
    this.vanish();
    if (established) this.#sender.send(asReset ? 'reset' : 'end');
  }

  /** The power failed: not a packet leaves. */
  vanish(): void {
    this.#phase = 'closed';
    if (this.#timeout !== undefined) this.stack.engine.queue.cancel(this.#timeout);
    this.#timeout = undefined;
    this.#sender.outbox.clear();
    this.#inbox = [];
    this.#early.clear();
    this.#congested = false;
    this.stack.endpoints.delete(this);
  }

  /** The system reports a failure to the process. */
  fail(code: NetErrorCode, why: string): void {
    if (this.#phase === 'closed') return;
    const error = this.#error(code, why);
    this.vanish();
    this.#later(0, `failed: ${code}`, () => this.#tellClosed(error));
  }

  /** Called at the end of a turn in which something was written, and when the peer has taken bytes. */
  flush(): void {
    this.#inFlush = false;
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    const outcome = this.#sender.sendQueued();
    if (outcome === 'reset') this.#finish(this.#error('reset', 'reset on the way'));
    else if (outcome === 'done' && this.#phase === 'closing') this.#sendEnd();
    else if (outcome === 'done' && this.#congested) {
      this.#congested = false;
      this.#handler?.drained?.();
    }
  }

  /** Puts arriving segments in order: one that comes before its turn is kept, and comes again when it is its turn. */
  isNext(segment: Segment): boolean {
    const { order } = segment;
    if (order < 0 || this.#phase === 'closed') return true;
    if (order !== this.#nextOrder) {
      this.#early.set(order, segment);
      return false;
    }
    this.#nextOrder += 1;
    const follower = this.#early.get(this.#nextOrder);
    if (follower !== undefined) {
      this.#early.delete(this.#nextOrder);
      this.stack.engine.queue.schedule(follower, 0);
    }
    return true;
  }

  /** A segment has come to this end's machine. */
  receive(segment: Segment): void {
    if (!this.stack.isUp) return;
    const { kind } = segment;
    if (kind === 'confirmed') this.process ??= this.stack.listenerFor(this.peer)?.process;
    if (this.#phase === 'closed' || this.#phase === 'absent') {
      if (kind === 'open') this.#receiveOpen();
      else if (kind !== 'reset' && kind !== 'window') this.#sender.send('reset');
      return;
    }
    if (this.process === undefined || this.process.admit(segment)) this.#handle(segment);
  }

  /** The way back is open again: what the peer took meanwhile becomes known. */
  probeWindow(): void {
    if (this.#sender.waitsForWindow) this.#later(0, 'window probe', () => this.flush());
  }

  #handle(segment: Segment): void {
    switch (segment.kind) {
      case 'opened':
        this.#receiveOpened();
        break;
      case 'confirmed':
        this.#accept();
        break;
      case 'data':
      case 'end':
        if (this.#readPaused || this.#inbox.length > 0) this.#inbox.push(segment);
        else this.#take(segment);
        break;
      case 'reset':
        if (this.#phase === 'opening') this.#finish(this.#error('refused', 'nobody listens there'));
        else this.#finish(this.#error('reset', 'reset by the peer'));
        break;
      case 'window':
        this.#sender.waitsForWindow = false;
        this.flush();
        break;
      case 'open':
        break;
    }
  }

  #receiveOpen(): void {
    if (this.#phase !== 'absent') return;
    if (this.stack.listenerFor(this.peer) === undefined) {
      this.#sender.send('reset');
      return;
    }
    this.#phase = 'opening';
    this.stack.endpoints.add(this);
    this.#sender.send('opened');
  }

  #receiveOpened(): void {
    this.stack.engine.queue.cancel(this.#timeout!);
    this.#phase = 'open';
    this.#sender.send('confirmed');
    if (this.bufferedBytes > 0) this.#armFlush();
    if (this.#closeOnceOpen) this.#startClosing();
    else this.#handler?.connected?.();
  }

  #accept(): void {
    const listener = this.stack.listenerFor(this.peer);
    if (listener === undefined) {
      this.abandon();
      this.#sender.send('reset');
      return;
    }
    this.#phase = 'open';
    const handler = listener.accept(this);
    if (handler === undefined) this.abandon();
    else this.#handler = handler;
  }

  #readInbox(): void {
    while (!this.#readPaused && (this.#phase === 'open' || this.#phase === 'closing')) {
      const segment = this.#inbox.shift();
      if (segment === undefined) return;
      this.#take(segment);
    }
  }

  #take(segment: Segment): void {
    if (segment.kind === 'end') {
      this.#takeEnd();
      return;
    }
    const bytes = segment.bytes!;
    this.takenBytes += bytes.length;
    if (this.peer.#sender.waitsForWindow) this.#sender.send('window');
    if (this.#phase === 'open') this.#handler?.data(bytes);
  }

  #takeEnd(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    if (this.#phase === 'closing') {
      if (this.#endSent) this.#finish(undefined);
    } else if (this.#handler?.ended !== undefined) this.#handler.ended();
    else this.close();
  }

  #startClosing(): void {
    this.#phase = 'closing';
    this.#armFlush();
    this.resume();
    this.#timeout = this.#later(this.stack.limits.lingerMs * 1000, 'lingered', () => {
      if (this.#phase !== 'closing') return;
      if (!this.#endSent) this.#sender.send('reset');
      this.#finish(undefined);
    });
  }

  #sendEnd(): void {
    if (this.#endSent) return;
    this.#endSent = true;
    this.#sender.send('end');
    if (this.#peerEnded) this.#finish(undefined);
  }

  #armFlush(): void {
    if (this.#inFlush || this.#phase === 'opening') return;
    this.#inFlush = true;
    this.process?.flushAtEnd(this);
  }

  /** In an event of the owner's process: the connection is over, and the handler hears of it. */
  #finish(error: NetError | undefined): void {
    if (this.#phase === 'closed') return;
    this.vanish();
    this.#tellClosed(error);
  }

  #tellClosed(error: NetError | undefined): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(error);
  }

  #error(code: NetErrorCode, why: string): NetError {
    const { host, port } = this.remote;
    return withoutStack(() => new NetError(code, `connection with ${host}:${port}: ${why}`));
  }

  #later(delayUs: number, label: string, action: () => void): SimEvent {
    const { queue } = this.stack.engine;
    const event = new EndpointEvent(this, label, action);
    queue.schedule(event, queue.nowUs + delayUs);
    return event;
  }
}
