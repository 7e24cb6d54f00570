/** Small groups of replicas, to be explored. */
import type { SmallGroup } from './world.fixture.ts';

export const two: SmallGroup = {
  replicas: [
    { rounds: 1, proposes: ['a'] },
    { rounds: 1, proposes: ['b'] },
  ],
};
export const heartbeats: SmallGroup = { ...two, heartbeats: true };
export const again: SmallGroup = {
  replicas: [
    { rounds: 2, proposes: ['a'] },
    { rounds: 1, proposes: ['b'] },
  ],
};
export const three: SmallGroup = { replicas: [...two.replicas, { rounds: 0, proposes: [] }] };
export const oneLeader: SmallGroup = {
  heartbeats: true,
  replicas: [
    { rounds: 2, proposes: ['a', 'b'] },
    { rounds: 0, proposes: [] },
  ],
};
