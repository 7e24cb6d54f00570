/** From what a registry knows to what a balancer picks from. */
import type { Instant } from '../base/index.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import type { Instance } from './instance.ts';

/** Whoever keeps something about each slot, such as `OutlierDetector`, adds and removes it by these. */
export interface EndpointChanges {
  readonly joined: readonly number[];
  /** Not picked any more; their last requests may still be outstanding. */
  readonly left: readonly number[];
  /** Ids for which there was no room. */
  readonly refused: readonly string[];
}

/**
 * Makes the endpoints those of `instances`: new ones come, changed ones keep what is known of them, those that are gone or draining leave.
 * O(endpoints + instances).
 */
export function followInstances(endpoints: Endpoints, instances: readonly Instance[], now: Instant): EndpointChanges {
  const wanted = new Map(instances.filter(({ isDraining }) => !isDraining).map((instance) => [instance.id, instance]));
  const gone = endpoints.ids.filter((id) => !wanted.has(id));
  const left = gone.map((id) => endpoints.slotOf(id));
  for (const id of gone) endpoints.remove(id);
  const joined: number[] = [];
  const refused: string[] = [];
  for (const { id, weight, zone, status } of wanted.values()) {
    const known = endpoints.slotOf(id);
    const isSame = known !== NO_SLOT && endpoints.weightOf(known) === weight && endpoints.zoneOf(known) === zone;
    const slot = isSame ? known : endpoints.add({ id, weight, zone }, now);
    if (slot === NO_SLOT) {
      refused.push(id);
      continue;
    }
    if (known === NO_SLOT) joined.push(slot);
    endpoints.setHealthy(slot, status !== 'critical', now);
  }
  return { joined, left, refused };
}
