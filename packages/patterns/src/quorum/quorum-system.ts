/**
 * What all quorums have in common: two kinds of sets, of which any of the one shares a member with any of the other. Reads and writes, or the two
 * phases of Paxos. Naor and Wool, "The Load, Capacity, and Availability of Quorum Systems", SIAM Journal on Computing 1998.
 */

/** `read` also is the first phase of Paxos (prepare, election), `write` the second (accept, replication). */
export type QuorumKind = 'read' | 'write';

export interface QuorumSystem<Member> {
  readonly members: readonly Member[];
  /** Whether those members for which `has` is true are a quorum of the kind. */
  isQuorum(kind: QuorumKind, has: (member: Member) => boolean): boolean;
}

/** `RangeError` when a member comes twice: it would be counted twice, and a quorum be smaller than it looks. */
export function expectDistinct(members: readonly unknown[]): void {
  if (new Set(members).size === members.length) return;
  const twice = members.find((member, place) => members.indexOf(member) !== place);
  throw new RangeError(`the members of a quorum must be distinct, got ${String(twice)} twice`);
}

export interface QuorumCheck<Member> {
  /** Each read hears of each earlier write. */
  readonly readsSeeWrites: boolean;
  /** Of two writes at the same time, some member hears of both. */
  readonly writesSeeWrites: boolean;
  /** Two sets that should share a member and do not. */
  readonly counterexample?: readonly [read: readonly Member[], write: readonly Member[]];
}

export const CHECKED_MEMBERS_MAX = 20;

/**
 * Tries all sets: whether quorums really intersect. O(2^members · members), for tests and for configurations that people write. `RangeError` for more
 * than twenty members. The largest sets that are disjoint from a set are its complement, so that one look at each set is enough.
 */
export function checkIntersection<Member>(system: QuorumSystem<Member>): QuorumCheck<Member> {
  let writesSeeWrites = true;
  let counterexample: QuorumCheck<Member>['counterexample'];
  forAllSets(system.members, (inSet) => {
    if (!system.isQuorum('write', inSet)) return;
    const outside = (member: Member): boolean => !inSet(member);
    if (system.isQuorum('write', outside)) writesSeeWrites = false;
    if (counterexample === undefined && system.isQuorum('read', outside))
      counterexample = [system.members.filter(outside), system.members.filter(inSet)];
  });
  const readsSeeWrites = counterexample === undefined;
  return { readsSeeWrites, writesSeeWrites, ...(counterexample !== undefined && { counterexample }) };
}

/**
 * How often a quorum of a kind can be reached when each member is up with probability `up`, independently. O(2^members · members), at most twenty
 * members, else `RangeError`.
 */
export function availability<Member>(system: QuorumSystem<Member>, kind: QuorumKind, up: number): number {
  if (!(up >= 0 && up <= 1)) throw new RangeError(`up must be a probability from 0 to 1, got ${up}`);
  let sum = 0;
  forAllSets(system.members, (inSet) => {
    if (!system.isQuorum(kind, inSet)) return;
    const size = system.members.filter(inSet).length;
    sum += up ** size * (1 - up) ** (system.members.length - size);
  });
  return sum;
}

/** How many members may fail, whichever they are, before no quorum of a kind is left. O(2^members · members), at most twenty members. */
export function failuresTolerated<Member>(system: QuorumSystem<Member>, kind: QuorumKind): number {
  let fewest = system.members.length + 1;
  forAllSets(system.members, (failed) => {
    if (system.isQuorum(kind, (member) => !failed(member))) return;
    fewest = Math.min(fewest, system.members.filter(failed).length);
  });
  return fewest - 1;
}

function forAllSets<Member>(members: readonly Member[], visit: (inSet: (member: Member) => boolean) => void): void {
  if (members.length > CHECKED_MEMBERS_MAX)
    throw new RangeError(`all sets of at most ${CHECKED_MEMBERS_MAX} members can be tried, got ${members.length}`);
  const places = new Map(members.map((member, place) => [member, place]));
  for (let set = 0; set < 2 ** members.length; set++) visit((member) => ((set >>> places.get(member)!) & 1) === 1);
}
