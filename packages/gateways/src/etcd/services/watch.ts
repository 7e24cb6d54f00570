import type { Core, WatchMessage } from '@quorate/cluster/core';
import type { Method, ServerStream, StreamListener, StreamMethod } from '../grpc/method.ts';
import type { ResponseHeader } from '../messages/kv.ts';
import * as pb from '../messages/watch.ts';
import type { Headers } from './answers.ts';
import { fragment } from './fragments.ts';
import { fromCoreEvent, isEmptyRange, type ProgressRound, toCoreWatch, Watcher } from './watcher.ts';

export interface WatchOptions {
  /** How often a watcher that asked for it hears of progress while nothing happens. Default 10 minutes, less up to a tenth. */
  readonly progressIntervalMs?: number;
}

const PROGRESS_INTERVAL_MS = 600_000;
/** Watchers of one stream. */
const WATCHERS_MAX = 100_000;

/** etcd's Watch service. */
export function watchService(core: Core, headers: Headers, options: WatchOptions = {}): [path: string, Method][] {
  const watch: StreamMethod<pb.WatchRequest, pb.WatchResponse> = {
    kind: 'stream',
    request: pb.WatchRequest,
    response: pb.WatchResponse,
    open: (stream) => new WatchStream(core, headers, stream, options.progressIntervalMs ?? PROGRESS_INTERVAL_MS),
  };
  return [['/etcdserverpb.Watch/Watch', watch]];
}

/** The watchers of one stream. Ids are unique within it. */
class WatchStream implements StreamListener<pb.WatchRequest> {
  readonly #core: Core;
  readonly #headers: Headers;
  readonly #stream: ServerStream<pb.WatchResponse>;
  readonly #watchers = new Map<number, Watcher>();
  /** Ids whose watcher was ended by compaction: as in etcd, not given again until the client cancels them. */
  readonly #retired = new Set<number>();
  readonly #ticker: NodeJS.Timeout;
  #nextId = 0;
  #paused = false;

  constructor(core: Core, headers: Headers, stream: ServerStream<pb.WatchResponse>, progressIntervalMs: number) {
    this.#core = core;
    this.#headers = headers;
    this.#stream = stream;
    // A little less than asked for, so that many streams do not tick together.
    this.#ticker = setInterval(() => this.#tick(), progressIntervalMs * (1 - Math.random() / 10));
  }

  message(request: pb.WatchRequest): void {
    if (request.createRequest !== undefined) this.#create(request.createRequest);
    else if (request.cancelRequest !== undefined) this.#cancel(request.cancelRequest.watchId);
    else if (request.progressRequest !== undefined) this.#progress();
  }

  #create(request: pb.WatchCreateRequest): void {
    const watch = toCoreWatch(request);
    if (isEmptyRange(watch)) return this.#refuse('mvcc: watcher range is empty');
    if (this.#watchers.size + this.#retired.size >= WATCHERS_MAX)
      return this.#refuse(`more than ${WATCHERS_MAX} watchers on one stream`);
    if (!Number.isSafeInteger(request.watchId)) return this.#refuse('mvcc: watch ids are at most 2^53 - 1 here');
    const id = request.watchId === 0 ? this.#freeId() : request.watchId;
    if (this.#isTaken(id)) return this.#refuse('mvcc: duplicate watch ID provided on the WatchStream');
    const watcher = new Watcher(this.#core, watch, {
      id,
      fragment: request.fragment,
      progressNotify: request.progressNotify,
      deliver: this.#deliver,
    });
    this.#watchers.set(id, watcher);
    if (this.#paused) watcher.pause();
    // Said here and not when the core says it: answers come in the order of the requests, by which clients tell them apart.
    this.#send(this.#headers.now(), { watchId: id, created: true });
  }

  #freeId(): number {
    while (this.#isTaken(this.#nextId)) this.#nextId += 1;
    return this.#nextId++;
  }

  #isTaken(id: number): boolean {
    return this.#watchers.has(id) || this.#retired.has(id);
  }

