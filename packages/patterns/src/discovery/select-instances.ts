/** Which instances of a service may be given to somebody who asks: only healthy ones, or, when too few are, all of them, and then that is said. */
import type { Instance } from './instance.ts';
import { isPanic, PANIC_SHARE_DEFAULT } from './panic-threshold.ts';
import type { ServiceCatalog } from './service-catalog.ts';

export interface InstanceQuery {
  readonly service: string;
  /** Only with this tag; case does not matter. */
  readonly tag?: string;
  readonly zone?: string;
  /** Also leaves out those with a warning. */
  readonly onlyPassing?: boolean;
  /** Below this share of healthy ones all are given. 0: never. Default 0.5. */
  readonly panicShare?: number;
}

export interface Selection {
  /** Whether there is such a service at all. */
  readonly isKnown: boolean;
  /** Sorted by id. */
  readonly instances: readonly Instance[];
  /** So few are healthy that health was disregarded. */
  readonly isPanic: boolean;
  readonly healthy: number;
  /** Of those asked for, draining ones left out: they are neither given nor missed. */
  readonly total: number;
}

/** O(instances of the service). */
export function selectInstances(catalog: ServiceCatalog, query: InstanceQuery): Selection {
  const { service, zone, onlyPassing = false, panicShare = PANIC_SHARE_DEFAULT } = query;
  const tag = query.tag?.toLowerCase();
  const asked = catalog
    .instancesOf(service)
    .filter(
      (instance) =>
        !instance.isDraining &&
        (tag === undefined || instance.tags.some((each) => each.toLowerCase() === tag)) &&
        (zone === undefined || instance.zone === zone),
    );
  const healthy = asked.filter(({ status }) => status === 'passing' || (status === 'warning' && !onlyPassing));
  const panics = isPanic(healthy.length, asked.length, panicShare);
  return {
    isKnown: catalog.has(service),
    instances: panics ? asked : healthy,
    isPanic: panics,
    healthy: healthy.length,
    total: asked.length,
  };
}
