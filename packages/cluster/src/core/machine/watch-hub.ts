/** Watches of the key space: the state watch, with etcd's filters and previous values. */
import { bytesFromBinary } from '@quorate/patterns/base';
import { type CancelReason, StateWatch, type Watcher, type WatchNotice } from '@quorate/patterns/leases';
import { versionBefore } from '@quorate/patterns/transactions';
import type { WatchHandle } from '../core.ts';
import { errorText } from '../messages.ts';
import type { WatchEvent, WatchMessage, WatchRequest } from '../requests.ts';
import { keyRange } from './key-range.ts';
import type { KeySpace } from './key-space.ts';
import { plainKeyValue, type StoredVersion } from './stored-version.ts';

const PREV_KV = 1;
const WITHOUT_PUTS = 2;
const WITHOUT_DELETES = 4;
const VARIANTS = 8;

/** In etcd's words. */
const REASONS: Readonly<Record<CancelReason, string>> = {
  compacted: errorText('compacted'),
  'too-many-watchers': errorText('too-many-requests'),
  'empty-range': 'mvcc: watcher range is empty',
};

const NO_BYTES = new Uint8Array(0);

export class WatchHub {
  readonly #watch: StateWatch<StoredVersion>;
  readonly #wake: () => void;
  #space: KeySpace;
  /**
   * What lies behind versions from before this revision may have been pruned. It lags behind the key space's by one flush, because nothing is pruned
   * before it has been told.
   */
  #prunedTo: number;
  /** The notice that was rendered last, and its forms: all watchers of a group get it one after the other. */
  #rendered: WatchNotice<StoredVersion> | undefined;
  readonly #forms: (WatchMessage | undefined)[] = new Array<undefined>(VARIANTS).fill(undefined);

  /** `wake` is called when there is something to deliver though nothing was applied: then call `flush`, later. */
  constructor(space: KeySpace, wake: () => void) {
    this.#space = space;
    this.#wake = wake;
    this.#prunedTo = space.compactRevision;
    this.#watch = new StateWatch<StoredVersion>(space, { keyOf: (version) => version.cell.key });
  }

  /** Watchers that have not been canceled. */
  get size(): number {
    return this.#watch.size;
  }

  /**
   * Messages are delivered during `flush` only. One message object goes to all watchers of the same range with the same options: it, and the bytes
   * in it, must not be changed.
   */
  watch(request: WatchRequest, deliver: (message: WatchMessage) => void): WatchHandle {
    const variant =
      (request.prevKv === true ? PREV_KV : 0) |
      (request.withoutPuts === true ? WITHOUT_PUTS : 0) |
      (request.withoutDeletes === true ? WITHOUT_DELETES : 0);
    const range = keyRange(request.key, request.rangeEnd);
    const watcher = this.#watch.watch(range, request.startRevision ?? 0, (notice) => {
      const message = this.#render(notice, variant);
      if (message !== undefined) deliver(message);
    });
    this.#wake();
    return new HubHandle(watcher, this.#wake);
  }

  /** Delivers what is due, in slices. Returns whether there is more to do now. */
  flush(): boolean {
    const more = this.#watch.flush();
    this.#prunedTo = this.#space.compactRevision;
    return more;
  }

  /** Goes on with the key space that a snapshot brought. */
  rebase(space: KeySpace): void {
    this.#watch.rebase(space);
    this.#space = space;
    this.#prunedTo = space.compactRevision;
  }

  #render(notice: WatchNotice<StoredVersion>, variant: number): WatchMessage | undefined {
    if (notice.kind === 'canceled') return this.#canceled(notice);
    if (notice.kind !== 'events') return notice;
    if (this.#rendered !== notice) {
      this.#rendered = notice;
      this.#forms.fill(undefined);
    }
    let message = this.#forms[variant];
    if (message === undefined) {
      const events: WatchEvent[] = [];
      for (const version of notice.events) {
        if ((variant & (version.deleted ? WITHOUT_DELETES : WITHOUT_PUTS)) === 0) {
          events.push(this.#event(version, (variant & PREV_KV) !== 0));
        }
      }
      message = { kind: 'events', revision: notice.revision, events };
      this.#forms[variant] = message;
    }
    return message.kind === 'events' && message.events.length === 0 ? undefined : message;
  }

  #event(version: StoredVersion, withPrevious: boolean): WatchEvent {
    const known = withPrevious && version.revision - 1 >= this.#prunedTo;
    const before = known ? versionBefore<string, StoredVersion>(version) : undefined;
    const prevKv = before === undefined ? undefined : plainKeyValue(before);
    if (!version.deleted) return { type: 'put', kv: plainKeyValue(version), prevKv };
    const key = bytesFromBinary(version.cell.key);
    const kv = { key, value: NO_BYTES, createRevision: 0, modRevision: version.revision, version: 0, lease: 0 };
    return { type: 'delete', kv, prevKv };
  }

  #canceled(notice: WatchNotice<StoredVersion> & { kind: 'canceled' }): WatchMessage {
    const { revision, why } = notice;
    const compactRevision = why === 'compacted' ? this.#space.compactRevision : undefined;
    return { kind: 'canceled', revision, reason: REASONS[why], compactRevision };
  }
}

class HubHandle implements WatchHandle {
  readonly #watcher: Watcher<StoredVersion>;
  readonly #wake: () => void;

  constructor(watcher: Watcher<StoredVersion>, wake: () => void) {
    this.#watcher = watcher;
    this.#wake = wake;
  }

  get revision(): number {
    return this.#watcher.revision;
  }

  requestProgress(): void {
    this.#watcher.requestProgress();
    this.#wake();
  }

  pause(): void {
    this.#watcher.pause();
  }

  resume(): void {
    this.#watcher.resume();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#watcher.cancel();
  }
}
