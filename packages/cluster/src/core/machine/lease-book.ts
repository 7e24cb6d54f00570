import type { KeyCell } from './stored-version.ts';

/** A lease as all members know it. How long it still has is known to the leader alone. */
export interface Lease {
  readonly id: number;
  readonly ttlSeconds: number;
  readonly keys: Set<KeyCell>;
}

/** What the machine tells whoever times the leases, as it applies; only the leader's listener does anything with it. */
export interface LeaseListener {
  granted(id: number, ttlSeconds: number): void;
  revoked(id: number): void;
}

/** The replicated part of leases: which there are, and which keys hang on them. */
export class LeaseBook {
  readonly #leases = new Map<number, Lease>();
  /** The term whose leader times the leases. */
  epoch = 0;
  listener: LeaseListener | undefined = undefined;

  get size(): number {
    return this.#leases.size;
  }

  get(id: number): Lease | undefined {
    return this.#leases.get(id);
  }

  has(id: number): boolean {
    return this.#leases.has(id);
  }

  /** In the order in which they were granted. */
  all(): IterableIterator<Lease> {
    return this.#leases.values();
  }

  add(id: number, ttlSeconds: number): void {
    this.#leases.set(id, { id, ttlSeconds, keys: new Set() });
    this.listener?.granted(id, ttlSeconds);
  }

  remove(id: number): void {
    this.#leases.delete(id);
    this.listener?.revoked(id);
  }

  attach(id: number, cell: KeyCell): void {
    this.#leases.get(id)?.keys.add(cell);
  }

  detach(id: number, cell: KeyCell): void {
    this.#leases.get(id)?.keys.delete(cell);
  }
}
