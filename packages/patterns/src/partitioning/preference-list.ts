/**
 * Which `count` of a key's candidates hold its replicas: the first ones, but spread over zones as evenly as the candidates allow. With as many
 * zones as replicas each zone gets one; with fewer, none gets two more than another that still has candidates. DeCandia et al., "Dynamo: Amazon's
 * Highly Available Key-value Store", SOSP 2007, sections 4.3 and 6.4 (nodes that are skipped because they are not distinct enough).
 */

/**
 * The chosen candidates. The first candidate, the owner, stays first; the rest follow in the order in which they were chosen: those of new zones
 * before those of zones that have one already. All candidates when there are no more than `count`. O(candidates · replicas per zone).
 */
export function spread<Candidate>(
  candidates: Iterable<Candidate>,
  count: number,
  zoneOf: (candidate: Candidate) => string | undefined,
): Candidate[] {
  const chosen: Candidate[] = [];
  const used = new Map<string | undefined, number>();
  let passedOver: Candidate[] = [];
  const take = (from: Iterable<Candidate>, perZone: number): void => {
    const left: Candidate[] = [];
    for (const candidate of from) {
      if (chosen.length >= count) return;
      const zone = zoneOf(candidate);
      const inZone = used.get(zone) ?? 0;
      if (inZone < perZone) {
        used.set(zone, inZone + 1);
        chosen.push(candidate);
      } else left.push(candidate);
    }
    passedOver = left;
  };
  take(candidates, 1);
  for (let perZone = 2; chosen.length < count && passedOver.length > 0; perZone++) take(passedOver, perZone);
  return chosen;
}
