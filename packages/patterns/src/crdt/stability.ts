/**
 * Causal stability: which state has everybody merged, so that nothing can arrive any more that was made without it? What was deleted by then can be
 * forgotten for good. Baquero, Almeida, Shoker, "Making Operation-Based CRDTs Operation-Based", DAIS 2014, section 5 (causal stability).
 *
 * Each replica numbers its own changes in a version vector and tells the others how far it is. A snapshot is stable when every replica has said
 * that it has at least the snapshot's version, *and* all that they had themselves changed by the time they said so has arrived here: then what is still on its way
 * to us was made after it.
 *
 * A replica that is silent stops collection, as it must: it may yet edit what the others want to forget. Take it out of `replicas` only when its
 * changes are never accepted again.
 *
 * Pure. Bounded by `snapshotsMax`: past it every second snapshot is dropped, which only delays.
 */
import { assert } from '../base/index.ts';
import type { VectorClock } from '../time/index.ts';

export type StabilityInput<S> =
  /** This replica is now at `version`, which covers `state`. */
  | { readonly kind: 'advanced'; readonly version: VectorClock; readonly state: S }
  /** Another replica has said that it is at `version`. */
  | { readonly kind: 'heard'; readonly from: string; readonly version: VectorClock }
  /** These are all replicas there are, beside this one. */
  | { readonly kind: 'replicas'; readonly others: Iterable<string> };

export interface StabilityEffect<S> {
  readonly kind: 'stable';
  readonly version: VectorClock;
  readonly state: S;
}

export class StabilityTracker<S> {
  readonly #snapshotsMax: number;
  /** Per other replica, all that it has said, and as much of that as counts: what was covered here. */
  #others = new Map<string, { said: VectorClock | undefined; counts: VectorClock | undefined }>();
  /** Oldest first. */
  #snapshots: { readonly version: VectorClock; readonly state: S }[] = [];
  #version: VectorClock | undefined;

  constructor(options: { readonly others: Iterable<string>; readonly snapshotsMax?: number }) {
    this.#snapshotsMax = options.snapshotsMax ?? 64;
    assert(this.#snapshotsMax >= 2, 'snapshotsMax must be at least 2');
    this.#replicas(options.others);
  }

  /** Snapshots that wait to become stable. */
  get size(): number {
    return this.#snapshots.length;
  }

  step(input: StabilityInput<S>, out: StabilityEffect<S>[]): void {
    switch (input.kind) {
      case 'advanced':
        this.#advanced(input.version, input.state);
        break;
      case 'heard':
        this.#heard(input.from, input.version);
        break;
      case 'replicas':
        this.#replicas(input.others);
    }
    this.#settle(out);
  }

  #advanced(version: VectorClock, state: S): void {
    this.#version = version;
    this.#snapshots.push({ version, state });
    if (this.#snapshots.length > this.#snapshotsMax)
      this.#snapshots = this.#snapshots.filter((_, at) => at === this.#snapshots.length - 1 || at % 2 === 0);
  }

  #heard(from: string, version: VectorClock): void {
    const other = this.#others.get(from);
    if (other !== undefined) other.said = other.said?.merge(version) ?? version;
  }

  #replicas(others: Iterable<string>): void {
    const before = this.#others;
    this.#others = new Map(
      [...others].map((name) => [name, before.get(name) ?? { said: undefined, counts: undefined }]),
    );
  }

  #settle(out: StabilityEffect<S>[]): void {
    for (const other of this.#others.values())
      if (other.said !== undefined && this.#version?.descends(other.said) === true) other.counts = other.said;
    let stable = -1;
    for (const [at, { version }] of this.#snapshots.entries()) if (this.#everybodyHas(version)) stable = at;
    if (stable < 0) return;
    const { version, state } = this.#snapshots[stable]!;
    this.#snapshots = this.#snapshots.slice(stable + 1);
    out.push({ kind: 'stable', version, state });
  }

  #everybodyHas(version: VectorClock): boolean {
    for (const { counts } of this.#others.values()) if (counts?.descends(version) !== true) return false;
    return true;
  }
}
