/**
 * Where values live: not in typed arrays of their own, which cost more than a hundred bytes each, but as places in slabs that many share.
 *
 * A value that came in a large buffer stays there, and the buffer becomes a slab: the log holds the same bytes until its next snapshot, and
 * memory that is touched for the first time costs more than anything that is done with it. When the next buffer comes and less than half of
 * the last one are values, these are copied out after all, so that a small value does not pin a large entry or the network's
 * buffer. So are small values at once, into slabs of the arena's own.
 *
 * A slab is let go when its last value is dropped; one that has become mostly empty is emptied into the current one.
 */
import { assert } from '@quorate/patterns/base';

const SLAB_BYTES = 256 * 1024;
/** Larger values that are copied get a slab of their own. */
const SHARED_VALUE_BYTES_MAX = 16 * 1024;
/** Smaller ones are outweighed by what stands around them in an entry. */
const ADOPTED_VALUE_BYTES_MIN = 128;
/** For smaller buffers a slab is not worth its record. */
const ADOPTED_BUFFER_BYTES_MIN = 16 * 1024;

/** Where a value is: in `bytes`, from `start`, `length` long. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly length: number;
}

export function placeOf(bytes: Uint8Array): Place {
  return { bytes, start: 0, length: bytes.length };
}

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

function slabOf(bytes: Uint8Array): Slab {
  return { bytes, used: 0, live: 0, tenants: [] };
}

const EMPTY: Slab = slabOf(new Uint8Array(0));

export class ValueArena {
  /** Takes copies. */
  #current: Slab = EMPTY;
  /** Over the buffer that values come in at present. */
  #adopted: Slab = EMPTY;
  #slabBytes = 0;
  #placedAt = 0;

  /** Bytes of all slabs that hold values: what is allocated, against what is used. */
  get slabBytes(): number {
    return this.#slabBytes;
  }

  /** Where in its slab the value starts that was stored last. */
  get placedAt(): number {
    return this.#placedAt;
  }

  /** Takes a value in, for a tenant that `settle` then registers. Returns its slab. The buffer that it is in must not be written to any more. */
  store(value: Place): Slab {
    const { bytes, start, length } = value;
    const { buffer } = bytes;
    if (length < ADOPTED_VALUE_BYTES_MIN) return this.#copy(bytes, start, length);
    if (buffer !== this.#adopted.bytes.buffer) {
      if (buffer.byteLength < ADOPTED_BUFFER_BYTES_MIN) return this.#copy(bytes, start, length);
      this.#adopt(buffer);
    }
    this.#adopted.live += length;
    this.#placedAt = bytes.byteOffset + start;
    return this.#adopted;
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
    if (slab !== this.#current && slab !== this.#adopted) this.#reclaim(slab, 1 / 4);
  }

  #copy(bytes: Uint8Array, start: number, length: number): Slab {
    const slab = length === 0 ? EMPTY : this.#slabFor(length);
    this.#placedAt = slab.used;
    slab.bytes.set(bytes.subarray(start, start + length), slab.used);
    slab.used += length;
    slab.live += length;
    return slab;
  }

  #adopt(buffer: ArrayBufferLike): void {
    const last = this.#adopted;
    this.#adopted = slabOf(new Uint8Array(buffer));
    this.#slabBytes += buffer.byteLength;
    this.#reclaim(last, 1 / 2);
  }

  #slabFor(length: number): Slab {
    if (length > SHARED_VALUE_BYTES_MAX) {
      this.#slabBytes += length;
      return slabOf(new Uint8Array(length));
    }
    if (this.#current.bytes.length - this.#current.used < length) {
      const full = this.#current;
      this.#current = slabOf(new Uint8Array(SLAB_BYTES));
      this.#slabBytes += SLAB_BYTES;
      // It may have been emptied while it was current.
      this.#reclaim(full, 1 / 4);
    }
    return this.#current;
  }

  /** Lets go of a slab without values, and empties one of which less than a `share` are values. */
  #reclaim(slab: Slab, share: number): void {
    if (slab.live === 0) this.#slabBytes -= slab.bytes.length;
    else if (slab.live < slab.bytes.length * share) this.#evacuate(slab);
  }

  #evacuate(slab: Slab): void {
    for (const tenant of slab.tenants) {
      if (tenant.dropped) continue;
      const target = this.#copy(slab.bytes, tenant.start, tenant.length);
      tenant.slab = target;
      tenant.start = this.#placedAt;
      target.tenants.push(tenant);
    }
    slab.live = 0;
    this.#slabBytes -= slab.bytes.length;
  }
}
