/**
 * All requests to a peer over one connection (Joshi, "Patterns of Distributed Systems", 2023, Single-Socket Channel): one connection keeps the
 * order in which they were sent, which two do not. Ids tell the answers apart; the requests of one turn leave in one write, which is
 * worth 47 times the throughput of one at a time, and shortens latency, too.
 *
 *     asking end                                        answering end
 *     ask -> pipeline -> flush ===== requests =====> receive -> 'request'
 *     'answered' <- receive <======= answers ======= flush <- answer
 *
 * When the connection breaks, what was sent may have been carried out, what was not has not: `lost` says which. A new connection is a new
 * channel; whoever asks again numbers its requests itself (see `transactions`, idempotent receiver).
 *
 * Pure: bytes in, bytes out, no socket, no clock. O(bytes).
 */
import { assert } from '../base/index.ts';
import { FRAME_HEADER_BYTES, FrameError, FrameReader, FrameWriter } from './frames.ts';
import { RequestPipeline, type RequestPipelineOptions } from './request-pipeline.ts';

export interface AskingChannelOptions extends RequestPipelineOptions {
  /** Longest payload of a request and of an answer. Default 16 MiB. */
  readonly payloadMaxBytes?: number;
}

export type AskingEffect<T> =
  | { readonly kind: 'answered'; readonly tag: T; readonly payload: Uint8Array }
  /** `unknown`: it had been sent. */
  | { readonly kind: 'lost'; readonly tag: T; readonly outcome: 'unknown' | 'not-applied' }
  /** The peer sent what is no answer. Close the connection; everything is lost. */
  | { readonly kind: 'broken'; readonly why: string };

const PAYLOAD_MAX_BYTES: number = 16 << 20;

interface Asked<T> {
  readonly tag: T;
  readonly payload: Uint8Array;
}

/** `T`: by what the caller knows its requests again. */
export class AskingChannel<T> {
  readonly #pipeline: RequestPipeline<Asked<T>>;
  readonly #writer = new FrameWriter();
  readonly #reader: FrameReader;
  readonly #payloadMax: number;
  #isClosed = false;

  constructor(options: AskingChannelOptions = {}) {
    this.#payloadMax = options.payloadMaxBytes ?? PAYLOAD_MAX_BYTES;
    this.#pipeline = new RequestPipeline(options);
    this.#reader = new FrameReader(this.#payloadMax);
  }

  get inFlight(): number {
    return this.#pipeline.inFlight;
  }

  get queued(): number {
    return this.#pipeline.queued;
  }

  /** False when too many wait already, or the channel is closed: not taken. The payload must not be changed before it is flushed. */
  ask(tag: T, payload: Uint8Array): boolean {
    assert(
      payload.length <= this.#payloadMax,
      `a request of ${payload.length} bytes, at most ${this.#payloadMax} may be`,
    );
    return !this.#isClosed && this.#pipeline.add({ tag, payload }, payload.length + FRAME_HEADER_BYTES);
  }

  /** What is to be written now: all requests that the window has room for. Call once a turn, and after `receive`. */
  flush(): Uint8Array | undefined {
    for (let next = this.#pipeline.next(); next !== undefined; next = this.#pipeline.next())
      this.#writer.add(next.id, next.request.payload);
    return this.#writer.take();
  }

  /** Bytes from the peer. Payloads are views of `chunk`. */
  receive(chunk: Uint8Array, out: AskingEffect<T>[]): void {
    if (this.#isClosed) return;
    try {
      this.#reader.read(chunk, (id, payload) => {
        const asked = this.#pipeline.answered(id);
        if (asked === undefined) throw new FrameError(`an answer with id ${id}, to which there is no request`);
        out.push({ kind: 'answered', tag: asked.tag, payload });
      });
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      out.push({ kind: 'broken', why: error.message });
      this.closed(out);
    }
  }

