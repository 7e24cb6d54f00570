import type { HeaderList } from './hpack-decoder.ts';
import { ENTRY_OVERHEAD_BYTES, STATIC_FIELDS, TABLE_DEFAULT_BYTES } from './hpack-static.ts';

/** Headers that are sent again and again: made once, compared by identity. */
export interface HeaderSet {
  readonly fields: HeaderList;
}

interface CachedBlock {
  readonly insertions: number;
  readonly block: Buffer;
}

const SETS_MAX = 64;
const STATIC_BY_FIELD = new Map(STATIC_FIELDS.map(([name, value], i) => [`${name}\n${value}`, i + 1]));
const STATIC_BY_NAME = new Map(STATIC_FIELDS.map(([name], i) => [name, i + 1] as const).reverse());

/**
 * The sending half of HPACK. Fields of a `HeaderSet` enter the dynamic table as long as it has room and never leave it, so
 * that a repeated set soon takes one byte per field and its block can be kept; other fields are literals.
 */
export class HpackEncoder {
  readonly #inserted = new Map<string, number>();
  readonly #sets = new Map<HeaderSet, CachedBlock>();
  #tableBytes = 0;
  #maxBytes = TABLE_DEFAULT_BYTES;
  /** A table size that the next block must announce (section 4.2). */
  #announce: number | undefined;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limit(maxBytes: number): void {
    const limit = Math.min(maxBytes, TABLE_DEFAULT_BYTES);
    if (limit === this.#maxBytes) return;
    // Starting over with an empty table is simpler than evicting, and settings change at most once in practice.
    this.#inserted.clear();
    this.#sets.clear();
    this.#tableBytes = 0;
    this.#maxBytes = limit;
    this.#announce = limit;
  }

  encode(set: HeaderSet, more: HeaderList = []): Buffer {
    const update = this.#takeAnnouncement();
    const block = this.#ofSet(set);
    if (update === undefined && more.length === 0) return block;
    const parts: Buffer[] = update === undefined ? [block] : [update, block];
    for (let i = 0; i < more.length; i += 2) parts.push(this.#literal(more[i]!, more[i + 1]!, 0x00, 4));
    return Buffer.concat(parts);
  }

  #takeAnnouncement(): Buffer | undefined {
    const size = this.#announce;
    if (size === undefined) return undefined;
    this.#announce = undefined;
    // To zero first: the table that was there is gone.
    return Buffer.concat([Buffer.from([0x20]), integer(size, 0x20, 5)]);
  }

  #ofSet(set: HeaderSet): Buffer {
    const cached = this.#sets.get(set);
    if (cached !== undefined && cached.insertions === this.#inserted.size) return cached.block;
    const before = this.#inserted.size;
    const { fields } = set;
    const parts: Buffer[] = [];
    for (let i = 0; i < fields.length; i += 2) parts.push(this.#field(fields[i]!, fields[i + 1]!));
    const block = Buffer.concat(parts);
    if (before === this.#inserted.size && (cached !== undefined || this.#sets.size < SETS_MAX)) {
      this.#sets.set(set, { insertions: before, block });
    }
    return block;
  }

  #field(name: string, value: string): Buffer {
    const key = `${name}\n${value}`;
    const fixed = STATIC_BY_FIELD.get(key);
    if (fixed !== undefined) return integer(fixed, 0x80, 7);
    const sequence = this.#inserted.get(key);
    if (sequence !== undefined) {
      return integer(STATIC_FIELDS.length + this.#inserted.size - sequence, 0x80, 7);
    }
    const size = Buffer.byteLength(name) + Buffer.byteLength(value, 'latin1') + ENTRY_OVERHEAD_BYTES;
    if (this.#tableBytes + size > this.#maxBytes) return this.#literal(name, value, 0x00, 4);
    this.#tableBytes += size;
    const literal = this.#literal(name, value, 0x40, 6);
    this.#inserted.set(key, this.#inserted.size);
    return literal;
  }

  #literal(name: string, value: string, pattern: number, prefixBits: number): Buffer {
    const index = STATIC_BY_NAME.get(name);
    return index === undefined
      ? Buffer.concat([Buffer.from([pattern]), string(name), string(value)])
      : Buffer.concat([integer(index, pattern, prefixBits), string(value)]);
  }
}

function integer(value: number, pattern: number, prefixBits: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length, 0x00, 7), bytes]);
}
