/**
 * Interval tree clock: exact causality where members come and go without global names. An identity is a share of the interval [0, 1): it is
 * split to admit a member and given back to retire one; counters live in a tree over the same interval and simplify as shares are rejoined.
 *
 * Almeida, Baquero, Fonte, "Interval Tree Clocks: A Logical Clock for Dynamic Systems", OPODIS 2008: section 4 (fork, event, join),
 * section 5.2 (normal form), 5.3.2 (fill) and 5.3.3 (grow). The events are compared with ≤ on the functions the trees stand for.
 *
 * Not for members that crash without joining: their share is lost for ever, and the trees never shrink again.
 *
 * Immutable. Every operation is O(nodes of the trees).
 */
import { assert, type ByteReader, type ByteWriter } from '../base/index.ts';
import type { CausalOrder } from './vector-clock.ts';

/** 0: nothing of the interval; 1: all of it; else what of the left half and of the right half. */
export type ItcId = 0 | 1 | readonly [left: ItcId, right: ItcId];
/** How many events everywhere in the interval; with more in the halves. */
export type ItcEvents = number | readonly [base: number, left: ItcEvents, right: ItcEvents];

/** Of trees: a member's share is halved as often as it admits others. All here goes down trees by calls, and the stack is finite. */
const DEPTH_MAX = 1000;
/** Deepening the tree costs more than anything else (section 5.3.3: "N is a large constant"): than any way down, above all. */
const DEEPER = 1_000_000;

export class IntervalTreeClock {
  /** The first member, alone: (1, 0). */
  static readonly seed: IntervalTreeClock = new IntervalTreeClock(1, 0);

  readonly id: ItcId;
  readonly events: ItcEvents;

  private constructor(id: ItcId, events: ItcEvents) {
    this.id = id;
    this.events = events;
  }

  /** A stamp of these trees, in normal form. */
  static of(id: ItcId, events: ItcEvents): IntervalTreeClock {
    return new IntervalTreeClock(normalId(id), normalEvents(events));
  }

  /**
   * Two stamps with the same past: one stays, one goes to the new member. Throws for an anonymous stamp, and for a share that has been halved
   * 1,000 times: what came of it would be refused by whoever reads it.
   */
  fork(): readonly [IntervalTreeClock, IntervalTreeClock] {
    assert(this.id !== 0, 'an anonymous stamp has no share to split');
    const [a, b] = split(this.id);
    // The other is as deep; or each has a half of the share, and neither is deeper than that was.
    assert(
      depthOf(a) <= DEPTH_MAX,
      `a share must not be halved more than ${DEPTH_MAX} times: let a member with a larger share admit the next one`,
    );
    return [new IntervalTreeClock(a, this.events), new IntervalTreeClock(b, this.events)];
  }

  /** The past without a share: what a message carries. */
  peek(): IntervalTreeClock {
    return new IntervalTreeClock(0, this.events);
  }

  /** The stamp after an event here. Throws for an anonymous stamp. */
  event(): IntervalTreeClock {
    assert(this.id !== 0, 'an anonymous stamp has no events of its own');
    const filled = fill(this.id, this.events);
    // It is never below what it was, so that it either is the same or an event already.
    const isSame = leq(filled, 0, this.events, 0);
    return new IntervalTreeClock(this.id, isSame ? grow(this.id, this.events)[1] : filled);
  }

  /** Both pasts and both shares: a member retires, or (with a peeked stamp) a message arrives. Throws when the shares overlap. */
  join(other: IntervalTreeClock): IntervalTreeClock {
    return new IntervalTreeClock(sum(this.id, other.id), joinEvents(this.events, other.events));
  }

  /** Whether everything that happened before `other` happened before this, too. */
  descends(other: IntervalTreeClock): boolean {
    return leq(other.events, 0, this.events, 0);
  }

