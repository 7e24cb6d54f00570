import { ENTRY_OVERHEAD_BYTES, STATIC_FIELDS, TABLE_DEFAULT_BYTES } from './hpack-static.ts';
import { decodeHuffman } from './huffman.ts';
import { ConnectionError, ErrorCode } from './protocol.ts';

/** Names and values in turn: `[name, value, name, value, …]`, in the order they came. */
export type HeaderList = readonly string[];

/** The first value of `name`, which must be in lower case. */
export function header(list: HeaderList, name: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

const STATIC: readonly string[] = STATIC_FIELDS.flat();
const STATIC_COUNT = STATIC_FIELDS.length;
/** What one block may decode to: a few indexed bytes can stand for a lot of header. */
const LIST_MAX_BYTES = 64 * 1024;

/** The receiving half of HPACK (RFC 7541): one per connection, fed every header block in order. */
export class HpackDecoder {
  /** Dynamic entries, oldest first: name and value in turn, from `#first` on. */
  #table: string[] = [];
  #first = 0;
  #tableBytes = 0;
  #maxBytes = TABLE_DEFAULT_BYTES;

  #block: Buffer = Buffer.alloc(0);
  #pos = 0;

  /** @throws ConnectionError when the block is malformed; the connection cannot go on, for the tables then differ. */
  decode(block: Buffer): HeaderList {
    const out: string[] = [];
    let listBytes = 0;
    this.#block = block;
    this.#pos = 0;
    while (this.#pos < block.length) {
      const first = block[this.#pos]!;
      const before = out.length;
      if (first & 0x80) this.#indexed(out);
      else if ((first & 0xe0) === 0x20) this.#resize(out.length > 0);
      else this.#literal(first, out);
      if (out.length === before) continue;
      listBytes += out[before]!.length + out[before + 1]!.length + ENTRY_OVERHEAD_BYTES;
      if (listBytes > LIST_MAX_BYTES) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, `headers of more than ${LIST_MAX_BYTES} bytes`);
      }
    }
    return out;
  }

  #indexed(out: string[]): void {
    const at = this.#lookup(this.#integer(7));
    const table = at < 0 ? STATIC : this.#table;
    const index = at < 0 ? -at - 1 : at;
    out.push(table[index]!, table[index + 1]!);
  }

  /** Where field `index` is: in the dynamic table at a position ≥ 0, or in the static one at −position − 1. */
  #lookup(index: number): number {
    if (index === 0) throw new ConnectionError(ErrorCode.compression, 'header field index 0');
    if (index <= STATIC_COUNT) return -(2 * (index - 1)) - 1;
    const at = this.#table.length - 2 * (index - STATIC_COUNT);
    if (at < this.#first) {
      throw new ConnectionError(ErrorCode.compression, `header field index ${index} is beyond the table`);
    }
    return at;
  }

  #literal(first: number, out: string[]): void {
    const indexing = (first & 0xc0) === 0x40;
    const index = this.#integer(indexing ? 6 : 4);
    let name: string;
    if (index === 0) {
      name = this.#string();
    } else {
      const at = this.#lookup(index);
      name = at < 0 ? STATIC[-at - 1]! : this.#table[at]!;
    }
    const value = this.#string();
    out.push(name, value);
    if (indexing) this.#insert(name, value);
  }

  #insert(name: string, value: string): void {
    this.#tableBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#table.push(name, value);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxBytes) {
      const name = this.#table[this.#first]!;
      const value = this.#table[this.#first + 1]!;
      this.#tableBytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      this.#first += 2;
    }
    if (this.#first > 512) {
      this.#table = this.#table.slice(this.#first);
      this.#first = 0;
    }
  }

  #resize(late: boolean): void {
    const size = this.#integer(5);
    if (late) throw new ConnectionError(ErrorCode.compression, 'table size update after a header field');
    if (size > TABLE_DEFAULT_BYTES) {
      throw new ConnectionError(
        ErrorCode.compression,
        `table size ${size} is over the ${TABLE_DEFAULT_BYTES} bytes allowed`,
      );
    }
    this.#maxBytes = size;
    this.#evict();
  }

  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#block[this.#pos++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#pos >= this.#block.length) break;
      const byte = this.#block[this.#pos++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ConnectionError(ErrorCode.compression, 'an integer in a header block does not end or is too large');
  }

  #string(): string {
    const block = this.#block;
    if (this.#pos >= block.length) throw new ConnectionError(ErrorCode.compression, 'header block ends inside a field');
    const huffman = (block[this.#pos]! & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#pos;
    const end = start + length;
    if (end > block.length) {
      throw new ConnectionError(ErrorCode.compression, `header string of ${length} bytes in a block that ends sooner`);
    }
    this.#pos = end;
    return huffman ? decodeHuffman(block, start, end) : block.toString('latin1', start, end);
  }
}
