/**
 * Which `count` of a key's candidates hold its replicas: the first ones, but spread over zones as evenly as the candidates allow. With as many
 * zones as replicas each zone gets one; with fewer, none gets two more than another that still has candidates. DeCandia et al., "Dynamo: Amazon's
 * Highly Available Key-value Store", SOSP 2007, sections 4.3 and 6.4 (nodes that are skipped because they are not distinct enough).
 */

/** Candidates in order, one at a time, as numbers; −1 when there are no more. None comes twice. */
export interface CandidateWalk {
  next(): number;
}

/** The zones of numbered candidates. Made once, for many keys. */
export class ZoneSpread {
  readonly #zoneOf: Int32Array;
  readonly #zones: number;
  /** At p − 1: how many zones have at least p candidates, and so how many are chosen in the p-th round. */
  readonly #zonesWith: number[] = [];

  constructor(zones: readonly (string | undefined)[]) {
    const names = [...new Set(zones)];
    const sizes = names.map(() => 0);
    const numbers = new Map(names.map((name, number) => [name, number]));
    this.#zones = names.length;
    this.#zoneOf = Int32Array.from(zones, (zone) => numbers.get(zone)!);
    for (const zone of this.#zoneOf) {
      sizes[zone]! += 1;
      this.#zonesWith[sizes[zone]! - 1] = (this.#zonesWith[sizes[zone]! - 1] ?? 0) + 1;
    }
  }

  /**
   * The chosen ones. The first candidate, the owner, stays first; the rest follow in the order in which they were chosen: those of new zones before
   * those of zones that have one already. All when there are no more than `count`. Goes no further than it must; O(candidates seen · rounds).
   */
  pick(walk: CandidateWalk, count: number): number[] {
    const chosen: number[] = [];
    const used = new Uint32Array(this.#zones);
    let passedOver: number[] = [];
    for (let round = 1; chosen.length < count && round <= this.#zonesWith.length; round++) {
      const left: number[] = [];
      const goal = Math.min(count, chosen.length + this.#zonesWith[round - 1]!);
      for (const candidate of passedOver) this.#take(candidate, round, goal, used, chosen, left);
      while (chosen.length < goal) {
        const candidate = walk.next();
        if (candidate < 0) break;
        this.#take(candidate, round, goal, used, chosen, left);
      }
      passedOver = left;
    }
    return chosen;
  }

  #take(candidate: number, round: number, goal: number, used: Uint32Array, chosen: number[], left: number[]): void {
    const zone = this.#zoneOf[candidate]!;
    if (chosen.length < goal && used[zone]! < round) {
      used[zone]! += 1;
      chosen.push(candidate);
    } else left.push(candidate);
  }
}

/** The same for candidates of any kind, best first. O(candidates · rounds). */
export function spread<Candidate>(
  candidates: readonly Candidate[],
  count: number,
  zoneOf: (candidate: Candidate) => string | undefined,
): Candidate[] {
  let at = 0;
  const walk: CandidateWalk = { next: () => (at < candidates.length ? at++ : -1) };
  return new ZoneSpread(candidates.map(zoneOf)).pick(walk, count).map((place) => candidates[place]!);
}
