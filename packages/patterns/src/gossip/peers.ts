import { type RandomNumber, randomBelow, randomSample } from '../base/index.ts';

/** Whom a gossip kernel may talk to. `members` may include `self`, which is never chosen. */
export interface GossipPeers {
  readonly self: string;
  readonly members: readonly string[];
}

/** At least four times as many members as are wanted are there, so that each try fails with a probability of 1/4 at most. */
const TRIES_PER_PEER = 32;

/** Up to `count` distinct members other than `self`, uniformly chosen. O(count²) while they are few, else O(members). */
export function choosePeers(random: RandomNumber, { self, members }: GossipPeers, count: number): string[] {
  if (members.length <= 4 * (count + 1))
    return randomSample(
      random,
      members.filter((member) => member !== self),
      count,
    );
  const chosen: string[] = [];
  // Members come twice, or the numbers are not random at all: then no number of tries would be enough.
  for (let tries = TRIES_PER_PEER * count; chosen.length < count && tries > 0; tries--) {
    const member = members[randomBelow(random, members.length)]!;
    if (member !== self && !chosen.includes(member)) chosen.push(member);
  }
  if (chosen.length === count) return chosen;
  const rest = [...new Set(members)].filter((member) => member !== self && !chosen.includes(member));
  return [...chosen, ...randomSample(random, rest, count - chosen.length)];
}
