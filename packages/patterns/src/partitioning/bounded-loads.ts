/**
 * Consistent hashing with bounded loads: no node has more than (1 + ε) times its share; a key whose node is full goes on to the next node of the
 * ring that is not. Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018. For requests in flight (HAProxy's
 * `hash-balance-factor`) as well as for keys that stay.
 *
 * A smaller ε balances better and moves more: expect O(1/ε²) keys to move for each that comes or goes. The kernel of whoever counts the loads:
 * state, not a value.
 */
import { InvariantError } from '../base/index.ts';
import type { HashRing } from './hash-ring.ts';
import { hashKey } from './key-hash.ts';
import { weightOf } from './nodes.ts';

export interface BoundedLoadsOptions {
  readonly ring: HashRing;
  /** By how much a node may exceed its share: 0.25 when absent. Greater than 0. */
  readonly epsilon?: number;
}

export class BoundedLoads {
  readonly epsilon: number;
  #ring: HashRing;
  #totalWeight = 0;
  readonly #weights = new Map<string, number>();
  readonly #loads = new Map<string, number>();
  #total = 0;

  /** `RangeError` when `epsilon` is not greater than 0. */
  constructor(options: BoundedLoadsOptions) {
    const { ring, epsilon = 0.25 } = options;
    if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY))
      throw new RangeError(`epsilon must be greater than 0, got ${epsilon}`);
    this.epsilon = epsilon;
    this.#ring = ring;
    this.#adopt(ring);
  }

  /** What is placed at present. */
  get total(): number {
    return this.#total;
  }

  /** What a node has; also a node that left the ring, until all is released. */
  loadOf(id: string): number {
    return this.#loads.get(id) ?? 0;
  }

  /** What a node may have if `total` is placed: ⌈(1 + ε) · total · share⌉. 0 for a node that is not on the ring. */
  capacityOf(id: string, total: number = this.#total): number {
    return Math.ceil(((1 + this.epsilon) * total * (this.#weights.get(id) ?? 0)) / this.#totalWeight);
  }

  /** Places one unit of load and says where. The capacities together exceed the load, so there is always a place. */
  acquire(key: string): string {
    return this.acquireHash(hashKey(key));
  }

  /** The same for a key that was hashed elsewhere. Expected O(1/ε²) nodes are tried. */
  acquireHash(hash: number): string {
    const owner = this.#ring.ownerOfHash(hash);
    const id = this.#hasRoom(owner) ? owner : this.#nextWithRoom(hash);
    this.#loads.set(id, this.loadOf(id) + 1);
    this.#total += 1;
    return id;
  }

  /** Gives back one unit of a node's load. `RangeError` when it has none. */
  release(id: string): void {
    const load = this.loadOf(id);
    if (load === 0) throw new RangeError(`release of ${JSON.stringify(id)}, which has no load`);
    if (load === 1) this.#loads.delete(id);
    else this.#loads.set(id, load - 1);
    this.#total -= 1;
  }

  /** Goes on with another ring. What is placed stays where it is until it is released. */
  moveTo(ring: HashRing): void {
    this.#ring = ring;
    this.#adopt(ring);
  }

  #adopt(ring: HashRing): void {
    this.#weights.clear();
    this.#totalWeight = 0;
    for (const node of ring.nodes) {
      this.#weights.set(node.id, weightOf(node));
      this.#totalWeight += weightOf(node);
    }
  }

  #hasRoom(id: string): boolean {
    return this.loadOf(id) < this.capacityOf(id, this.#total + 1);
  }

  #nextWithRoom(hash: number): string {
    for (const id of this.#ring.walk(hash)) if (this.#hasRoom(id)) return id;
    throw new InvariantError('the capacities of all nodes exceed what is placed, so one of them has room');
  }
}
