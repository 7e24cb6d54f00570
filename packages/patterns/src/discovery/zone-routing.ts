/**
 * Zone-aware routing: as much as possible stays in the caller's own zone, but no endpoint gets more than its share (Envoy, "Zone aware routing").
 *
 *     the zone has at least as large a part of the capacity as of the callers:  all stay
 *     otherwise capacity / callers stay, and the rest goes to the zones that have more capacity than callers, in proportion to what they have over
 *
 * Endpoints that fall ill make their zone's capacity smaller, and so the callers' requests flow over to the others. When all callers do this, every
 * endpoint gets the same. Pure; O(zones).
 */

/** What each zone has, in any unit; a zone that is not named has none. */
export type ZoneAmounts = ReadonlyMap<string, number>;

export interface ZonePlan {
  /** What part stays, within 0 and 1. */
  readonly localShare: number;
  /** Where the rest goes; the shares of all sum up to 1 − `localShare`. */
  readonly others: readonly { readonly zone: string; readonly share: number }[];
}

/** `callers`: how many instances there are like the one that asks; `capacity`: the weights of the endpoints that can be picked. */
export function planZoneRouting(localZone: string, callers: ZoneAmounts, capacity: ZoneAmounts): ZonePlan {
  const callerShare = shareOf(callers, localZone);
  const capacityShare = shareOf(capacity, localZone);
  if (capacityShare >= callerShare && capacityShare > 0) return { localShare: 1, others: [] };
  const localShare = callerShare === 0 ? 0 : capacityShare / callerShare;
  const over = [...capacity.keys()]
    .filter((zone) => zone !== localZone)
    .map((zone) => ({ zone, share: Math.max(0, shareOf(capacity, zone) - shareOf(callers, zone)) }));
  const total = over.reduce((sum, { share }) => sum + share, 0);
  // Without callers there is nothing to be over: by capacity, then.
  const rest = total > 0 ? over : over.map(({ zone }) => ({ zone, share: shareOf(capacity, zone) }));
  const sum = total > 0 ? total : rest.reduce((whole, { share }) => whole + share, 0);
  const others = rest
    .filter(({ share }) => share > 0)
    .map(({ zone, share }) => ({ zone, share: ((1 - localShare) * share) / sum }));
  return { localShare, others };
}

/** The zone of one request; `uniform` from [0, 1) decides. O(zones), allocates nothing. */
export function pickZone(plan: ZonePlan, localZone: string, uniform: number): string {
  let left = uniform - plan.localShare;
  if (left < 0 || plan.others.length === 0) return localZone;
  for (let at = 0; at < plan.others.length - 1; at++) {
    left -= plan.others[at]!.share;
    if (left < 0) return plan.others[at]!.zone;
  }
  return plan.others[plan.others.length - 1]!.zone;
}

function shareOf(amounts: ZoneAmounts, zone: string): number {
  let total = 0;
  for (const amount of amounts.values()) total += amount;
  return total === 0 ? 0 : (amounts.get(zone) ?? 0) / total;
}
