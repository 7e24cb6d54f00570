/**
 * Range-based set reconciliation: Meyer, "Range-Based Set Reconciliation", SRDS 2023, section 3. Two peers compare fingerprints of ranges of
 * their sorted sets, split the ranges that differ, and list the items of the small ones.
 *
 *   one side                                        other side
 *     start() ---------- whole range: fingerprint ----->
 *     receive(…) <------ 16 ranges: fingerprints ------ receive(…)
 *     receive(…) ------- …, small ranges: items ------->
 *     receive(…) <------ what you lack, what I lack ---- receive(…)
 *     undefined: done
 *
 * Costs O(d · log n) bytes and O(log n) rounds for d differences anywhere, and far less when they lie together: give items that sort by time, when
 * the recent ones differ. The state between messages is only the last one sent, so that either side's set may change meanwhile.
 *
 * A fingerprint is the first 16 bytes of the digest of the sum of the items' digests and of their number. Pure.
 */
import { ByteReader, ByteWriter, binaryFromBytes } from '../base/index.ts';
import { type Digest, sameBytes } from './digest.ts';
import { type RangeSet, SUM_BYTES } from './range-set.ts';

export interface RangeReconciliationOptions {
  readonly digest: Digest<'adversaries'>;
  /** Into how many parts a range is split that differs. Default 16. */
  readonly parts?: number;
  /** A range of at most as many items is listed, not split. Default 32. */
  readonly listedMax?: number;
  /** About how long a message may be; what does not fit is left for the next one. Default 1 MiB. */
  readonly messageBytesMax?: number;
}

const FINGERPRINT_BYTES = 16;
const SKIP = 0;
const FINGERPRINT = 1;
const ITEMS = 2;
const ANSWER = 3;

const EMPTY: Uint8Array = new Uint8Array(0);

type Bound = Uint8Array | undefined;

export class RangeReconciliation {
  readonly #set: RangeSet;
  readonly #digest: Digest<'adversaries'>;
  readonly #parts: number;
  readonly #listedMax: number;
  readonly #messageBytesMax: number;
  readonly #missing: Uint8Array[] = [];
  readonly #surplus: Uint8Array[] = [];
  /** What was listed in the last message, by the range's lower bound. */
  #listed = new Map<string, readonly Uint8Array[]>();

