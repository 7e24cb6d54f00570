import { type ByteReader, ByteWriter } from '@quorate/patterns/base';
import { readWatchMessage, writeWatchRequest } from '../core/codec/index.ts';
import { CompactedError, CoreError } from '../core/errors.ts';
import type { WatchEvent, WatchMessage, WatchRequest } from '../core/requests.ts';
import { abortError } from '../core/service/waiting-list.ts';
import { compareBytes, type Keys, toRange } from './keys.ts';
import { readFailure } from './protocol/failures.ts';
import { Operation, Status } from './protocol/operations.ts';
import type { Stream } from './stream-table.ts';

export interface WatchOptions {
  /** From that revision on, history included. Default: what changes after this call. */
  readonly fromRevision?: number;
  /** Events carry the version before. */
  readonly previous?: boolean;
  readonly without?: 'puts' | 'deletes';
  /** Also yields batches without events, which say how far everything has been seen. */
  readonly progress?: boolean;
  /** Batches held for a slow reader before the server is asked to pause. Default 256. */
  readonly bufferedMax?: number;
  readonly signal?: AbortSignal | undefined;
}

/** All events of one revision or of several that follow on one another. */
export interface WatchBatch {
  /** Everything up to and including this revision has been seen. */
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

/** The watcher's way to its server. */
export interface WatchChannel {
  post(operation: Operation): void;
  /** The server cannot go on; begin anew elsewhere, a little later. */
  restart(): void;
  close(): void;
}

interface Reader {
  resolve(result: IteratorResult<WatchBatch, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Events as they happen, for `for await`. Survives connections and leaders: it goes on from the revision after the last one seen, so that nothing is missed
 * or seen twice. When history that it needs was compacted meanwhile, iteration throws `CompactedError`: read the present
 * state and watch again from there. Ends by `break`, by `close`, or with an `aborted` error by the signal.
 */
export class Watcher
  implements AsyncIterableIterator<WatchBatch, undefined>, AsyncDisposable, Stream, EventListenerObject
{
  readonly operation: typeof Operation.watch = Operation.watch;
  /** Resolves, once a server watches, with the revision from which on nothing is missed. Rejects when the watch fails before. */
  readonly started: Promise<number>;
  readonly #options: WatchOptions;
  readonly #range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array };
  readonly #bufferedMax: number;
  readonly #channel: WatchChannel;
  #resolveStarted!: (revision: number) => void;
  #rejectStarted!: (error: CoreError) => void;
  /** Where to go on from; 0 until the first server has said where it begins. */
  #nextRevision: number;
  #buffered: WatchBatch[] = [];
  readonly #readers: Reader[] = [];
  #paused = false;
  /** Asked for, and not heard of since: a server that did not watch yet, or a connection that has ended, has not answered. */
  #progressWanted = false;
  #failure: CoreError | undefined;
  #done = false;

  constructor(keys: Keys, options: WatchOptions, open: (watcher: Watcher) => WatchChannel) {
    this.#options = options;
    this.#range = toRange(keys);
    this.#nextRevision = options.fromRevision ?? 0;
    this.#expectSendable();
    this.#bufferedMax = options.bufferedMax ?? 256;
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    // Those who only iterate hear of a failure there.
    this.started.catch(() => {});
    this.#channel = open(this);
    if (options.signal?.aborted === true) this.handleEvent();
    else options.signal?.addEventListener('abort', this);
  }

  /** It may have to be sent at any time, over any connection: what cannot be, or makes no sense to a server, is refused here. */
  #expectSendable(): void {
    const { key, rangeEnd } = this.#range;
    if (this.#nextRevision < 0) throw unusable(`fromRevision must be 0 or more, not ${this.#nextRevision}`);
    // An end of one zero byte stands for no end.
    const open = rangeEnd.length === 0 || (rangeEnd.length === 1 && rangeEnd[0] === 0);
    if (!open && compareBytes(key, rangeEnd) >= 0) throw unusable('there is no key in the range');
    try {
      this.request(new ByteWriter(64));
    } catch (cause) {
      throw unusable((cause as Error).message, cause);
    }
  }

  /** The revision from which this watcher would go on. */
  get nextRevision(): number {
    return this.#nextRevision;
  }

  request(writer: ByteWriter): void {
    this.#paused = false;
    const request: WatchRequest = {
      ...this.#range,
      startRevision: this.#nextRevision,
      prevKv: this.#options.previous ?? false,
      withoutPuts: this.#options.without === 'puts',
      withoutDeletes: this.#options.without === 'deletes',
    };
    writeWatchRequest(writer, request);
  }

  item(status: number, reader: ByteReader): void {
    if (this.#done) return;
    if (status === Status.watch) return this.#message(readWatchMessage(reader));
    const { error } = readFailure(reader);
    if (error.retryable) this.#channel.restart();
    else this.#fail(error);
  }

  #message(message: WatchMessage): void {
    switch (message.kind) {
      case 'created':
        if (this.#nextRevision === 0) this.#nextRevision = message.revision + 1;
        if (this.#progressWanted) this.#channel.post(Operation.watchProgress);
        return this.#resolveStarted(this.#nextRevision);
      case 'events':
        return this.#batch(message);
      case 'progress':
        return this.#progress(message.revision);
      case 'canceled':
        if (message.compactRevision === undefined) return this.#channel.restart();
        return this.#fail(new CompactedError(this.#nextRevision, message.compactRevision));
    }
  }

  /** Whoever has asked gets an answer, also when there is nothing new. */
  #progress(toldOf: number): void {
    const revision = Math.max(toldOf, this.#nextRevision - 1);
    const news = revision >= this.#nextRevision || this.#progressWanted;
    this.#progressWanted = false;
    if (news && this.#options.progress === true) this.#batch({ revision, events: [] });
    else this.#nextRevision = revision + 1;
  }

  #batch({ revision, events }: WatchBatch): void {
    this.#nextRevision = revision + 1;
    const batch = { revision, events };
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ value: batch, done: false });
    this.#buffered.push(batch);
    if (this.#buffered.length >= this.#bufferedMax && !this.#paused) {
      this.#paused = true;
      this.#channel.post(Operation.watchPause);
    }
  }

  /** Asks for a batch that says how far everything has been seen: of use with `progress`. */
  requestProgress(): void {
    this.#progressWanted = true;
    this.#channel.post(Operation.watchProgress);
  }

  next(): Promise<IteratorResult<WatchBatch, undefined>> {
    const batch = this.#buffered.shift();
    if (batch !== undefined) {
      if (this.#paused && this.#buffered.length <= this.#bufferedMax / 2) {
        this.#paused = false;
        this.#channel.post(Operation.watchResume);
      }
      return Promise.resolve({ value: batch, done: false });
    }
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.close();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  handleEvent(): void {
    this.#fail(abortError('watch', this.#options.signal, 'not-applied'));
  }

  /** Ends the watch; what is buffered is dropped. Idempotent. */
  close(): void {
    this.#buffered = [];
    this.#end();
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** What is buffered can still be read; then comes the error. */
  #fail(error: CoreError): void {
    if (this.#done) return;
    this.#end(error);
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined) this.#failure = error;
    else first.reject(error);
    for (const reader of others) reader.resolve({ value: undefined, done: true });
  }

  #end(error: CoreError = new CoreError('aborted', 'the watch was closed')): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.signal?.removeEventListener('abort', this);
    this.#rejectStarted(error);
    this.#channel.close();
  }

  /** For the client alone: when it closes, or no server will have it. */
  stop(error: CoreError): void {
    this.#fail(error);
  }
}

function unusable(why: string, cause?: unknown): CoreError {
  return new CoreError('invalid-request', `watch: ${why}`, { cause });
}