  compare(other: IntervalTreeClock): CausalOrder {
    const below = leq(this.events, 0, other.events, 0);
    const above = leq(other.events, 0, this.events, 0);
    return below ? (above ? 'equal' : 'before') : above ? 'after' : 'concurrent';
  }

  write(writer: ByteWriter): void {
    writeId(this.id, writer);
    writeEvents(this.events, writer);
  }

  /** Reads what `write` wrote. Throws `BytesError`, or `InvariantError` for a tree that is too deep or not in normal form. */
  static read(reader: ByteReader): IntervalTreeClock {
    const id = readId(reader, DEPTH_MAX);
    const events = readEvents(reader, DEPTH_MAX);
    return new IntervalTreeClock(id, events);
  }

  /** As in the paper: `((1,0),(0,1,0))`. */
  toString(): string {
    const id = (i: ItcId): string => (typeof i === 'number' ? `${i}` : `(${id(i[0])},${id(i[1])})`);
    const ev = (e: ItcEvents): string => (typeof e === 'number' ? `${e}` : `(${e[0]},${ev(e[1])},${ev(e[2])})`);
    return `(${id(this.id)},${ev(this.events)})`;
  }
}

function normalId(id: ItcId): ItcId {
  return typeof id === 'number' ? id : idOf(normalId(id[0]), normalId(id[1]));
}

function idOf(left: ItcId, right: ItcId): ItcId {
  return typeof left === 'number' && left === right ? left : [left, right];
}

function normalEvents(e: ItcEvents): ItcEvents {
  return typeof e === 'number' ? e : eventsOf(e[0], normalEvents(e[1]), normalEvents(e[2]));
}

/** Sinks what both halves have in common; the halves are in normal form already. */
function eventsOf(base: number, left: ItcEvents, right: ItcEvents): ItcEvents {
  if (typeof left === 'number' && left === right) return base + left;
  const common = Math.min(minOf(left), minOf(right));
  return [base + common, lift(left, -common), lift(right, -common)];
}

const baseOf = (e: ItcEvents): number => (typeof e === 'number' ? e : e[0]);
const lift = (e: ItcEvents, by: number): ItcEvents =>
  by === 0 ? e : typeof e === 'number' ? e + by : [e[0] + by, e[1], e[2]];
/** In normal form one half of each node is at 0. */
const minOf = baseOf;
const maxOf = (e: ItcEvents): number => (typeof e === 'number' ? e : e[0] + Math.max(maxOf(e[1]), maxOf(e[2])));

const depthOf = (id: ItcId): number => (typeof id === 'number' ? 0 : 1 + Math.max(depthOf(id[0]), depthOf(id[1])));

/** The halves of a share, which is not 0; and no tree in normal form has two halves of 0. */
function split(id: ItcId): readonly [ItcId, ItcId] {
  if (typeof id === 'number') return [[1, 0], [0, 1]]; // biome-ignore format: the two shares side by side
  const [left, right] = id;
  if (left === 0) {
    const [a, b] = split(right);
    return [[0, a], [0, b]]; // biome-ignore format: the two shares side by side
  }
  if (right === 0) {
    const [a, b] = split(left);
    return [[a, 0], [b, 0]]; // biome-ignore format: the two shares side by side
  }
  return [[left, 0], [0, right]]; // biome-ignore format: the two shares side by side
}

function sum(a: ItcId, b: ItcId): ItcId {
  if (a === 0) return b;
  if (b === 0) return a;
  assert(a !== 1 && b !== 1, 'the shares of two stamps must not overlap: one of them was used twice');
  return idOf(sum(a[0], b[0]), sum(a[1], b[1]));
}

function leq(a: ItcEvents, liftA: number, b: ItcEvents, liftB: number): boolean {
  const baseA = liftA + baseOf(a);
  const baseB = liftB + baseOf(b);
  if (baseA > baseB) return false;
  if (typeof a === 'number') return true;
  return (
    leq(a[1], baseA, typeof b === 'number' ? 0 : b[1], baseB) &&
    leq(a[2], baseA, typeof b === 'number' ? 0 : b[2], baseB)
  );
}

