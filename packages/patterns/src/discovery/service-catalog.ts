/**
 * All services and their instances, versioned: every change has a revision of its own, and the last ones are remembered, so that a watcher that was
 * away goes on where it stopped (`StateWatch` of `leases`). The state that a registry keeps, and that copies of it follow.
 *
 * Bounded: `instancesMax` in all, beyond which a new one is refused; `changesMax` remembered. Pure; a change is O(log n) and makes the lists of its
 * service anew when they are asked for next.
 */
import { assert } from '../base/index.ts';
import { RevisionLog } from '../leases/revision-log.ts';
import type { WatchSource } from '../leases/state-watch.ts';
import type { WatchRange } from '../leases/watcher.ts';
import type { Instance } from './instance.ts';
import { parseIpAddress, reverseName } from './ip-address.ts';

export interface InstanceChange {
  readonly revision: number;
  readonly service: string;
  readonly id: string;
  /** What it is now; undefined: gone. */
  readonly instance: Instance | undefined;
}

export interface ServiceCatalogOptions {
  /** Default 10,000. */
  readonly instancesMax?: number;
  /** Default 10,000. */
  readonly changesMax?: number;
}

interface Service {
  readonly byId: Map<string, Instance>;
  /** By id, until something changes. */
  sorted: readonly Instance[] | undefined;
}

const NOBODY: readonly Instance[] = [];

/** The key of an instance in watches; those of a service are next to each other. */
export function instanceKey(service: string, id: string): string {
  return `${service}/${id}`;
}

/** What to watch for the instances of one service; of all when absent. */
export function serviceRange(service?: string): WatchRange {
  // '0' is the character after '/'.
  return service === undefined
    ? { low: '', high: undefined, single: false }
    : { low: `${service}/`, high: `${service}0`, single: false };
}

export class ServiceCatalog implements WatchSource<InstanceChange> {
  readonly log: RevisionLog<InstanceChange> = new RevisionLog<InstanceChange>();
  readonly #instancesMax: number;
  readonly #changesMax: number;
  readonly #services = new Map<string, Service>();
  /** By reverse name. */
  readonly #byAddress = new Map<string, Set<Instance>>();
  #size = 0;
  #revision = 0;
  #compactRevision = 1;

  constructor(options: ServiceCatalogOptions = {}) {
    const { instancesMax = 10_000, changesMax = 10_000 } = options;
    assert(instancesMax > 0, `instancesMax must be > 0, not ${instancesMax}`);
    assert(changesMax >= 0, `changesMax must be >= 0, not ${changesMax}`);
    this.#instancesMax = instancesMax;
    this.#changesMax = changesMax;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#instancesMax;
  }

  /** Of the last change; 0: there was none. */
  get revision(): number {
    return this.#revision;
  }

  /** Watchers that have to see a revision below this one need a whole copy instead. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** Names of those that have instances, in no order. */
  get services(): Iterable<string> {
    return this.#services.keys();
  }

  has(service: string): boolean {
    return this.#services.has(service);
  }

  get(service: string, id: string): Instance | undefined {
    return this.#services.get(service)?.byId.get(id);
  }

  /** Sorted by id; the same array as long as nothing changes. */
  instancesOf(service: string): readonly Instance[] {
    const known = this.#services.get(service);
    if (known === undefined) return NOBODY;
    known.sorted ??= [...known.byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return known.sorted;
  }

  /** All, service by service. */
  *all(): Generator<Instance, void> {
    for (const { byId } of this.#services.values()) yield* byId.values();
  }

  /** Those with this address, by its name in the reverse tree (`reverseName`). */
  withReverseName(name: string): Iterable<Instance> {
    return this.#byAddress.get(name) ?? NOBODY;
  }

  /** The next change. `RangeError` when a new instance does not fit: ask `isFull` first. The revision is given here. */
  put(instance: Omit<Instance, 'revision' | 'createdRevision'>): Instance {
    const before = this.get(instance.service, instance.id);
    const revision = this.#revision + 1;
    const stored: Instance = { ...instance, revision, createdRevision: before?.createdRevision ?? revision };
    this.apply({ revision, service: instance.service, id: instance.id, instance: stored });
    return stored;
  }

  /** The next change, if there is such an instance. */
  remove(service: string, id: string): void {
    if (this.get(service, id) === undefined) return;
    this.apply({ revision: this.#revision + 1, service, id, instance: undefined });
  }

  /** A change that was made elsewhere: the one that comes next, though revisions in between may have concerned others. */
  apply(change: InstanceChange): void {
    const { revision, service, id, instance } = change;
    assert(revision > this.#revision, `changes come in order: after ${this.#revision} came ${revision}`);
    const before = this.get(service, id);
    if (before === undefined && instance !== undefined && this.isFull)
      throw new RangeError(`a catalog holds at most ${this.#instancesMax} instances`);
    if (before !== undefined) this.#take(before);
    if (instance !== undefined) this.#place(instance);
    this.#revision = revision;
    this.log.append(change);
  }

  /** Becomes a copy of another as it stood at `revision`; what was remembered is forgotten. */
  load(instances: Iterable<Instance>, revision: number): void {
    assert(revision >= this.#revision, `a copy must not be older: ${this.#revision} came before ${revision}`);
    this.#services.clear();
    this.#byAddress.clear();
    this.#size = 0;
    for (const instance of instances) {
      if (this.isFull) throw new RangeError(`a catalog holds at most ${this.#instancesMax} instances`);
      this.#place(instance);
    }
    this.#revision = revision;
    this.log.dropBefore(this.log.end);
    this.#compactRevision = revision + 1;
  }

  /** Forgets all but the last `changesMax` changes. Only when watchers have been told of what is forgotten. */
  trim(): void {
    const from = this.log.end - this.#changesMax;
    if (from <= this.log.first) return;
    this.#compactRevision = from === this.log.end ? this.#revision + 1 : this.log.at(from).revision;
    this.log.dropBefore(from);
  }

  #place(instance: Instance): void {
    let service = this.#services.get(instance.service);
    if (service === undefined) {
      service = { byId: new Map(), sorted: undefined };
      this.#services.set(instance.service, service);
    }
    service.byId.set(instance.id, instance);
    service.sorted = undefined;
    this.#size += 1;
    for (const address of instance.addresses) {
      const name = reverseName(parseIpAddress(address)!);
      const there = this.#byAddress.get(name);
      if (there === undefined) this.#byAddress.set(name, new Set([instance]));
      else there.add(instance);
    }
  }

  #take(instance: Instance): void {
    const service = this.#services.get(instance.service)!;
    service.byId.delete(instance.id);
    service.sorted = undefined;
    this.#size -= 1;
    if (service.byId.size === 0) this.#services.delete(instance.service);
    for (const address of instance.addresses) {
      const name = reverseName(parseIpAddress(address)!);
      const there = this.#byAddress.get(name);
      there?.delete(instance);
      if (there?.size === 0) this.#byAddress.delete(name);
    }
  }
}
