/**
 * A copy of somebody else's catalog, kept up to date by a watch, and how old it is. It answers when the registry cannot be reached, with what it knew
 * last, and says so.
 *
 *     empty --load--> following --hears that its revision is forgotten--> needs a snapshot --load--> following
 *
 * Its age is the time since the registry was last heard of: ask a watcher for progress now and then, or an idle registry makes the copy look old. A
 * kernel: no clock.
 */
import type { Instant } from '../base/index.ts';
import type { WatchNotice } from '../leases/watcher.ts';
import type { Instance } from './instance.ts';
import { type InstanceChange, ServiceCatalog, type ServiceCatalogOptions } from './service-catalog.ts';

/** How much what is answered can be relied on. */
export interface Freshness {
  /** Since when the answer may be wrong; infinite when nothing was ever known. */
  readonly ageMs: number;
  readonly isStale: boolean;
}

export const FRESH: Freshness = { ageMs: 0, isStale: false };

export interface CatalogCopyOptions extends ServiceCatalogOptions {
  /** Older than this is stale. Default 10,000: some heartbeats of the watch. */
  readonly staleAfterMs?: number;
}

export class CatalogCopy {
  readonly catalog: ServiceCatalog;
  readonly #staleAfterMs: number;
  #heardAt = Number.NEGATIVE_INFINITY;
  #needsSnapshot = true;

  constructor(options: CatalogCopyOptions = {}) {
    this.catalog = new ServiceCatalog(options);
    this.#staleAfterMs = options.staleAfterMs ?? 10_000;
  }

  /** The next thing to do is to ask for a snapshot, and to `load` it. */
  get needsSnapshot(): boolean {
    return this.#needsSnapshot;
  }

  /** From which revision to watch. */
  get resumeFrom(): number {
    return this.catalog.revision + 1;
  }

  load(instances: Iterable<Instance>, revision: number, now: Instant): void {
    this.catalog.load(instances, revision);
    this.#needsSnapshot = false;
    this.#heardAt = now;
  }

  /** What a watcher of all services says. Changes that are known already are passed over, as when two watches overlap. */
  hear(notice: WatchNotice<InstanceChange>, now: Instant): void {
    if (notice.kind === 'canceled') {
      if (notice.why === 'compacted') this.#needsSnapshot = true;
      return;
    }
    if (this.#needsSnapshot) return;
    if (notice.kind === 'events')
      for (const change of notice.events) if (change.revision > this.catalog.revision) this.catalog.apply(change);
    this.catalog.trim();
    // The answer to a watch says that the registry is there, but not that the copy is up to date.
    if (notice.kind !== 'created' || notice.revision <= this.catalog.revision) this.#heardAt = now;
  }

  freshness(now: Instant): Freshness {
    const ageMs = now - this.#heardAt;
    return { ageMs, isStale: ageMs > this.#staleAfterMs };
  }
}
