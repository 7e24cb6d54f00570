import { spread } from './configuration-cache.ts';
import type { EventList } from './event-list.ts';

const ALL = 0xffffffff;

/**
 * The operations linearized so far, as bits, with a Zobrist hash. Copied out it is short even in a long history: answered operations
 * before some point are all in it, and none called after the first missing one's return can be, so a window of words and where
 * it starts say everything. Operations without a return are kept in full.
 */
export class LinearizedSet {
  /** Length of a copy. */
  readonly words: number;
  hash = 0;
  readonly #answered: number;
  readonly #bits: Uint32Array;
  readonly #pendingBits: Uint32Array;
  readonly #window: number;
  /** The first word of `#bits` that is not all ones. */
  #base = 0;

  constructor(list: EventList) {
    this.#answered = list.answered;
    this.#window = windowWords(list);
    this.#bits = new Uint32Array(Math.ceil(list.answered / 32) + this.#window + 1);
    this.#pendingBits = new Uint32Array(Math.ceil((list.count - list.answered) / 32));
    this.words = 1 + this.#window + this.#pendingBits.length;
  }

  add(operation: number): void {
    this.hash ^= zobrist(operation);
    if (operation >= this.#answered) {
      flip(this.#pendingBits, operation - this.#answered);
      return;
    }
    flip(this.#bits, operation);
    while (this.#bits[this.#base] === ALL) this.#base += 1;
  }

  remove(operation: number): void {
    this.hash ^= zobrist(operation);
    if (operation >= this.#answered) {
      flip(this.#pendingBits, operation - this.#answered);
      return;
    }
    flip(this.#bits, operation);
    this.#base = Math.min(this.#base, operation >>> 5);
  }

  /** Writes `words` words to the start of `target`; equal sets write equal words. */
  copyTo(target: Uint32Array): void {
    target[0] = this.#base;
    let at = 1;
    for (let i = 0; i < this.#window; i += 1) target[at++] = this.#bits[this.#base + i] as number;
    for (let i = 0; i < this.#pendingBits.length; i += 1) target[at++] = this.#pendingBits[i] as number;
  }
}

const flip = (bits: Uint32Array, index: number): void => {
  bits[index >>> 5] = (bits[index >>> 5] as number) ^ (1 << (index & 31));
};

const zobrist = (operation: number): number => spread(Math.imul(operation + 1, 0x9e3779b1));

/** Words from the one that holds an operation to the one that holds the last operation called before it returned, at most. */
const windowWords = (list: EventList): number => {
  let [words, lastCalled] = [1, 0];
  for (let node = list.next[list.answeredHead] as number; node >= 0; node = list.next[node] as number) {
    if (node < list.count) lastCalled = node;
    else words = Math.max(words, (lastCalled >>> 5) - ((node - list.count) >>> 5) + 1);
  }
  return words;
};
