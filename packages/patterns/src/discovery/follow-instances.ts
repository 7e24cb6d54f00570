/** From what a registry knows to what a balancer picks from. */
import type { Instant } from '../base/index.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import type { Instance } from './instance.ts';

/**
 * Makes the endpoints those of `instances`: new ones come, changed ones keep what is known of them, those that are gone or draining leave. Returns the ids
 * for which there was no room. O(endpoints + instances).
 */
export function followInstances(endpoints: Endpoints, instances: readonly Instance[], now: Instant): string[] {
  const wanted = new Map(instances.filter(({ isDraining }) => !isDraining).map((instance) => [instance.id, instance]));
  for (const id of endpoints.ids) if (!wanted.has(id)) endpoints.remove(id);
  const refused: string[] = [];
  for (const { id, weight, zone, status } of wanted.values()) {
    const known = endpoints.slotOf(id);
    const isSame = known !== NO_SLOT && endpoints.weightOf(known) === weight && endpoints.zoneOf(known) === zone;
    const slot = isSame ? known : endpoints.add({ id, weight, zone }, now);
    if (slot === NO_SLOT) refused.push(id);
    else endpoints.setHealthy(slot, status !== 'critical', now);
  }
  return refused;
}