function joinEvents(a: ItcEvents, b: ItcEvents): ItcEvents {
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b);
  const [baseA, leftA, rightA] = typeof a === 'number' ? [a, 0, 0] : a;
  const [baseB, leftB, rightB] = typeof b === 'number' ? [b, 0, 0] : b;
  // Below 0 when a's base is the larger: halves of b may then lie below 0, and those of a lie above them.
  const by = baseB - baseA;
  return eventsOf(baseA, joinEvents(leftA, lift(leftB, by)), joinEvents(rightA, lift(rightB, by)));
}

/** Simplifies where the share allows it, if that alone makes the stamp larger (5.3.2). */
function fill(id: ItcId, e: ItcEvents): ItcEvents {
  if (id === 0 || typeof e === 'number') return e;
  if (id === 1) return maxOf(e);
  const [base, left, right] = e;
  if (id[0] === 1) {
    const filled = fill(id[1], right);
    return eventsOf(base, Math.max(maxOf(left), minOf(filled)), filled);
  }
  if (id[1] === 1) {
    const filled = fill(id[0], left);
    return eventsOf(base, filled, Math.max(maxOf(right), minOf(filled)));
  }
  return eventsOf(base, fill(id[0], left), fill(id[1], right));
}

/** The cheapest way to count one more, and its cost (5.3.3). */
function grow(id: ItcId, e: ItcEvents): readonly [cost: number, grown: ItcEvents] {
  if (typeof e === 'number') {
    if (id === 1) return [0, e + 1];
    const [cost, grown] = grow(id, [e, 0, 0]);
    return [cost + DEEPER, grown];
  }
  assert(typeof id !== 'number', 'a whole share has been filled before it grows');
  const [base, left, right] = e;
  const viaLeft = id[0] === 0 ? undefined : grow(id[0], left);
  const viaRight = id[1] === 0 ? undefined : grow(id[1], right);
  if (viaRight === undefined || (viaLeft !== undefined && viaLeft[0] < viaRight[0]))
    return [viaLeft![0] + 1, [base, viaLeft![1], right]];
  return [viaRight[0] + 1, [base, left, viaRight[1]]];
}

function writeId(id: ItcId, writer: ByteWriter): void {
  if (typeof id === 'number') return writer.u8(id);
  writer.u8(2);
  writeId(id[0], writer);
  writeId(id[1], writer);
}

function readId(reader: ByteReader, depth: number): ItcId {
  assert(depth >= 0, `an identity must not be deeper than ${DEPTH_MAX}`);
  const kind = reader.u8();
  if (kind === 0 || kind === 1) return kind;
  assert(kind === 2, `a node of an identity must be 0, 1 or 2, not ${kind}`);
  const id = [readId(reader, depth - 1), readId(reader, depth - 1)] as const;
  assert(id[0] !== id[1], 'an identity must be in normal form');
  return id;
}

/** The lowest bit says whether halves follow. */
function writeEvents(e: ItcEvents, writer: ByteWriter): void {
  writer.uint(baseOf(e) * 2 + (typeof e === 'number' ? 0 : 1));
  if (typeof e === 'number') return;
  writeEvents(e[1], writer);
  writeEvents(e[2], writer);
}

function readEvents(reader: ByteReader, depth: number): ItcEvents {
  assert(depth >= 0, `an event tree must not be deeper than ${DEPTH_MAX}`);
  const head = reader.uint();
  const base = Math.floor(head / 2);
  if (head % 2 === 0) return base;
  const left = readEvents(reader, depth - 1);
  const right = readEvents(reader, depth - 1);
  assert(Math.min(minOf(left), minOf(right)) === 0 && left !== right, 'an event tree must be in normal form');
  return [base, left, right];
}
