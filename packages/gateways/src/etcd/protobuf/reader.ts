/** Reads protobuf's wire format (varint, fixed, length-delimited) from one buffer. */

export const WireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** A message that does not follow the wire format or its schema. Says where and why. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const TWO_32 = 4294967296;
/** How deep messages may be embedded: a bound on the stack, far above what any of ours needs. */
const DEPTH_MAX = 100;

/**
 * Integers come out as numbers. A 64-bit value outside ±(2^53 − 1) comes out rounded, and then never as a safe integer,
 * so that `Number.isSafeInteger` tells the two apart.
 *
 * Byte fields are views into the buffer that was read, not copies.
 */
export class Reader {
  readonly #buffer: Buffer;
  pos: number;
  /** Where the message that is being read ends. */
  end: number;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = 0;
    this.end = bytes.length;
  }

  /** A varint of up to 64 bits as a signed integer: the wire form of int64, int32, bool and enums. */
  int64(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    return this.#long(first, true);
  }

  /** A varint of up to 64 bits as an unsigned integer. */
  uint64(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    return this.#long(first, false);
  }

  /** The lower 32 bits of a varint: tags, uint32. */
  uint32(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    return this.#long(first, false) % TWO_32;
  }

  #long(first: number, signed: boolean): number {
    let low = first & 0x7f;
    let byte = 0x80;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    byte = this.#byte();
    low = (low | ((byte & 0x0f) << 28)) >>> 0;
    let high = (byte & 0x7f) >>> 4;
    for (let shift = 3; byte >= 0x80; shift += 7) {
      if (shift > 31)
        throw new ProtobufError(`varint at byte ${this.pos} is longer than the 10 bytes of a 64-bit integer`);
      byte = this.#byte();
      high |= (byte & 0x7f) << shift;
    }
    return (signed ? high | 0 : high >>> 0) * TWO_32 + low;
  }

  #byte(): number {
    if (this.pos >= this.end) throw new ProtobufError(`message ends inside a field, at byte ${this.pos}`);
    return this.#buffer[this.pos++]!;
  }

  bytes(): Uint8Array {
    const start = this.#take(this.uint64());
    return this.#buffer.subarray(start, this.pos);
  }

  string(): string {
    const start = this.#take(this.uint64());
    return this.#buffer.toString('utf8', start, this.pos);
  }

  /** Narrows the reader to an embedded message. Returns the end to give to `leave`. */
  enter(): number {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new ProtobufError(`messages are embedded more than ${DEPTH_MAX} deep`);
    const outer = this.end;
    const length = this.uint64();
    this.end = this.#take(length) + length;
    this.pos = this.end - length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth -= 1;
    this.end = outer;
  }

  /** Steps over a field of a type that this schema does not know. */
  skip(wireType: number): void {
    switch (wireType) {
      case WireType.varint:
        this.uint64();
        return;
      case WireType.fixed64:
        this.#take(8);
        return;
      case WireType.bytes:
        this.#take(this.uint64());
        return;
      case WireType.fixed32:
        this.#take(4);
        return;
      default:
        throw new ProtobufError(`wire type ${wireType} at byte ${this.pos}: proto3 has only 0, 1, 2 and 5`);
    }
  }

  /** Moves over `length` bytes; returns where they start. */
  #take(length: number): number {
    const start = this.pos;
    if (length > this.end - start) {
      throw new ProtobufError(`field at byte ${start} claims ${length} bytes, ${this.end - start} are left`);
    }
    this.pos = start + length;
    return start;
  }
}
