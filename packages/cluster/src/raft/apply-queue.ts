import { clear } from '@quorate/patterns/base';
import type { Entry } from '@quorate/patterns/consensus/raft';

/** Committed entries that the state machine has yet to consume, in order. Bounded by the log behind the last snapshot. */
export class ApplyQueue {
  readonly #runs: (readonly Entry[])[] = [];
  #head = 0;
  /** Within the run at `#head`. */
  #at = 0;
  #sizeBytes = 0;

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  /** Bytes of data that wait. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  push(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#runs.push(entries);
    for (const entry of entries) if (entry.kind === 'data') this.#sizeBytes += entry.data.length;
  }

  shift(): Entry | undefined {
    const run = this.#runs[this.#head];
    if (run === undefined) return undefined;
    const entry = run[this.#at++]!;
    if (entry.kind === 'data') this.#sizeBytes -= entry.data.length;
    if (this.#at === run.length) this.#nextRun();
    return entry;
  }

  clear(): void {
    clear(this.#runs);
    this.#head = 0;
    this.#at = 0;
    this.#sizeBytes = 0;
  }

  #nextRun(): void {
    this.#at = 0;
    this.#head += 1;
    if (this.#head === this.#runs.length) {
      clear(this.#runs);
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#runs.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