  constructor(set: RangeSet, options: RangeReconciliationOptions) {
    this.#set = set;
    this.#digest = options.digest;
    this.#parts = options.parts ?? 16;
    this.#listedMax = options.listedMax ?? 32;
    this.#messageBytesMax = options.messageBytesMax ?? 1 << 20;
    if (!(this.#parts >= 2)) throw new RangeError(`parts must be at least 2, not ${this.#parts}`);
    if (!(this.#listedMax >= this.#parts))
      throw new RangeError(`listedMax must be at least parts (${this.#parts}), not ${this.#listedMax}`);
  }

  /** Items the other side has and this one had not when it heard of them. All of them when the exchange has ended. */
  get missing(): readonly Uint8Array[] {
    return this.#missing;
  }

  /** Items this side has and the other has not. */
  get surplus(): readonly Uint8Array[] {
    return this.#surplus;
  }

  /** The first message. Only one side starts. */
  start(): Uint8Array {
    const message = new RangeMessage();
    const { size } = this.#set;
    this.#listed.clear();
    // One fingerprint before anything is split: mostly, nothing differs.
    if (size > this.#listedMax) this.#fingerprint(message, undefined, 0, size);
    else this.#describe(message, EMPTY, undefined, 0, size);
    return message.take();
  }

  /**
   * Takes a message and returns the one to answer with, or undefined when nothing is left to say. Throws `BytesError` or `RangeError` when
   * the bytes are not a message of this protocol.
   */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    const reader = new ByteReader(bytes);
    const reply = new RangeMessage();
    const listed = this.#listed;
    this.#listed = new Map();
    let lower = EMPTY;
    let from = 0;
    while (reader.remaining > 0) {
      const upper = readBound(reader, this.#set.itemBytes);
      if (upper !== undefined && compareBytes(upper, lower) <= 0)
        throw new RangeError('the bounds of ranges must ascend');
      const to = this.#set.rank(upper);
      if (reply.length > this.#messageBytesMax) {
        // The message is full: whatever is left is one range to compare again.
        this.#fingerprint(reply, undefined, from, this.#set.size);
        return reply.take();
      }
      this.#answer(reader, reply, lower, upper, from, to, listed);
      if (upper === undefined) {
        reader.expectEnd();
        break;
      }
      lower = upper;
      from = to;
    }
    return reply.isEmpty ? undefined : reply.take();
  }

  #answer(
    reader: ByteReader,
    reply: RangeMessage,
    lower: Uint8Array,
    upper: Bound,
    from: number,
    to: number,
    listed: ReadonlyMap<string, readonly Uint8Array[]>,
  ): void {
    switch (reader.uint(ANSWER)) {
      case SKIP:
        return reply.skip(upper);
      case FINGERPRINT:
        if (sameBytes(reader.raw(FINGERPRINT_BYTES), this.#fingerprintOf(from, to))) return reply.skip(upper);
        return this.#describe(reply, lower, upper, from, to);
      case ITEMS:
        return this.#answerItems(reply, lower, upper, this.#readItems(reader), from, to);
      default:
        this.#takeAnswer(reader, listed.get(keyOf(lower, upper)) ?? []);
        return reply.skip(upper);
    }
  }

  /** Says what is in a range: its items when they are few, else the fingerprints of its parts. */
  #describe(message: RangeMessage, lower: Uint8Array, upper: Bound, from: number, to: number): void {
    if (to - from <= this.#listedMax) {
      const items = this.#itemsOf(from, to);
      this.#listed.set(keyOf(lower, upper), items);
      message.range(upper, ITEMS);
      return message.items(items);
    }
    let start = from;
    for (let part = 1; part <= this.#parts; part++) {
      const end = part === this.#parts ? to : from + Math.floor(((to - from) * part) / this.#parts);
      const bound = part === this.#parts ? upper : shortestBetween(this.#set.at(end - 1), this.#set.at(end));
      this.#fingerprint(message, bound, start, end);
      start = end;
    }
  }

  #fingerprint(message: RangeMessage, upper: Bound, from: number, to: number): void {
    message.range(upper, FINGERPRINT);
    message.raw(this.#fingerprintOf(from, to));
  }

  #fingerprintOf(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(SUM_BYTES + 4);
    this.#set.sum(from, to, bytes);
    new DataView(bytes.buffer).setUint32(SUM_BYTES, to - from, true);
    return this.#digest.of(bytes).subarray(0, FINGERPRINT_BYTES);
  }

  #itemsOf(from: number, to: number): Uint8Array[] {
    return Array.from({ length: to - from }, (_, i) => this.#set.at(from + i));
  }

  #readItems(reader: ByteReader): Uint8Array[] {
    const count = reader.count(this.#set.itemBytes);
    return Array.from({ length: count }, () => reader.raw(this.#set.itemBytes).slice());
  }

  /** The other side has listed its items of a range: both learn what differs. */
  #answerItems(
    reply: RangeMessage,
    lower: Uint8Array,
    upper: Bound,
    theirs: readonly Uint8Array[],
    from: number,
    to: number,
  ): void {
    // They have few items where there are many: those are not all sent at once.
    if (to - from > this.#parts * this.#listedMax) return this.#describe(reply, lower, upper, from, to);
    const mine = this.#itemsOf(from, to);
    const names = new Set(theirs.map((item) => binaryFromBytes(item)));
    const surplus = mine.filter((item) => !names.has(binaryFromBytes(item)));
    const missing = theirs.map((item) => !this.#set.has(item));
    this.#surplus.push(...surplus);
    this.#missing.push(...theirs.filter((_, i) => missing[i]));
    if (surplus.length === 0 && !missing.includes(true)) return reply.skip(upper);
    reply.range(upper, ANSWER);
    reply.items(surplus);
    reply.bits(missing);
  }

  #takeAnswer(reader: ByteReader, listed: readonly Uint8Array[]): void {
    this.#missing.push(...this.#readItems(reader).filter((item) => !this.#set.has(item)));
    const bits = reader.bytes(Math.ceil(listed.length / 8));
    listed.forEach((item, i) => {
      if (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) this.#surplus.push(item);
    });
  }
}

/** Ranges one after another; those that need nothing are joined with the next, and left out at the end. */
class RangeMessage {
  readonly #writer = new ByteWriter(1024);
  #skipped: { readonly upper: Bound } | undefined;

  get length(): number {
    return this.#writer.length;
  }

  get isEmpty(): boolean {
    return this.#writer.length === 0;
  }

  skip(upper: Bound): void {
    this.#skipped = { upper };
  }

  range(upper: Bound, mode: number): void {
    if (this.#skipped !== undefined) {
      writeBound(this.#writer, this.#skipped.upper);
      this.#writer.uint(SKIP);
      this.#skipped = undefined;
    }
    writeBound(this.#writer, upper);
    this.#writer.uint(mode);
  }

  items(items: readonly Uint8Array[]): void {
    this.#writer.uint(items.length);
    for (const item of items) this.#writer.raw(item);
  }

  bits(bits: readonly boolean[]): void {
    const bytes = new Uint8Array(Math.ceil(bits.length / 8));
    bits.forEach((bit, i) => {
      if (bit) bytes[i >> 3]! |= 1 << (i & 7);
    });
    this.#writer.bytes(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#writer.raw(bytes);
  }

  take(): Uint8Array {
    return this.#writer.take();
  }
}

/** 0 stands for no bound. */
function writeBound(writer: ByteWriter, bound: Bound): void {
  writer.uint(bound === undefined ? 0 : bound.length + 1);
  if (bound !== undefined) writer.raw(bound);
}

function readBound(reader: ByteReader, itemBytes: number): Bound {
  const length = reader.uint(itemBytes + 1);
  return length === 0 ? undefined : reader.raw(length - 1).slice();
}

/** The shortest byte string above `low` and not above `high`, where low < high and both have one length. */
function shortestBetween(low: Uint8Array, high: Uint8Array): Uint8Array {
  let same = 0;
  while (low[same] === high[same]) same += 1;
  return high.subarray(0, same + 1);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** An upper bound is never empty, so that the three parts can be told apart. */
function keyOf(lower: Uint8Array, upper: Bound): string {
  return `${lower.length}:${binaryFromBytes(lower)}${upper === undefined ? '' : binaryFromBytes(upper)}`;
}
