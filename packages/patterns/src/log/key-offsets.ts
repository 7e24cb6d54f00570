import { assert } from '../base/index.ts';

export interface KeyedRecord {
  readonly offset: number;
  readonly key: string;
}

/**
 * The last offset of each key in a stretch of a log, up to where the memory for it ends. Kafka keeps hashes of the keys in their place, 24 bytes each; here
 * they are the keys themselves, and no two are ever taken for one.
 */
export class KeyOffsets {
  readonly #keysMax: number;
  readonly #offsets = new Map<string, number>();
  #to: number;

  /** `from`: the first offset of the stretch. When `keysMax` different keys have come the stretch ends. */
  constructor(from: number, keysMax: number) {
    assert(keysMax >= 1, `keysMax must be >= 1, not ${keysMax}`);
    this.#keysMax = keysMax;
    this.#to = from;
  }

  /** All of the stretch that fits, in order, up to before `to`. Look at `to` afterwards. O(records). */
  static of(from: number, to: number, records: Iterable<KeyedRecord>, keysMax: number): KeyOffsets {
    const latest = new KeyOffsets(from, keysMax);
    for (const record of records) if (record.offset >= to || !latest.add(record)) return latest;
    latest.#to = Math.max(from, to);
    return latest;
  }

  /** The stretch ends before this offset. */
  get to(): number {
    return this.#to;
  }

  get size(): number {
    return this.#offsets.size;
  }

  /** False when there is no room for its key: the stretch ends before it. */
  add({ offset, key }: KeyedRecord): boolean {
    assert(offset >= this.#to, 'records come in the order of their offsets');
    if (this.#offsets.size >= this.#keysMax && !this.#offsets.has(key)) {
      this.#to = offset;
      return false;
    }
    this.#offsets.set(key, offset);
    this.#to = offset + 1;
    return true;
  }

  /** Is there a later record of this key in the stretch? O(1). */
  supersedes({ offset, key }: KeyedRecord): boolean {
    const last = this.#offsets.get(key);
    return last !== undefined && last > offset;
  }
}
