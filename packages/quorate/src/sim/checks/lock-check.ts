/**
 * Fencing (Kleppmann, "How to do distributed locking", 2016): whoever is told to hold the lock is first in line at that moment, and what
 * is written under the lock's guard is written in the order of tokens, whatever its writers believe.
 */
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';

export class LockCheck {
  readonly #prefix: string;
  readonly #reference: ReferenceStore;
  readonly #violations: Violations;
  /** By mark. */
  readonly #tokens = new Map<number, number>();
  #highest = 0;

  constructor(lock: string, reference: ReferenceStore, violations: Violations) {
    this.#prefix = `${lock}/`;
    this.#reference = reference;
    this.#violations = violations;
  }

  acquired(who: string, token: number): void {
    const line = this.#reference.history.range(this.#prefix, `${this.#prefix.slice(0, -1)}0`);
    const ahead = line.find(({ createRevision }) => createRevision < token);
    if (ahead === undefined) return;
    this.#violations.report('lock', `${who} has the lock with token ${token}, but ${ahead.key} is before it in line`);
  }

  writes(mark: number, token: number): void {
    this.#tokens.set(mark, token);
  }

  /** At the end: the guarded writes that succeeded, in the order of the log. */
  judge(): void {
    for (const { now } of this.#reference.history.changesBetween(0, this.#reference.revision, 'guarded', undefined)) {
      const token = this.#tokens.get(Number(now?.value.slice(1)));
      if (token === undefined) continue;
      if (token < this.#highest) {
        const what = `${now?.value} is written with token ${token} after one with ${this.#highest}`;
        this.#violations.report('fencing', what);
        return;
      }
      this.#highest = token;
    }
  }
}
