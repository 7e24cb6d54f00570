/**
 * Faults that matter together and hardly ever meet by chance: a node that stands still, and comes back to a network without the others. Only
 * such a leader can go on believing that it leads when somebody else does.
 */

import type { Fault, Profile } from '@quorate/sim/nemesis';
import { isolate } from '@quorate/sim/net';
import { parseSeed, SeededStream } from '@quorate/sim/random';

/** How long the network stays away after the node has come back. */
const LONGER_MS = 500;

/** Adds to the drawn faults when both families are among them. */
export function withCompounds(profile: Profile, faults: readonly Fault[]): readonly Fault[] {
  const families = profile.rates.map(({ family }) => family);
  if (!families.includes('pause') || !families.includes('partition')) return faults;
  const random = new SeededStream(parseSeed(profile.seed), 'compound faults');
  const added: Fault[] = [];
  for (const { kind, atMs } of faults) {
    if (kind !== 'pause' || !random.chance(0.5)) continue;
    const node = random.pick(profile.nodes);
    const forMs = random.between(300, 2500);
    const shape = 'isolate whoever is paused';
    added.push({ kind: 'pause', atMs, forMs, nodes: [node] });
    added.push({ kind: 'cut', atMs, forMs: forMs + LONGER_MS, shape, cuts: isolate(node, profile.nodes) });
  }
  return [...faults, ...added].sort((a, b) => a.atMs - b.atMs);
}
