/**
 * The same key to the same endpoint as long as it can be picked: a ring, Maglev or rendezvous of `partitioning` decides, and when its owner cannot be
 * picked the key is hashed anew, so that the keys of an endpoint that is away are spread over all others and come back to it afterwards.
 *
 * The placement holds all endpoints, also those that are ill: it changes when endpoints come and go, not when they fall ill. For caches and
 * affinity; where loads must be even take `BoundedLoads`.
 */
import { assert } from '../base/index.ts';
import { mix32 } from '../partitioning/key-hash.ts';
import type { Placement } from '../partitioning/nodes.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';

export interface HashPickerOptions {
  readonly endpoints: Endpoints;
  /** Its node ids are the endpoints' ids. */
  readonly placement: Placement;
  /** So many owners are tried before any endpoint is taken that can be picked. Default 8. */
  readonly triesMax?: number;
}

export class HashPicker {
  readonly #endpoints: Endpoints;
  readonly #triesMax: number;
  #placement: Placement;

  constructor(options: HashPickerOptions) {
    const { triesMax = 8 } = options;
    assert(triesMax >= 1, `triesMax must be >= 1, not ${triesMax}`);
    this.#endpoints = options.endpoints;
    this.#placement = options.placement;
    this.#triesMax = triesMax;
  }

  moveTo(placement: Placement): void {
    this.#placement = placement;
  }

  /** `hash`: 32 bits, as of `hashKey`. `NO_SLOT` when nothing can be picked. Allocates nothing. */
  pick(hash: number): number {
    const { candidates } = this.#endpoints;
    let next = hash;
    for (let tries = 0; tries < this.#triesMax; tries++) {
      const slot = this.#endpoints.slotOf(this.#placement.ownerOfHash(next));
      if (slot !== NO_SLOT && candidates.has(slot)) return slot;
      next = mix32(next + 0x9e3779b9);
    }
    return candidates.size === 0 ? NO_SLOT : candidates.at(next % candidates.size);
  }
}