  /** The connection is gone. Every request that was taken has ended then, one way or the other. Idempotent. */
  closed(out: AskingEffect<T>[]): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { sent, unsent } = this.#pipeline.reset();
    for (const { tag } of sent) out.push({ kind: 'lost', tag, outcome: 'unknown' });
    for (const { tag } of unsent) out.push({ kind: 'lost', tag, outcome: 'not-applied' });
  }
}

export interface AnsweringChannelOptions {
  /** Longest payload of a request and of an answer. Default 16 MiB. */
  readonly payloadMaxBytes?: number;
  /** `as-asked`: an answer that is ready waits for those before it. `as-ready`: it leaves. Default `as-asked`. */
  readonly order?: 'as-asked' | 'as-ready';
  /** Unanswered requests past which the peer is to be paused. Default 1,024. */
  readonly unansweredMax?: number;
}

export type AnsweringEffect =
  /** `request` goes back with the answer. */
  | { readonly kind: 'request'; readonly request: UnansweredRequest; readonly payload: Uint8Array }
  | { readonly kind: 'broken'; readonly why: string };

export interface UnansweredRequest {
  readonly id: number;
  /** Its place in the order of arrival, from 0. */
  readonly place: number;
}

export class AnsweringChannel {
  readonly #writer = new FrameWriter();
  readonly #reader: FrameReader;
  readonly #payloadMax: number;
  readonly #inOrder: boolean;
  readonly #unansweredMax: number;
  /** Answers that are ready and wait for those before them, by place. */
  readonly #ready = new Map<number, { readonly id: number; readonly payload: Uint8Array }>();
  #arrived = 0;
  #answered = 0;
  /** The place of the next answer to leave. */
  #next = 0;
  #isBroken = false;

  constructor(options: AnsweringChannelOptions = {}) {
    this.#payloadMax = options.payloadMaxBytes ?? PAYLOAD_MAX_BYTES;
    this.#reader = new FrameReader(this.#payloadMax);
    this.#inOrder = options.order !== 'as-ready';
    this.#unansweredMax = options.unansweredMax ?? 1_024;
    assert(this.#unansweredMax >= 1, `unansweredMax must be >= 1, not ${options.unansweredMax}`);
  }

  /** Requests whose answers have not left. */
  get unanswered(): number {
    return this.#arrived - (this.#inOrder ? this.#next : this.#answered);
  }

  /** Whether the connection is to be paused until fewer are unanswered. What has arrived is taken all the same. */
  get isCongested(): boolean {
    return this.unanswered >= this.#unansweredMax;
  }

  receive(chunk: Uint8Array, out: AnsweringEffect[]): void {
    if (this.#isBroken) return;
    try {
      this.#reader.read(chunk, (id, payload) => {
        out.push({ kind: 'request', request: { id, place: this.#arrived }, payload });
        this.#arrived += 1;
      });
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#isBroken = true;
      out.push({ kind: 'broken', why: error.message });
    }
  }

  /** Each request is answered once, in any order. Throws for a payload that is too long: the peer would close the connection, and all would be lost. */
  answer({ id, place }: UnansweredRequest, payload: Uint8Array): void {
    assert(
      payload.length <= this.#payloadMax,
      `an answer of ${payload.length} bytes, at most ${this.#payloadMax} may be`,
    );
    this.#answered += 1;
    assert(this.#answered <= this.#arrived, 'a request is answered once');
    if (!this.#inOrder) {
      this.#writer.add(id, payload);
      return;
    }
    assert(place >= this.#next && !this.#ready.has(place), `the request at place ${place} has its answer already`);
    if (place !== this.#next) {
      this.#ready.set(place, { id, payload });
      return;
    }
    this.#writer.add(id, payload);
    this.#next += 1;
    for (let ready = this.#ready.get(this.#next); ready !== undefined; ready = this.#ready.get(this.#next)) {
      this.#ready.delete(this.#next);
      this.#writer.add(ready.id, ready.payload);
      this.#next += 1;
    }
  }

  /** What is to be written now. Call once a turn. */
  flush(): Uint8Array | undefined {
    return this.#writer.take();
  }
}
