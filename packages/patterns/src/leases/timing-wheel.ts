/**
 * Timers in a hierarchy of wheels: starting and stopping one costs the same however many there are. Varghese, Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987,
 * section 6.2 (scheme 7).
 *
 * Each level has 64 slots; a slot of the lowest is a tick of 1 ms, one of the next is as long as all slots of the level below. A timer is in the level that
 * its distance falls into; when time comes to its slot it moves down, at most once per level, until it is due. What is further away than
 * all levels reach (two years) waits in the topmost and moves on there.
 *
 * Never too early; too late by less than a tick. Start and stop O(1); expiry O(1) amortised, and O(levels) for time that passes without anything.
 */
import { assert, Instant } from '../base/index.ts';

const BITS = 6;
const SLOTS = 1 << BITS;
const LEVELS = 6;
/** How many ticks a slot of each level, and one behind the topmost, is long. */
const SPAN: readonly number[] = Array.from({ length: LEVELS + 1 }, (_, level) => SLOTS ** level);
/** More items than this in a slot are not looked through for the earliest. */
const SCAN_MAX = 64;
const DUE = -2;
const NOWHERE = -1;

/** A timer. Extend it, or hold what it is for in `T`. Only the wheel changes its fields. */
export class WheelTimer {
  dueAt = 0;
  /** Level × 64 + slot; or `NOWHERE`, or `DUE`. */
  place: number = NOWHERE;
  before: WheelTimer | undefined = undefined;
  after: WheelTimer | undefined = undefined;
}

/** A list whose head is in the wheel, so that an item leaves without being looked for. */
interface Slot {
  first: WheelTimer | undefined;
  last: WheelTimer | undefined;
}

export class TimingWheel<T extends WheelTimer> {
  readonly #slots: Slot[] = Array.from({ length: LEVELS * SLOTS }, () => ({ first: undefined, last: undefined }));
  /** Which slots have something: 32 of them in each number, two numbers a level. */
  readonly #occupied = new Uint32Array(LEVELS * 2);
  readonly #due: Slot = { first: undefined, last: undefined };
  /** Everything up to and including this tick has been moved to `#due`. */
  #tick: number;
  #size = 0;

  constructor(now: Instant) {
    this.#tick = Math.floor(now);
  }

  get size(): number {
    return this.#size;
  }

  isWaiting(timer: T): boolean {
    return timer.place !== NOWHERE;
  }

  /** Starts a timer that is not waiting. O(1). */
  start(timer: T, dueAt: Instant): void {
    assert(timer.place === NOWHERE, 'a timer is started once, and again when it was stopped or taken');
    assert(!Number.isNaN(dueAt), 'dueAt must be a number');
    timer.dueAt = dueAt;
    this.#size += 1;
    this.#place(timer);
  }

  /** O(1). False when it was not waiting. */
  stop(timer: T): boolean {
    if (timer.place === NOWHERE) return false;
    this.#unlink(timer);
    this.#size -= 1;
    return true;
  }

