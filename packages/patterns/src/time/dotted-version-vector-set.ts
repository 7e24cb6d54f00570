/**
 * Dotted version vector set: the values of one key that nobody has overwritten yet (siblings), and what they have overwritten, in one compact
 * clock. Almeida, Baquero, Gonçalves, Preguiça, Fonte, "Scalable and Accurate Causality Tracking for Eventually Consistent Stores",
 * DAIS 2014, section 5.
 *
 * Why not a plain version vector with one entry per server: when two clients write through the same server, it can only say that
 * the second write includes the first, which is wrong, or keep both for ever, which explodes. Here each value has its own dot, so a write drops
 * exactly the values its writer had read. Siblings are bounded by true concurrency, entries by the number of servers that wrote the key.
 *
 * An entry (actor, n, [v₁ … v_k]) says: all writes of that actor up to n have been seen, and of them n−k+1 … n are current, newest first.
 * `anonymous` values have no dot yet: they came from a client and wait for a server's `update`.
 *
 * Immutable. Actors should be a node and an epoch (see `ActorId`), or a lost disk reuses dots.
 */
import { assert } from '../base/index.ts';
import type { CausalOrder } from './vector-clock.ts';
import { VectorClock } from './vector-clock.ts';

export interface DvvEntry<V> {
  readonly actor: string;
  /** Counter of the actor's last write seen. */
  readonly counter: number;
  /** Its current values: the last one has dot `counter`, at place 0; then `counter − 1`, … */
  readonly values: readonly V[];
}

export class DottedVersionVectorSet<V> {
  /** Sorted by actor. */
  readonly entries: readonly DvvEntry<V>[];
  readonly anonymous: readonly V[];

  private constructor(entries: readonly DvvEntry<V>[], anonymous: readonly V[]) {
    this.entries = entries;
    this.anonymous = anonymous;
  }

  /** What a client sends: a value, and the context of its last read (`VectorClock.empty` for a blind write). */
  static write<V>(context: VectorClock, ...values: V[]): DottedVersionVectorSet<V> {
    const entries = context.actors.map((actor, at) => ({ actor, counter: context.counters[at]!, values: [] }));
    return new DottedVersionVectorSet<V>(entries, values);
  }

  /** A set with exactly these entries, in any order. Throws when an entry has more values than its counter, or an actor comes twice. */
  static of<V>(entries: Iterable<DvvEntry<V>>, anonymous: readonly V[] = []): DottedVersionVectorSet<V> {
    const byActor = new Map<string, DvvEntry<V>>();
    for (const entry of entries) {
      const { actor, counter, values } = entry;
      assert(values.length <= counter, `actor ${actor} cannot have more values than writes`);
      assert(!byActor.has(actor), `actor ${actor} must be named once`);
      byActor.set(actor, entry);
    }
    const sorted = [...byActor.keys()].sort().map((actor) => byActor.get(actor)!);
    return new DottedVersionVectorSet(sorted, anonymous);
  }

  /** The context a reader gets and hands back with its write: the paper's `join`. */
  get context(): VectorClock {
    return VectorClock.of(this.entries.map(({ actor, counter }) => [actor, counter]));
  }

  /** All current values. */
  get values(): V[] {
    return [...this.anonymous, ...this.entries.flatMap(({ values }) => values)];
  }

  /** How many current values there are: above 1, siblings. */
  get size(): number {
    return this.entries.reduce((sum, { values }) => sum + values.length, this.anonymous.length);
  }

