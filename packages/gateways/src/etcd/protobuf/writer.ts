const SLAB_BYTES = 64 * 1024;
const TWO_32 = 4294967296;

/**
 * Writes protobuf's wire format from the end towards the front, so that the length of an embedded message is known when it
 * is written and nothing is measured or copied twice. Fields therefore go in reverse order: the last field first, and of
 * each field the value before the tag.
 *
 * Finished messages are views into slabs that are never reused; a slab is freed with the last message in it.
 */
export class Writer {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #pos: number = SLAB_BYTES;
  /** The end of the message being written. */
  #end: number = SLAB_BYTES;

  /** Bytes of the present message so far. The difference of two readings is the length of what came between. */
  get written(): number {
    return this.#end - this.#pos;
  }

  /** Ends the present message and begins the next. */
  finish(): Buffer {
    const message = this.#slab.subarray(this.#pos, this.#end);
    this.#end = this.#pos;
    return message;
  }

  /** Forgets what was written of the present message. */
  discard(): void {
    this.#pos = this.#end;
  }

  byte(value: number): void {
    if (this.#pos < 1) this.#grow(1);
    this.#slab[--this.#pos] = value;
  }

  uint32be(value: number): void {
    if (this.#pos < 4) this.#grow(4);
    this.#pos -= 4;
    this.#slab.writeUInt32BE(value, this.#pos);
  }

  /** Any integer; negative ones take the 10 bytes of their 64-bit two's complement. */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      if (this.#pos < 1) this.#grow(1);
      this.#slab[--this.#pos] = value;
      return;
    }
    if (this.#pos < 10) this.#grow(10);
    if (value >= 0 && value < 0x10000000) this.#short(value);
    else this.#long(value >>> 0, Math.floor(value / TWO_32) >>> 0);
  }

  #short(value: number): void {
    const slab = this.#slab;
    this.#pos -= value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
    let pos = this.#pos;
    let rest = value;
    while (rest > 0x7f) {
      slab[pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    slab[pos] = rest;
  }

  #long(low: number, high: number): void {
    let size = 5;
    if (high > 7) for (let rest = high >>> 3; rest > 0; rest >>>= 7) size += 1;
    const slab = this.#slab;
    this.#pos -= size;
    let pos = this.#pos;
    let lo = low;
    let hi = high;
    for (let i = 1; i < size; i++) {
      slab[pos++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    slab[pos] = lo;
  }

  /** The bytes alone, without a length. */
  raw(value: Uint8Array): void {
    const length = value.length;
    if (this.#pos < length) this.#grow(length);
    this.#pos -= length;
    this.#slab.set(value, this.#pos);
  }

  bytes(value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    if (this.#pos < length) this.#grow(length);
    this.#pos -= length;
    this.#slab.write(value, this.#pos, length, 'utf8');
    this.varint(length);
  }

  /** Moves the message being written to the end of a new slab that has room for `more` bytes in front of it. */
  #grow(more: number): void {
    const written = this.written;
    const size = Math.max(SLAB_BYTES, 2 * (written + more));
    const slab = Buffer.allocUnsafeSlow(size);
    this.#slab.copy(slab, size - written, this.#pos, this.#end);
    this.#slab = slab;
    this.#end = size;
    this.#pos = size - written;
  }
}
