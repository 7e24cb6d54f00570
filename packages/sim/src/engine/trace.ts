/** The readable form of a run, off by default because it costs a string per event. */

export interface TraceEntry {
  readonly timeMs: number;
  /** Undefined for what happens to the world as a whole. */
  readonly node: string | undefined;
  readonly kind: 'event' | 'log' | 'mark' | 'fault' | 'send';
  readonly text: string;
}

export type TraceMode = 'off' | 'full' | { readonly last: number };

/** Of a full trace, this many entries are kept; later ones are counted only. */
const FULL_MAX = 2_000_000;

export class Trace {
  readonly enabled: boolean;
  /** Entries that found no place: the oldest of a ring, the newest of a full trace. */
  dropped = 0;
  readonly #last: number | undefined;
  readonly #entries: TraceEntry[] = [];
  #head = 0;

  constructor(mode: TraceMode) {
    this.enabled = mode !== 'off';
    this.#last = typeof mode === 'object' ? mode.last : undefined;
  }

  add(entry: TraceEntry): void {
    if (!this.enabled) return;
    if (this.#entries.length < (this.#last ?? FULL_MAX)) {
      this.#entries.push(entry);
      return;
    }
    this.dropped += 1;
    if (this.#last === undefined || this.#last === 0) return;
    this.#entries[this.#head] = entry;
    this.#head = (this.#head + 1) % this.#last;
  }

  /** Oldest first. */
  entries(): readonly TraceEntry[] {
    return [...this.#entries.slice(this.#head), ...this.#entries.slice(0, this.#head)];
  }

  /** One line per entry: time in milliseconds, node, text. */
  format(): string {
    return this.entries()
      .map(
        (entry) =>
          `${entry.timeMs.toFixed(3).padStart(12)} ${(entry.node ?? '-').padEnd(8)} ${entry.kind} ${entry.text}`,
      )
      .join('\n');
  }
}
