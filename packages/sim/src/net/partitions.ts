/**
 * Shapes of partitions, as the list of directions that are cut (the "grudges" of Kingsbury's Jepsen). A direction is
 * cut from sender to receiver, so that one-way cuts need nothing special.
 */
import { assert } from '@quorate/patterns/base';

export interface Cut {
  readonly from: string;
  readonly to: string;
}

/** Nobody in one group reaches anybody in another. Nodes in no group reach all. */
export function betweenGroups(groups: readonly (readonly string[])[]): Cut[] {
  const cuts: Cut[] = [];
  for (const group of groups) {
    for (const other of groups) {
      if (group === other) continue;
      for (const from of group) for (const to of other) cuts.push({ from, to });
    }
  }
  return cuts;
}

/** One node alone. */
export function isolate(node: string, nodes: readonly string[]): Cut[] {
  return betweenGroups([[node], nodes.filter((other) => other !== node)]);
}

/** Two groups that only `middle` connects: it reaches both, and they do not reach each other. */
export function bridge(middle: string, nodes: readonly string[]): Cut[] {
  const others = nodes.filter((node) => node !== middle);
  const half = others.length >> 1;
  return betweenGroups([others.slice(0, half), others.slice(half)]);
}

/**
 * Every node hears a majority, itself included, and no two hear the same one: nodes stand in a ring, in the given order,
 * and hear only their nearest neighbours. With an even number to hear they hear both ways, else one way reaches further.
 */
export function majoritiesRing(nodes: readonly string[]): Cut[] {
  assert(nodes.length >= 3, 'a ring of majorities needs at least three nodes');
  const neighbours = Math.floor(nodes.length / 2);
  const before = Math.floor(neighbours / 2);
  const after = neighbours - before;
  const cuts: Cut[] = [];
  for (const [i, to] of nodes.entries()) {
    for (const [j, from] of nodes.entries()) {
      const offset = (j - i + nodes.length) % nodes.length;
      if (offset > after && offset < nodes.length - before) cuts.push({ from, to });
    }
  }
  return cuts;
}

/** What the senders send does not reach the receivers; the way back is open. */
export function oneWay(from: readonly string[], to: readonly string[]): Cut[] {
  return from.flatMap((sender) =>
    to.filter((receiver) => receiver !== sender).map((receiver) => ({ from: sender, to: receiver })),
  );
}