  /** etcd's way to say that a watcher could not be made: created and canceled at once, without an id. */
  #refuse(cancelReason: string): void {
    this.#send(this.#headers.now(), { watchId: -1, created: true, canceled: true, cancelReason });
  }

  #cancel(id: number): void {
    const watcher = this.#watchers.get(id);
    if (watcher !== undefined) this.#remove(watcher);
    else if (!this.#retired.delete(id)) return;
    this.#send(this.#headers.now(), { watchId: id, canceled: true });
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    watcher.dispose();
    for (const round of watcher.abandon()) this.#arrived(round, watcher, round.revision);
  }

  readonly #deliver = (watcher: Watcher, message: WatchMessage): void => {
    // What was under way when the watcher was canceled.
    if (this.#watchers.get(watcher.id) !== watcher) return;
    const header = this.#headers.at(message.revision);
    switch (message.kind) {
      case 'created':
        return;
      case 'events':
        this.#events(watcher, header, message.events.map(fromCoreEvent));
        return;
      case 'progress':
        this.#progressed(watcher, message.revision);
        return;
      case 'canceled':
        this.#canceled(watcher, header, message.compactRevision, message.reason);
    }
  };

  #events(watcher: Watcher, header: ResponseHeader, events: readonly pb.Event[]): void {
    watcher.active = true;
    const response = { ...BLANK, header, watchId: watcher.id, events };
    if (watcher.fragment) for (const part of fragment(response)) this.#stream.send(part);
    else this.#stream.send(response);
    this.#throttle();
  }

  #canceled(watcher: Watcher, header: ResponseHeader, compactRevision: number | undefined, reason: string): void {
    this.#remove(watcher);
    // Of a compacted start etcd says no more than the revision.
    if (compactRevision === undefined) {
      this.#send(header, { watchId: watcher.id, canceled: true, cancelReason: reason });
    } else {
      this.#retired.add(watcher.id);
      this.#send(header, { watchId: watcher.id, canceled: true, compactRevision });
    }
  }

  /**
   * Answers for the whole stream, so it must wait until every watcher has been served up to now; otherwise the client
   * would take the revision as seen by a watcher that is still behind it.
   */
  #progress(): void {
    const round: ProgressRound = {
      kind: 'round',
      waiting: new Set(this.#watchers.values()),
      revision: Number.POSITIVE_INFINITY,
    };
    if (round.waiting.size === 0) this.#send(this.#headers.now(), { watchId: -1 });
    for (const watcher of this.#watchers.values()) watcher.requestProgress(round);
  }

  #progressed(watcher: Watcher, revision: number): void {
    for (const purpose of watcher.takePurposes()) {
      if (purpose.kind === 'round') this.#arrived(purpose, watcher, revision);
      else if (!watcher.active) this.#send(this.#headers.at(revision), { watchId: watcher.id });
    }
  }

  #arrived(round: ProgressRound, watcher: Watcher, revision: number): void {
    round.revision = Math.min(round.revision, revision);
    if (!round.waiting.delete(watcher) || round.waiting.size > 0) return;
    const header = Number.isFinite(round.revision) ? this.#headers.at(round.revision) : this.#headers.now();
    this.#send(header, { watchId: -1 });
  }

  #tick(): void {
    for (const watcher of this.#watchers.values()) {
      if (watcher.progressNotify && !watcher.active) watcher.requestProgress({ kind: 'notice' });
      watcher.active = false;
    }
  }

  #send(header: ResponseHeader, what: Partial<pb.WatchResponse>): void {
    this.#stream.send({ ...BLANK, ...what, header });
    this.#throttle();
  }

  /** A client that does not keep up stops all watchers of its stream, and may ask no more, until what was sent has left. */
  #throttle(): void {
    if (this.#paused || !this.#stream.congested) return;
    this.#paused = true;
    this.#stream.hold();
    for (const watcher of this.#watchers.values()) watcher.pause();
  }

  drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.release();
    for (const watcher of this.#watchers.values()) watcher.resume();
  }

  /** A client that has nothing more to ask goes on listening. */
  ended(): void {}

  closed(): void {
    clearInterval(this.#ticker);
    for (const watcher of this.#watchers.values()) watcher.dispose();
    this.#watchers.clear();
  }
}

const BLANK: pb.WatchResponse = pb.WatchResponse.create();
