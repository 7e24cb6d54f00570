/**
 * The keeper of a service catalog: instances register for as long as they renew, their checks are reported, and what no longer answers is first marked
 * and only later removed. Leases are those of `leases` (`LeaseTable`), changes go to watchers by its `StateWatch`.
 *
 *     register --> passing <--reports--> warning            critical too long
 *                    ^  ^                             lost -----------------> removed
 *              undrain  +-- lease renewed ------+      ^  (or critical)
 *                    v                          |      |
 *                 draining                   critical <+-- lease ran out, or a check failed
 *
 * Lost is not gone: when the registry's own network fails, all leases run out together, and a registry that removed them would have nothing to answer. As
 * it is, they are critical, and the panic threshold answers with all of them (as Eureka keeps them in self-preservation).
 *
 * A kernel: no clock, no timers. Renewals are O(1) and no change; others O(log instances).
 */
import { assert, Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import { LeaseTable, type LeaseTableEffect } from '../leases/lease-table.ts';
import { StateWatch } from '../leases/state-watch.ts';
import type { Watcher, WatchNotice } from '../leases/watcher.ts';
import {
  type CheckStatus,
  type Instance,
  OUTPUT_LENGTH_MAX,
  type Registration,
  registrationFault,
  statusOf,
} from './instance.ts';
import type {
  InstanceName,
  ServiceRegistryEffect,
  ServiceRegistryInput,
  ServiceRegistryOptions,
} from './registry-types.ts';
import { type InstanceChange, instanceKey, ServiceCatalog, serviceRange } from './service-catalog.ts';

interface Entry extends InstanceName {
  /** Of its lease; 0: it ran out. */
  lease: number;
  /** When it is critical. */
  removal: Removal | undefined;
}

interface Removal extends Due {
  readonly entry: Entry;
}

export class ServiceRegistry {
  readonly catalog: ServiceCatalog;
  readonly #removeCriticalMs: number;
  readonly #leases: LeaseTable;
  readonly #watch: StateWatch<InstanceChange>;
  readonly #entries = new Map<string, Entry>();
  readonly #byLease = new Map<number, Entry>();
  readonly #removals = new DeadlineHeap<Removal>();
  #lastLease = 0;
  #term = 1;

  constructor(options: ServiceRegistryOptions = {}) {
    const { removeCriticalMs = 600_000 } = options;
    assert(removeCriticalMs > 0, `removeCriticalMs must be > 0, not ${removeCriticalMs}`);
    this.#removeCriticalMs = removeCriticalMs;
    this.catalog = new ServiceCatalog(options);
    this.#leases = new LeaseTable({ expiriesPerSecondMax: options.expiriesPerSecondMax ?? 750 });
    this.#watch = new StateWatch(this.catalog, {
      keyOf: ({ service, id }) => instanceKey(service, id),
      watchersMax: options.watchersMax ?? 100_000,
    });
    this.#leases.step({ kind: 'promote', term: this.#term, leases: [], extendMs: 0 }, Instant.of(0), []);
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    const lease = this.#leases.deadline;
    const removal = this.#removals.earliest?.dueAt;
    if (lease === undefined) return removal === undefined ? undefined : Instant.of(removal);
    return removal === undefined ? lease : Instant.of(Math.min(lease, removal));
  }

  /** The instances of a service, or all, from a revision on; 0: from now on. Nothing is told before `flush`. */
  watch(
    service: string | undefined,
    from: number,
    deliver: (notice: WatchNotice<InstanceChange>) => void,
  ): Watcher<InstanceChange> {
    return this.#watch.watch(serviceRange(service), from, deliver);
  }

  /** Tells watchers what is new to them, and forgets changes beyond `changesMax`. True: call it again. */
  flush(budget?: number): boolean {
    const more = this.#watch.flush(budget);
    this.catalog.trim();
    return more;
  }

  step(input: ServiceRegistryInput, now: Instant, out: ServiceRegistryEffect[]): void {
    this.#apply(input, now, out);
    // Nobody will call `flush` for nobody.
    if (this.#watch.size === 0) this.flush();
  }

  #apply(input: ServiceRegistryInput, now: Instant, out: ServiceRegistryEffect[]): void {
    switch (input.kind) {
      case 'register':
        return this.#register(input.registration, now, out);
      case 'take-over':
        return this.#takeOver(input.instances, input.revision, input.extendMs, now);
      case 'tick':
        return this.#tick(now, out);
      default: {
        const entry = this.#entries.get(instanceKey(input.service, input.id));
        if (entry === undefined) return this.#refuse(input, 'unknown', 'there is no such instance', out);
        return this.#change(entry, input, now, out);
      }
    }
  }

  #change(
    entry: Entry,
    input: Exclude<ServiceRegistryInput, { kind: 'register' | 'take-over' | 'tick' }>,
    now: Instant,
    out: ServiceRegistryEffect[],
  ): void {
    switch (input.kind) {
      case 'renew':
        return this.#renew(entry, now, out);
      case 'deregister':
        return this.#remove(entry, 'deregistered', out);
      case 'drain':
      case 'undrain':
        return this.#update(entry, { isDraining: input.kind === 'drain' }, now);
      case 'report':
        return this.#report(entry, input.check, input.status, input.output ?? '', now, out);
    }
  }

  #register(registration: Registration, now: Instant, out: ServiceRegistryEffect[]): void {
    const { service, id, ttlMs } = registration;
    const fault = registrationFault(registration);
    if (fault !== undefined) return this.#refuse(registration, 'invalid', fault, out);
    const before = this.catalog.get(service, id);
    if (before === undefined && this.catalog.isFull)
      return this.#refuse(registration, 'full', 'the catalog holds as many instances as it may', out);
    const entry = this.#entries.get(instanceKey(service, id)) ?? { service, id, lease: 0, removal: undefined };
    this.#entries.set(instanceKey(service, id), entry);
    this.#grant(entry, ttlMs, now);
    const instance = this.#put(entry, instanceOf(registration, before), now);
    out.push({ kind: 'registered', service, id, revision: instance.revision });
  }

  #renew(entry: Entry, now: Instant, out: ServiceRegistryEffect[]): void {
    const { service, id } = entry;
    const { ttlMs } = this.#instanceOf(entry);
    if (entry.lease !== 0) this.#leases.step({ kind: 'renew', id: entry.lease }, now, []);
    else {
      this.#grant(entry, ttlMs, now);
      this.#update(entry, { isLost: false }, now);
    }
    out.push({ kind: 'renewed', service, id, ttlMs });
  }

  #report(
    entry: Entry,
    name: string,
    status: CheckStatus,
    output: string,
    now: Instant,
    out: ServiceRegistryEffect[],
  ): void {
    const { checks } = this.#instanceOf(entry);
    const check = checks.find((each) => each.name === name);
    if (check === undefined)
      return this.#refuse(entry, 'unknown-check', `it has no check ${JSON.stringify(name)}`, out);
    // What a check says changes all the time; it is no news while it says the same of the status.
    if (check.status === status) return;
    const next = { name, status, output: output.slice(0, OUTPUT_LENGTH_MAX) };
    this.#update(entry, { checks: checks.map((each) => (each === check ? next : each)) }, now);
  }

  #tick(now: Instant, out: ServiceRegistryEffect[]): void {
    const due: LeaseTableEffect[] = [];
    this.#leases.step({ kind: 'tick' }, now, due);
    for (const effect of due) if (effect.kind === 'expire') this.#lose(effect.id, now, out);
    for (let next = this.#removals.earliest; next !== undefined && next.dueAt <= now; next = this.#removals.earliest)
      this.#remove(next.entry, 'critical', out);
  }

  #lose(lease: number, now: Instant, out: ServiceRegistryEffect[]): void {
    const entry = this.#byLease.get(lease)!;
    this.#revoke(entry, now);
    this.#update(entry, { isLost: true }, now);
    out.push({ kind: 'lost', service: entry.service, id: entry.id });
  }

  #takeOver(instances: Iterable<Instance>, revision: number, extendMs: number, now: Instant): void {
    const kept = [...instances];
    this.catalog.load(kept, revision);
    this.#watch.rebase(this.catalog);
    this.#entries.clear();
    this.#byLease.clear();
    this.#removals.clear();
    const leases: { readonly id: number; readonly ttlMs: number }[] = [];
    for (const { service, id, ttlMs, isLost, status } of kept) {
      const entry: Entry = { service, id, lease: 0, removal: undefined };
      this.#entries.set(instanceKey(service, id), entry);
      this.#timeRemoval(entry, status === 'critical', now);
      if (isLost) continue;
      entry.lease = ++this.#lastLease;
      this.#byLease.set(entry.lease, entry);
      leases.push({ id: entry.lease, ttlMs });
    }
    this.#term += 1;
    this.#leases.step({ kind: 'promote', term: this.#term, leases, extendMs }, now, []);
  }

  #grant(entry: Entry, ttlMs: number, now: Instant): void {
    this.#revoke(entry, now);
    entry.lease = ++this.#lastLease;
    this.#byLease.set(entry.lease, entry);
    this.#leases.step({ kind: 'granted', id: entry.lease, ttlMs }, now, []);
  }

  #revoke(entry: Entry, now: Instant): void {
    if (entry.lease === 0) return;
    this.#leases.step({ kind: 'revoked', id: entry.lease }, now, []);
    this.#byLease.delete(entry.lease);
    entry.lease = 0;
  }

  #update(entry: Entry, change: Partial<Pick<Instance, 'checks' | 'isLost' | 'isDraining'>>, now: Instant): void {
    const before = this.#instanceOf(entry);
    if (change.isDraining === before.isDraining) return;
    this.#put(entry, { ...before, ...change }, now);
  }

  #put(entry: Entry, instance: Omit<Instance, 'status' | 'revision' | 'createdRevision'>, now: Instant): Instance {
    const status = statusOf(instance);
    this.#timeRemoval(entry, status === 'critical', now);
    return this.catalog.put({ ...instance, status });
  }

  #timeRemoval(entry: Entry, isCritical: boolean, now: Instant): void {
    if (isCritical === (entry.removal !== undefined)) return;
    if (entry.removal !== undefined) {
      this.#removals.remove(entry.removal);
      entry.removal = undefined;
    } else {
      entry.removal = { entry, dueAt: now + this.#removeCriticalMs, gone: false };
      this.#removals.add(entry.removal);
    }
  }

  #remove(entry: Entry, why: 'deregistered' | 'critical', out: ServiceRegistryEffect[]): void {
    const { service, id } = entry;
    this.#revoke(entry, Instant.of(0));
    this.#timeRemoval(entry, false, Instant.of(0));
    this.#entries.delete(instanceKey(service, id));
    this.catalog.remove(service, id);
    out.push({ kind: 'removed', service, id, why });
  }

  #refuse(
    { service, id }: InstanceName,
    why: 'full' | 'invalid' | 'unknown' | 'unknown-check',
    detail: string,
    out: ServiceRegistryEffect[],
  ): void {
    out.push({ kind: 'refused', service, id, why, detail });
  }

  #instanceOf(entry: Entry): Instance {
    const instance = this.catalog.get(entry.service, entry.id);
    assert(instance !== undefined, 'every entry has an instance in the catalog');
    return instance;
  }
}

/** What is said of an instance, with what was known of it before. */
function instanceOf(
  registration: Registration,
  before: Instance | undefined,
): Omit<Instance, 'status' | 'revision' | 'createdRevision'> {
  const { tags = [], weight = 1, priority = 0, zone = '', meta = {}, checks = [] } = registration;
  return {
    ...registration,
    tags,
    weight,
    priority,
    zone,
    meta,
    checks: checks.map(
      (name) =>
        before?.checks.find((each) => each.name === name) ?? { name, status: 'critical', output: 'not yet reported' },
    ),
    isLost: false,
    isDraining: before?.isDraining ?? false,
  };
}
