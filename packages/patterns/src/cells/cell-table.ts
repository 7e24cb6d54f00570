/**
 * Which cell serves which key, by way of buckets: a key is hashed to one of a number of buckets that never changes, and a table says which cell has each.
 * Single keys (a tenant that is too large, or too careful, to share) can be pinned to a cell of their own. AWS, "Reducing the Scope of Impact with
 * Cell-Based Architecture", Well-Architected guidance: cell routing, two-step mapping.
 *
 * What has a home, a bucket or a pinned key, is a unit; it moves as a whole. Each table has an epoch, and says of each unit in which epoch it came to its cell:
 * a request that was routed by an older table than that may be wrong about it. Immutable.
 */
import { PARTITIONS_MAX, partitionOf } from '../partitioning/fixed-partitions.ts';

/** A bucket by number, or a pinned key: `#17`, `=acme`. */
export type Unit = string;

export interface Home {
  readonly cell: string;
  /** The epoch of the table in which the unit came to this cell. */
  readonly since: number;
}

/** A table as plain data. */
export interface CellTableData {
  readonly epoch: number;
  readonly buckets: readonly Home[];
  readonly pins: readonly (readonly [key: string, home: Home])[];
}

export const PINS_MAX = 10_000;

export class CellTable {
  /** Grows by one with each change. */
  readonly epoch: number;
  readonly #buckets: readonly Home[];
  readonly #pins: ReadonlyMap<string, Home>;

  private constructor(epoch: number, buckets: readonly Home[], pins: ReadonlyMap<string, Home>) {
    this.epoch = epoch;
    this.#buckets = buckets;
    this.#pins = pins;
  }

  /**
   * A first table, at epoch 1: bucket b is at `cells[b]`. Far more buckets than there will ever be cells. `RangeError` unless 1 to 65,536.
   */
  static of(cells: readonly string[]): CellTable {
    return CellTable.restore({ epoch: 1, buckets: cells.map((cell) => ({ cell, since: 1 })), pins: [] });
  }

  /** A table that was stored. `RangeError` for a wrong number of buckets or too many pins. */
  static restore({ epoch, buckets, pins }: CellTableData): CellTable {
    if (buckets.length < 1 || buckets.length > PARTITIONS_MAX)
      throw new RangeError(`a table has 1 to ${PARTITIONS_MAX} buckets, got ${buckets.length}`);
    if (pins.length > PINS_MAX) throw new RangeError(`a table has at most ${PINS_MAX} pins, got ${pins.length}`);
    return new CellTable(epoch, buckets, new Map(pins));
  }

  get data(): CellTableData {
    return { epoch: this.epoch, buckets: this.#buckets, pins: [...this.#pins] };
  }

  get bucketCount(): number {
    return this.#buckets.length;
  }

  /** All pinned keys. */
  get pins(): readonly string[] {
    return [...this.#pins.keys()];
  }

  bucketOf(key: string): number {
    return partitionOf(key, this.#buckets.length);
  }

  /** The unit of a key: itself when it is pinned, else its bucket. O(length of the key). */
  unitOf(key: string): Unit {
    return this.#pins.has(key) ? keyUnit(key) : bucketUnit(this.bucketOf(key));
  }

  /** Where a key is served. */
  homeOf(key: string): Home {
    return this.#pins.get(key) ?? this.homeOfBucketOf(key);
  }

  /** Where the bucket of a key is, pinned or not. */
  homeOfBucketOf(key: string): Home {
    return this.#buckets[this.bucketOf(key)]!;
  }

  /** Where a unit is. For a key that is not pinned that is where its bucket is. `RangeError` for a bucket that there is not. */
  homeOfUnit(unit: Unit): Home {
    const key = keyOf(unit);
    if (key !== undefined) return this.homeOf(key);
    const home = this.#buckets[numberOf(unit)];
    if (home === undefined) throw new RangeError(`there is no bucket ${unit}: they are numbered from 0`);
    return home;
  }

  /** Cells that have anything. */
  get cells(): ReadonlySet<string> {
    return new Set([...this.#buckets, ...this.#pins.values()].map(({ cell }) => cell));
  }

  /** The next table, in which a unit is at another cell. A key that was not pinned is from now on. O(buckets). */
  move(unit: Unit, cell: string): CellTable {
    const epoch = this.epoch + 1;
    const home: Home = { cell, since: epoch };
    const key = keyOf(unit);
    if (key !== undefined) {
      if (this.#pins.size >= PINS_MAX && !this.#pins.has(key))
        throw new RangeError(`a table has at most ${PINS_MAX} pins`);
      return new CellTable(epoch, this.#buckets, new Map(this.#pins).set(key, home));
    }
    this.homeOfUnit(unit);
    return new CellTable(epoch, this.#buckets.with(numberOf(unit), home), this.#pins);
  }

  /** The next table, without a pin. `RangeError` unless the key is where its bucket is: move it there first. */
  unpin(key: string): CellTable {
    const pinned = this.#pins.get(key);
    const bucket = this.homeOfBucketOf(key);
    if (pinned?.cell !== bucket.cell)
      throw new RangeError(
        `${JSON.stringify(key)} must be moved to ${bucket.cell}, where its bucket is, to be unpinned`,
      );
    const pins = new Map(this.#pins);
    pins.delete(key);
    return new CellTable(this.epoch + 1, this.#buckets, pins);
  }
}

export function bucketUnit(bucket: number): Unit {
  return `#${bucket}`;
}

export function keyUnit(key: string): Unit {
  return `=${key}`;
}

/** The key of a unit that is one. */
export function keyOf(unit: Unit): string | undefined {
  return unit.startsWith('=') ? unit.slice(1) : undefined;
}

/** The bucket that a unit is, or that its key is hashed to. */
export function bucketOfUnit(unit: Unit, bucketCount: number): number {
  const key = keyOf(unit);
  return key === undefined ? numberOf(unit) : partitionOf(key, bucketCount);
}

/** Not a number when it is no bucket. */
function numberOf(unit: Unit): number {
  return /^#\d+$/.test(unit) ? Number(unit.slice(1)) : Number.NaN;
}
