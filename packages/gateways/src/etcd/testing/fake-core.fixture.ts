import {
  type CallOptions,
  type Core,
  CoreError,
  type RangeRequest,
  type WatchHandle,
  type WatchMessage,
  type WatchRequest,
  type WriteRequest,
} from '@quorate/cluster/core';
import { trivialCore } from './trivial-core.fixture.ts';

export interface FakeWatcher {
  readonly request: WatchRequest;
  readonly deliver: (message: WatchMessage) => void;
  progressRequests: number;
  paused: boolean;
  disposed: boolean;
}

/** A core that does what the test tells it to, and remembers what it was asked. */
export class FakeCore {
  readonly core: Core;
  leader: number | undefined = 7;
  revision = 1;
  readonly watchers: FakeWatcher[] = [];
  readonly writes: { readonly request: WriteRequest; readonly options: CallOptions | undefined }[] = [];
  readonly ranges: { readonly request: RangeRequest; readonly options: CallOptions | undefined }[] = [];
  /** Answers writes; the default is a put's answer. */
  onWrite: (request: WriteRequest) => Promise<unknown> = () => Promise.resolve({ kind: 'put', revision: 2 });
  onRange: (request: RangeRequest) => Promise<unknown> = () =>
    Promise.resolve({ kind: 'range', revision: 2, kvs: [], more: false, count: 0 });
  onKeepAlive: (id: number) => Promise<{ ttlSeconds: number; revision: number }> = () =>
    Promise.reject(new CoreError('unavailable', 'not set'));

  constructor() {
    const fake = this;
    const base = trivialCore();
    this.core = {
      ...base,
      get status() {
        const { leader, revision } = fake;
        const configuration = { voters: [7], outgoing: [], learners: [], learnersNext: [] };
        const raft = {
          term: 2,
          role: 'leader',
          leader,
          commitIndex: 10,
          appliedIndex: 9,
          configuration,
          damaged: false,
        };
        return { ...base.status, revision, raft } as unknown as Core['status'];
      },
      write: (request: WriteRequest, options?: CallOptions) => {
        this.writes.push({ request, options });
        return this.onWrite(request);
      },
      range: (request: RangeRequest, options?: CallOptions) => {
        this.ranges.push({ request, options });
        return this.onRange(request);
      },
      keepAlive: (id: number) => this.onKeepAlive(id),
      watch: (request: WatchRequest, deliver: (message: WatchMessage) => void) => this.#watch(request, deliver),
    } as unknown as Core;
  }

  #watch(request: WatchRequest, deliver: (message: WatchMessage) => void): WatchHandle {
    const watcher: FakeWatcher = { request, deliver, progressRequests: 0, paused: false, disposed: false };
    this.watchers.push(watcher);
    return {
      revision: 0,
      requestProgress: () => {
        watcher.progressRequests += 1;
      },
      pause: () => {
        watcher.paused = true;
      },
      resume: () => {
        watcher.paused = false;
      },
      [Symbol.dispose]: () => {
        watcher.disposed = true;
      },
    };
  }
}
