/**
 * Where values live: copied out of the log entry they came in, one behind the other, into slabs. A view of the entry would need no copy,
 * but a typed array costs more than a hundred bytes, and one small value that outlives its neighbours would pin a whole entry,
 * or the network buffer that it is part of. A slab is let go when its last value is dropped; one that has become
 * mostly empty is emptied into the current one.
 */
import { assert } from '@quorate/patterns/base';

const SLAB_BYTES = 256 * 1024;
/** Larger values get a slab of their own. */
const SHARED_VALUE_BYTES_MAX = 16 * 1024;

export interface Slab {
  readonly bytes: Uint8Array;
  used: number;
  /** Bytes of values that are still in use. */
  live: number;
  /** All that were ever put here, dropped ones too; bounded by the slab's size except for empty values, which are not put into slabs. */
  readonly tenants: Tenant[];
}

/** Whoever owns a value: the arena moves it by writing these. */
export interface Tenant {
  slab: Slab;
  start: number;
  readonly length: number;
  readonly dropped: boolean;
}

function newSlab(bytes: number): Slab {
  return { bytes: new Uint8Array(bytes), used: 0, live: 0, tenants: [] };
}

const EMPTY: Slab = newSlab(0);

export class ValueArena {
  #current: Slab = EMPTY;
  #slabBytes = 0;

  /** Bytes of all slabs that hold values: what is allocated, against what is used. */
  get slabBytes(): number {
    return this.#slabBytes;
  }

  /** Copies `value` in, for a tenant that `settle` then registers. Returns the slab; the value starts at `slab.used − value.length`. */
  store(value: Uint8Array): Slab {
    const { length } = value;
    if (length === 0) return EMPTY;
    const slab = this.#slabFor(length);
    slab.bytes.set(value, slab.used);
    slab.used += length;
    slab.live += length;
    return slab;
  }

  settle(tenant: Tenant): void {
    if (tenant.length > 0) tenant.slab.tenants.push(tenant);
  }

  /** The tenant's value is not needed any more. `tenant.dropped` must hold by now. */
  drop(tenant: Tenant): void {
    assert(tenant.dropped, 'a value is dropped by a tenant that knows it');
    const { slab } = tenant;
    if (slab === EMPTY) return;
    slab.live -= tenant.length;
    if (slab !== this.#current) this.#reclaim(slab);
  }

  #slabFor(length: number): Slab {
    if (length > SHARED_VALUE_BYTES_MAX) {
      this.#slabBytes += length;
      return newSlab(length);
    }
    if (this.#current.bytes.length - this.#current.used < length) {
      const full = this.#current;
      this.#current = newSlab(SLAB_BYTES);
      this.#slabBytes += SLAB_BYTES;
      // It may have been emptied while it was current.
      this.#reclaim(full);
    }
    return this.#current;
  }

  #reclaim(slab: Slab): void {
    if (slab.live === 0) this.#slabBytes -= slab.bytes.length;
    else if (slab.live < slab.bytes.length / 4 && slab.bytes.length === SLAB_BYTES) this.#evacuate(slab);
  }

  #evacuate(slab: Slab): void {
    for (const tenant of slab.tenants) {
      if (tenant.dropped) continue;
      const target = this.store(slab.bytes.subarray(tenant.start, tenant.start + tenant.length));
      tenant.slab = target;
      tenant.start = target.used - tenant.length;
      target.tenants.push(tenant);
    }
    slab.live = 0;
    this.#slabBytes -= SLAB_BYTES;
  }
}
