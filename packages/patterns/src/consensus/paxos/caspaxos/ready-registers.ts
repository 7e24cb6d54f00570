/**
 * Registers of which the next ballot is promised already: their next change begins with phase 2. Rystsov, "CASPaxos", 2018, section 2.2.1.
 *
 * The promises are those of the phase-2 quorum that accepted the ballot before, which may be fewer than phase 1 asks for (flexible quorums). They are
 * enough: each of them promised `next` in the same instant in which it accepted, so no ballot between the two can get a phase-1 quorum, every one
 * of which has one of them in it; and what is below was seen by phase 1 of the ballot before.
 *
 * Bounded: the one that was remembered first makes room.
 */
import type { ProposerCore } from './proposer-core.ts';
import type { Ready } from './register-types.ts';

export class ReadyRegisters<Value> {
  readonly #core: ProposerCore<Value>;
  readonly #ready: Map<string, Ready<Value>>;

  constructor(core: ProposerCore<Value>, ready: readonly Ready<Value>[]) {
    this.#core = core;
    this.#ready = new Map(ready.map((each) => [each.key, each]));
  }

  get all(): Iterable<Ready<Value>> {
    return this.#ready.values();
  }

  /** Of a register whose earlier one was taken. */
  add(ready: Ready<Value>): void {
    this.#ready.set(ready.key, ready);
    if (this.#ready.size <= this.#core.readyMax) return;
    for (const oldest of this.#ready.keys()) {
      this.#ready.delete(oldest);
      return;
    }
  }

  /** The next ballot can be used once, and not after a ballot of any other origin. */
  take(key: string): Ready<Value> | undefined {
    const ready = this.#ready.get(key);
    this.#ready.delete(key);
    return ready?.age === this.#core.age ? ready : undefined;
  }

  clear(): void {
    this.#ready.clear();
  }
}
