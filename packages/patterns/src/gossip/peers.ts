import { type RandomNumber, randomBelow, randomSample } from '../base/index.ts';

/** Whom a gossip kernel may talk to. `members` may include `self`, which is never chosen. */
export interface GossipPeers {
  readonly self: string;
  readonly members: readonly string[];
}

/** Up to `count` distinct members other than `self`, uniformly chosen. O(count²) while they are few, else O(members). */
export function choosePeers(random: RandomNumber, { self, members }: GossipPeers, count: number): string[] {
  if (members.length <= 4 * (count + 1))
    return randomSample(
      random,
      members.filter((member) => member !== self),
      count,
    );
  const chosen: string[] = [];
  while (chosen.length < count) {
    const member = members[randomBelow(random, members.length)]!;
    if (member !== self && !chosen.includes(member)) chosen.push(member);
  }
  return chosen;
}
