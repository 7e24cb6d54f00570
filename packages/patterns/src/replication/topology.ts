/**
 * Who is linked with whom among several leaders. Kleppmann, "Designing Data-Intensive Applications", 2017, chapter 5.
 *
 *   all-to-all   N(N − 1)/2 links; a change takes one step; no member is needed by the others
 *   ring         N links; up to N/2 steps; whoever fails is gone round the other way, two failures cut it apart
 *   star         N − 1 links; two steps; without its hub nothing travels
 */
import { assert } from '../base/index.ts';

export type LeaderTopology =
  | { readonly kind: 'all-to-all' }
  | { readonly kind: 'ring' }
  | { readonly kind: 'star'; readonly hub: string };

/** What `MultiLeader` wants to know: the neighbours, and whether to pass on what others wrote. Members in an order on which all agree. O(members). */
export function linksOf(
  topology: LeaderTopology,
  members: readonly string[],
  self: string,
): { readonly links: readonly string[]; readonly relay: 'all' | 'own' } {
  const at = members.indexOf(self);
  assert(at >= 0, `${self} must be one of the members`);
  const others = members.filter((one) => one !== self);
  switch (topology.kind) {
    case 'all-to-all':
      return { links: others, relay: 'own' };
    case 'ring': {
      const next = members[(at + 1) % members.length]!;
      const previous = members[(at + members.length - 1) % members.length]!;
      return { links: [...new Set([next, previous])].filter((one) => one !== self), relay: 'all' };
    }
    case 'star':
      assert(members.includes(topology.hub), 'the hub must be one of the members');
      return { links: self === topology.hub ? others : [topology.hub], relay: 'all' };
  }
}