  /** Takes out a timer that is due, earlier ones first. `now` never falls. */
  takeDue(now: Instant): T | undefined {
    if (this.#due.first === undefined) this.#advance(Math.floor(now));
    const { first } = this.#due;
    if (first === undefined) return undefined;
    this.#unlink(first);
    this.#size -= 1;
    return first as T;
  }

  /**
   * When `takeDue` is next worth calling; undefined when nothing waits. Exact, but where more than 64 timers are due within one slot of a higher level, or one is
   * due in more than two years: then it is up to a slot too early, and never too late.
   */
  get deadline(): Instant | undefined {
    if (this.#size === 0) return undefined;
    if (this.#due.first !== undefined) return Instant.of(this.#tick);
    let earliest = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const start = this.#nextOf(level);
      if (start < earliest) earliest = Math.min(earliest, this.#earliestIn(level, start));
    }
    return Instant.of(earliest);
  }

  clear(): void {
    for (const slot of [...this.#slots, this.#due]) while (slot.first !== undefined) this.#unlink(slot.first);
    this.#size = 0;
  }

  /** The tick at which the first occupied slot of a level begins; infinity when there is none. */
  #nextOf(level: number): number {
    const [low, high] = [this.#occupied[level * 2]!, this.#occupied[level * 2 + 1]!];
    if (low === 0 && high === 0) return Number.POSITIVE_INFINITY;
    const here = Math.floor(this.#tick / SPAN[level]!);
    const from = here % SLOTS;
    // The slot that time is in has been emptied; what is in it now is a whole turn away.
    const at = nextBit(low, high, (from + 1) % SLOTS);
    const ahead = (at - from + SLOTS) % SLOTS || SLOTS;
    return (here + ahead) * SPAN[level]!;
  }

  #earliestIn(level: number, start: number): number {
    if (level === 0) return start;
    const slot = this.#slots[level * SLOTS + (Math.floor(start / SPAN[level]!) % SLOTS)]!;
    let earliest = Number.POSITIVE_INFINITY;
    let looked = 0;
    for (let timer = slot.first; timer !== undefined; timer = timer.after) {
      if (++looked > SCAN_MAX) return start;
      const tick = Math.ceil(timer.dueAt);
      // What is beyond the reach of all levels moves on when this slot begins; others may be due before it, in slots behind this one.
      earliest = Math.min(earliest, tick < start + SPAN[level]! ? tick : start);
    }
    return Math.max(start, earliest);
  }

  #advance(to: number): void {
    while (this.#tick < to && this.#due.first === undefined) {
      let level = 0;
      let next = Number.POSITIVE_INFINITY;
      // Where slots of several levels begin at once the highest comes first: what moves down may be due in that very tick.
      for (let each = 0; each < LEVELS; each++) {
        const start = this.#nextOf(each);
        if (start <= next) [next, level] = [start, each];
      }
      this.#tick = Math.min(to, next);
      if (next > to) return;
      this.#open(level, next);
      while (level > 0) {
        level -= 1;
        if (this.#isOccupied(level, next)) this.#open(level, next);
      }
    }
  }

  /** Time has come to a slot: its timers are due, or move down. */
  #open(level: number, tick: number): void {
    const slot = this.#slots[level * SLOTS + (Math.floor(tick / SPAN[level]!) % SLOTS)]!;
    let timer = slot.first;
    while (timer !== undefined) {
      const { after }: WheelTimer = timer;
      this.#unlink(timer);
      this.#place(timer as T);
      timer = after;
    }
  }

  #isOccupied(level: number, tick: number): boolean {
    const at = Math.floor(tick / SPAN[level]!) % SLOTS;
    return ((this.#occupied[level * 2 + (at >> 5)]! >>> (at & 31)) & 1) === 1;
  }

  #place(timer: T): void {
    const tick = Math.ceil(timer.dueAt);
    const ahead = tick - this.#tick;
    if (ahead <= 0) return this.#link(this.#due, timer, DUE);
    let level = 0;
    while (level < LEVELS - 1 && ahead >= SPAN[level + 1]!) level += 1;
    // Beyond the reach of all levels: as far away as possible, to be placed again then.
    const reach = Math.min(tick, this.#tick + SPAN[LEVELS]! - SPAN[LEVELS - 1]!);
    const at = Math.floor(reach / SPAN[level]!) % SLOTS;
    this.#occupied[level * 2 + (at >> 5)]! |= 1 << (at & 31);
    this.#link(this.#slots[level * SLOTS + at]!, timer, level * SLOTS + at);
  }

  #link(slot: Slot, timer: WheelTimer, place: number): void {
    timer.place = place;
    timer.before = slot.last;
    timer.after = undefined;
    if (slot.last === undefined) slot.first = timer;
    else slot.last.after = timer;
    slot.last = timer;
  }

  #unlink(timer: WheelTimer): void {
    const { place, before, after } = timer;
    const slot = place === DUE ? this.#due : this.#slots[place]!;
    if (before === undefined) slot.first = after;
    else before.after = after;
    if (after === undefined) slot.last = before;
    else after.before = before;
    timer.before = undefined;
    timer.after = undefined;
    timer.place = NOWHERE;
    if (place >= 0 && slot.first === undefined) {
      const at = place % SLOTS;
      this.#occupied[((place - at) / SLOTS) * 2 + (at >> 5)]! &= ~(1 << (at & 31));
    }
  }
}

/** The first set bit of 64 at or after `from`, round and round. One of them is set. */
function nextBit(low: number, high: number, from: number): number {
  const words = [low >>> 0, high >>> 0];
  const word = from >> 5;
  const first = (words[word]! & (~0 << (from & 31))) >>> 0;
  if (first !== 0) return word * 32 + lowest(first);
  const other = words[1 - word]!;
  if (other !== 0) return (1 - word) * 32 + lowest(other);
  return word * 32 + lowest(words[word]!);
}

function lowest(word: number): number {
  return 31 - Math.clz32(word & -word);
}
