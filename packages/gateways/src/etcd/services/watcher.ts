import type { Core, WatchEvent, WatchHandle, WatchMessage, WatchRequest } from '@quorate/cluster/core';
import { type Event, EventType, FilterType, type WatchCreateRequest } from '../messages/watch.ts';

/** Who asked for progress: the whole stream, in a round that waits for all its watchers, or the periodic notice. */
export type ProgressRound = { readonly kind: 'round'; readonly waiting: Set<Watcher>; revision: number };
type ProgressPurpose = ProgressRound | { readonly kind: 'notice' };

export interface WatcherOptions {
  readonly id: number;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  readonly deliver: (watcher: Watcher, message: WatchMessage) => void;
}

/** One watcher of a stream. */
export class Watcher {
  readonly id: number;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  /** Something was sent since the last periodic notice, which makes the next one superfluous. */
  active = false;
  readonly #handle: WatchHandle;
  /** What the next progress message will be for: the core answers with one what was asked for several times. */
  readonly #purposes: ProgressPurpose[] = [];

  constructor(core: Core, request: WatchRequest, options: WatcherOptions) {
    this.id = options.id;
    this.fragment = options.fragment;
    this.progressNotify = options.progressNotify;
    this.#handle = core.watch(request, (message) => options.deliver(this, message));
  }

  requestProgress(purpose: ProgressPurpose): void {
    // One notice under way is enough.
    if (purpose.kind === 'notice' && this.#purposes.some((other) => other.kind === 'notice')) return;
    this.#purposes.push(purpose);
    this.#handle.requestProgress();
  }

  /** What the progress message that has just come was asked for. */
  takePurposes(): ProgressPurpose[] {
    return this.#purposes.splice(0);
  }

  /** Rounds that will never hear from this watcher again. */
  abandon(): ProgressRound[] {
    return this.takePurposes().filter((purpose) => purpose.kind === 'round');
  }

  pause(): void {
    this.#handle.pause();
  }
  resume(): void {
    this.#handle.resume();
  }
  dispose(): void {
    this.#handle[Symbol.dispose]();
  }
}

const FIRST_KEY: Uint8Array = Buffer.from([0]);
const NOTHING: Uint8Array = Buffer.alloc(0);

/** Copies the key: a watcher outlives the bytes of its request. */
export function toCoreWatch(request: WatchCreateRequest): WatchRequest {
  const { startRevision, prevKv, filters } = request;
  return {
    key: request.key.length === 0 ? FIRST_KEY : Uint8Array.from(request.key),
    rangeEnd: Uint8Array.from(request.rangeEnd),
    // A negative start means what 0 means.
    startRevision: Math.max(0, Math.min(startRevision, Number.MAX_SAFE_INTEGER)),
    prevKv,
    withoutPuts: filters.includes(FilterType.noPut),
    withoutDeletes: filters.includes(FilterType.noDelete),
  };
}

/** No key lies in a range that ends at or before its beginning; `\0` as an end means "no end". */
export function isEmptyRange({ key, rangeEnd }: WatchRequest): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return false;
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return false;
  return Buffer.compare(key, rangeEnd) >= 0;
}

/** A deletion carries the key and its revision and nothing else. */
export function fromCoreEvent(event: WatchEvent): Event {
  const { kv, prevKv } = event;
  if (event.type === 'put') return { type: EventType.put, kv, prevKv };
  const { key, modRevision } = kv;
  const deleted = { key, modRevision, createRevision: 0, version: 0, value: NOTHING, lease: 0 };
  return { type: EventType.delete, kv: deleted, prevKv };
}
