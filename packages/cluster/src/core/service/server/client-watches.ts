import type { ByteReader } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { Operation } from '../../../client/protocol/operations.ts';
import { readWatchRequest } from '../../codec/index.ts';
import type { WatchHandle } from '../../core.ts';
import type { CoreError } from '../../errors.ts';
import { coreError } from '../../messages.ts';
import type { WatchRequest } from '../../requests.ts';
import type { CoreBackend } from '../core-backend.ts';
import type { WatchEncoder } from './watch-encoder.ts';

/** Watches of one connection beyond which more are refused. */
export const CONNECTION_WATCHES_MAX = 65_536;

export interface WatchSink {
  /** Sends a watch's message. Returns false when the client does not keep up. */
  message(id: number, encoded: Uint8Array): boolean;
  failed(id: number, error: CoreError, leader: NodeId | undefined): void;
}

/** Paused by whom: the watch runs when neither holds it. */
interface Watch {
  handle: WatchHandle | undefined;
  pausedByClient: boolean;
}

/** The watches of one connection: many streams on one socket. */
export class ClientWatches {
  readonly #backend: CoreBackend;
  readonly #encoder: WatchEncoder;
  readonly #sink: WatchSink;
  readonly #watches: Map<number, Watch> = new Map();
  /** The socket is full. */
  #congested = false;

  constructor(backend: CoreBackend, encoder: WatchEncoder, sink: WatchSink) {
    this.#backend = backend;
    this.#encoder = encoder;
    this.#sink = sink;
  }

  serves(operation: number): boolean {
    return operation >= Operation.watch && operation <= Operation.watchResume;
  }

  /** Throws `BytesError` on a malformed body. */
  serve(id: number, operation: number, body: ByteReader): void {
    if (operation === Operation.watch) return this.#begin(id, readWatchRequest(body));
    const watch = this.#watches.get(id);
    // One that has just ended: the client did not know yet.
    if (watch === undefined) return;
    switch (operation) {
      case Operation.unwatch:
        return this.#end(id, watch);
      case Operation.watchProgress:
        return watch.handle?.requestProgress();
      case Operation.watchPause:
        watch.pausedByClient = true;
        return watch.handle?.pause();
      default:
        watch.pausedByClient = false;
        if (!this.#congested) watch.handle?.resume();
    }
  }

  #begin(id: number, request: WatchRequest): void {
    if (this.#watches.has(id)) return;
    if (this.#watches.size >= CONNECTION_WATCHES_MAX) return this.#refuse(id, coreError('too-many-requests'));
    const watch: Watch = { handle: undefined, pausedByClient: false };
    this.#watches.set(id, watch);
    if ((request.startRevision ?? 0) !== 0) return this.#start(id, watch, request);
    // "From now on" must not be this node's now, which may be behind what the client has seen.
    const refused = this.#backend.reads.add({
      ready: (error) => {
        if (this.#watches.get(id) !== watch) return;
        if (error === undefined) this.#start(id, watch, request);
        else this.#refuse(id, error);
      },
    });
    if (refused !== undefined) this.#refuse(id, refused);
  }

  #start(id: number, watch: Watch, request: WatchRequest): void {
    watch.handle = this.#backend.core.watch(request, (message) => {
      if (message.kind === 'canceled') this.#watches.delete(id);
      if (!this.#sink.message(id, this.#encoder.encode(message))) this.pauseAll();
    });
    if (this.#congested || watch.pausedByClient) watch.handle.pause();
  }

  /** The client may begin it again elsewhere, or later. */
  #refuse(id: number, error: CoreError): void {
    this.#watches.delete(id);
    this.#sink.failed(id, error, this.#backend.view.leader);
  }

  #end(id: number, watch: Watch): void {
    this.#watches.delete(id);
    watch.handle?.[Symbol.dispose]();
  }

  pauseAll(): void {
    if (this.#congested) return;
    this.#congested = true;
    for (const watch of this.#watches.values()) watch.handle?.pause();
  }

  resumeAll(): void {
    if (!this.#congested) return;
    this.#congested = false;
    for (const watch of this.#watches.values()) if (!watch.pausedByClient) watch.handle?.resume();
  }

  /** Ends all of them; the client may begin them again elsewhere. */
  end(error: CoreError): void {
    for (const [id, { handle }] of [...this.#watches]) {
      handle?.[Symbol.dispose]();
      this.#refuse(id, error);
    }
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.handle?.[Symbol.dispose]();
    this.#watches.clear();
  }
}