  /**
   * The paper's `sync`: what neither side knows to be overwritten. Commutative and idempotent; associative, too, where no value is anonymous.
   * O(entries).
   */
  merge(other: DottedVersionVectorSet<V>): DottedVersionVectorSet<V> {
    if (this === other) return this;
    const order = this.compare(other);
    // Of two sets of which one knows all the other knows, anonymous values of the older are overwritten.
    const anonymous =
      order === 'before'
        ? other.anonymous
        : order === 'after'
          ? this.anonymous
          : [...new Set([...this.anonymous, ...other.anonymous])];
    const entries: DvvEntry<V>[] = [];
    for (let i = 0, j = 0; i < this.entries.length || j < other.entries.length; ) {
      const a = this.entries[i];
      const b = other.entries[j];
      if (b === undefined || (a !== undefined && a.actor < b.actor)) {
        entries.push(a!);
        i += 1;
      } else if (a === undefined || b.actor < a.actor) {
        entries.push(b);
        j += 1;
      } else {
        entries.push(a.counter >= b.counter ? mergeEntry(a, b) : mergeEntry(b, a));
        i += 1;
        j += 1;
      }
    }
    return new DottedVersionVectorSet(entries, anonymous);
  }

  /**
   * A write arrives at the server `actor`, which holds `current`: what its writer had read goes, what it had not read stays beside it, and
   * the new value gets the actor's next dot. This set must hold a single anonymous value.
   */
  update(
    actor: string,
    current: DottedVersionVectorSet<V> = new DottedVersionVectorSet<V>([], []),
  ): DottedVersionVectorSet<V> {
    assert(this.anonymous.length === 1, 'a write must have exactly one value');
    const context = new DottedVersionVectorSet<V>(this.entries, []);
    const merged = context.merge(current);
    return new DottedVersionVectorSet(withEvent(merged.entries, actor, this.anonymous[0]!), merged.anonymous);
  }

  /** By what has been seen, not by values. */
  compare(other: DottedVersionVectorSet<V>): CausalOrder {
    return this.context.compare(other.context);
  }

  /**
   * Keeps the last value by `order` (negative when a is older; of equals the first) and drops the others. History is unchanged. The value keeps
   * its dot when it is the newest of its entry. Else it is anonymous until the next `update`: an entry cannot say that only the older
   * of two writes is current, and one that passed the older for the newer would not merge to the same on both sides.
   */
  latest(order: (a: V, b: V) => number): DottedVersionVectorSet<V> {
    const last = this.last(order);
    if (last === undefined) return this;
    const home = this.entries.find(({ values }) => values[0] === last);
    const entries = this.entries.map((entry) => ({ ...entry, values: entry === home ? [last] : [] }));
    return new DottedVersionVectorSet(entries, home === undefined ? [last] : []);
  }

  last(order: (a: V, b: V) => number): V | undefined {
    return this.values.reduce<V | undefined>(
      (best, v) => (best === undefined || order(best, v) < 0 ? v : best),
      undefined,
    );
  }

  /** Replaces all values by one made of them; it is anonymous until the next `update`. */
  reconcile(combine: (values: V[]) => V): DottedVersionVectorSet<V> {
    const entries = this.entries.map(({ actor, counter }) => ({ actor, counter, values: [] }));
    return new DottedVersionVectorSet<V>(entries, [combine(this.values)]);
  }

  map<W>(change: (value: V) => W): DottedVersionVectorSet<W> {
    const entries = this.entries.map(({ actor, counter, values }) => ({ actor, counter, values: values.map(change) }));
    return new DottedVersionVectorSet(entries, this.anonymous.map(change));
  }
}

/** `a` has seen at least as much of the actor as `b`. A value survives unless the other side has seen its dot and does not hold it. */
function mergeEntry<V>(a: DvvEntry<V>, b: DvvEntry<V>): DvvEntry<V> {
  const knownToB = b.counter - b.values.length;
  // Values of `a` above what `b` had dropped; of those `b` has seen, only as many as `b` still holds.
  return { actor: a.actor, counter: a.counter, values: a.values.slice(0, Math.max(0, a.counter - knownToB)) };
}

function withEvent<V>(entries: readonly DvvEntry<V>[], actor: string, value: V): DvvEntry<V>[] {
  const before = entries.find((entry) => entry.actor === actor) ?? { counter: 0, values: [] };
  const event = { actor, counter: before.counter + 1, values: [value, ...before.values] };
  return [...entries.filter((entry) => entry.actor < actor), event, ...entries.filter((entry) => entry.actor > actor)];
}
