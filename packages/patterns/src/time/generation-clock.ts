/**
 * Generation clock: a number that grows with every leadership and travels with every request, so that what an earlier leader still sends is
 * recognised and refused. Joshi, "Patterns of Distributed Systems", 2023, chapter "Generation Clock"; elsewhere called term (Raft, section 5.1), epoch
 * (ZooKeeper), ballot.
 *
 *                 stand                   persisted                    won
 *     following ---------> standing ------------------> candidate ----------> leading
 *        ^                    |                             |                    |
 *        +--------------------+-----------------------------+--------------------+   a higher generation is seen
 *
 * The one rule that implementations get wrong: a generation is durable *before* anybody hears of it; otherwise a restart can use it twice.
 * So `canvass` and `accepted` come out only once the generation they speak of is on disk.
 *
 * Who wins is decided elsewhere (by a quorum, a lease, a core). Pure.
 */
import { assert } from '../base/index.ts';

export type GenerationRole = 'following' | 'standing' | 'candidate' | 'leading';

export type GenerationInput =
  /** Try to become leader, with the next generation. */
  | { readonly kind: 'stand' }
  /** `generation` is durable here. */
  | { readonly kind: 'persisted'; readonly generation: number }
  /** The election of `generation` is won. */
  | { readonly kind: 'won'; readonly generation: number }
  /** A request, or a reply, that carries a generation. `id` is given back with the verdict. */
  | { readonly kind: 'seen'; readonly id: number; readonly generation: number };

export type GenerationEffect =
  /** Make it durable, then report `persisted`. */
  | { readonly kind: 'persist'; readonly generation: number }
  /** Ask the others for this generation. */
  | { readonly kind: 'canvass'; readonly generation: number }
  /** Everything sent from now on carries this generation. */
  | { readonly kind: 'lead'; readonly generation: number }
  /** Stop acting as leader (or candidate): `generation` is in office. */
  | { readonly kind: 'step-down'; readonly generation: number }
  | { readonly kind: 'accepted'; readonly id: number; readonly generation: number }
  /** The sender is of the past; `generation` tells it so. */
  | { readonly kind: 'refused'; readonly id: number; readonly generation: number };

export class GenerationClock {
  #generation: number;
  #durable: number;
  #role: GenerationRole = 'following';
  /** Requests accepted once their generation is durable. Bounded by what arrives during one disk write. */
  #waiting: { id: number; generation: number }[] = [];

  /** `generation` is what was on disk, 0 for a new node. */
  constructor(generation: number = 0) {
    assert(
      Number.isSafeInteger(generation) && generation >= 0,
      'a generation must be a safe integer that is not negative',
    );
    this.#generation = generation;
    this.#durable = generation;
  }

  /** The highest generation seen. */
  get generation(): number {
    return this.#generation;
  }

  get role(): GenerationRole {
    return this.#role;
  }

  step(input: GenerationInput, out: GenerationEffect[]): void {
    switch (input.kind) {
      case 'stand':
        return this.#stand(out);
      case 'persisted':
        return this.#persisted(input.generation, out);
      case 'won':
        return this.#won(input.generation, out);
      case 'seen':
        return this.#seen(input.id, input.generation, out);
    }
  }

  #stand(out: GenerationEffect[]): void {
    if (this.#role === 'leading') return;
    this.#generation += 1;
    this.#role = 'standing';
    out.push({ kind: 'persist', generation: this.#generation });
  }

  #persisted(generation: number, out: GenerationEffect[]): void {
    this.#durable = Math.max(this.#durable, generation);
    if (this.#role === 'standing' && this.#durable >= this.#generation) {
      this.#role = 'candidate';
      out.push({ kind: 'canvass', generation: this.#generation });
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { id, generation: seen } of waiting) this.#answer(id, seen, out);
  }

  #won(generation: number, out: GenerationEffect[]): void {
    // An election that was won late is lost: somebody has gone further meanwhile.
    if (this.#role !== 'candidate' || generation !== this.#generation) return;
    this.#role = 'leading';
    out.push({ kind: 'lead', generation });
  }

  #seen(id: number, generation: number, out: GenerationEffect[]): void {
    if (generation > this.#generation) {
      this.#generation = generation;
      if (this.#role !== 'following') out.push({ kind: 'step-down', generation });
      this.#role = 'following';
      out.push({ kind: 'persist', generation });
    }
    this.#answer(id, generation, out);
  }

  #answer(id: number, generation: number, out: GenerationEffect[]): void {
    if (generation < this.#generation) out.push({ kind: 'refused', id, generation: this.#generation });
    else if (generation <= this.#durable) out.push({ kind: 'accepted', id, generation });
    else this.#waiting.push({ id, generation });
  }
}
