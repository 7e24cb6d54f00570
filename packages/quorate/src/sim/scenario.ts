import type { GroupOptions } from '@quorate/cluster/raft';
import type { Profile } from '@quorate/sim/nemesis';
import type { Shape } from './shape.ts';

/** A run that is aimed at something: what is laid down here is not drawn; everything else still comes from the seed. Plain data. */
export interface Scenario {
  readonly shape?: Partial<Omit<Shape, 'nodes' | 'raft'>>;
  readonly raft?: Partial<GroupOptions>;
  readonly profile?: Partial<Pick<Profile, 'turnMs' | 'quality' | 'syncLatency'>>;
}

export function aimedShape(drawn: Shape, { shape, raft }: Scenario): Shape {
  const weights = { ...drawn.weights, ...shape?.weights };
  return { ...drawn, ...shape, weights, raft: { ...drawn.raft, ...raft } };
}
