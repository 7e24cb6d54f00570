import { Machine } from './machine.ts';
import type { Model, Part } from './model.ts';
import type { Operation, Verdict } from './operation.ts';
import { Search } from './search.ts';

export interface PartResult {
  readonly name: string;
  readonly verdict: Verdict;
  /** Indices into the history. */
  readonly operations: readonly number[];
  readonly steps: number;
  /** The longest order of this part's operations that the model accepts, as far as it was found: indices into the history. */
  readonly longest: readonly number[];
  /** Where that order ends: the operation that had to come next, and that the model refused. An index into the history. */
  readonly refused: number | undefined;
}

/** The search of one part: begun at the first slice, dropped with its memory at the verdict. */
export class PartRun<Input, Output, State> {
  readonly #part: Part;
  readonly #model: Model<Input, Output, State>;
  readonly #history: readonly Operation<Input, Output>[];
  /** The operations searched: those of the part but reads that nobody knows the answer of. Indices into the history. */
  readonly #searched: readonly number[];
  #search: Search<Input, Output, State> | undefined;
  #verdict: Verdict | undefined;
  #progress: Pick<PartResult, 'steps' | 'longest' | 'refused'> = { steps: 0, longest: [], refused: undefined };

  constructor(part: Part, model: Model<Input, Output, State>, history: readonly Operation<Input, Output>[]) {
    this.#part = part;
    this.#model = model;
    this.#history = history;
    this.#searched = part.operations.filter((index) => {
      const { input, output } = history[index] as Operation<Input, Output>;
      return output !== undefined || model.isRead?.(input, output) !== true;
    });
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  get steps(): number {
    return this.#search?.steps ?? this.#progress.steps;
  }

  /** What the search occupies, approximately. */
  get bytes(): number {
    return this.#search?.bytes ?? 0;
  }

  /** Searches on for about `steps` steps. */
  advance(steps: number, bytesMax: number): void {
    if (this.#search === undefined) {
      const operations = this.#searched.map((index) => this.#history[index] as Operation<Input, Output>);
      this.#search = new Search(new Machine(this.#model, operations), operations, { bytesMax });
    }
    const verdict = this.#search.run(steps);
    if (verdict !== undefined) this.end(verdict);
  }

  /** Ends the search with this verdict and frees its memory. */
  end(verdict: Verdict): void {
    this.#verdict = verdict;
    const search = this.#search;
    if (search === undefined) return;
    const { longest, refused } = search.progress();
    this.#progress = {
      steps: search.steps,
      longest: longest.map((at) => this.#searched[at] as number),
      refused: refused === undefined ? undefined : this.#searched[refused],
    };
    this.#search = undefined;
  }

  result(): PartResult {
    return {
      name: this.#part.name,
      verdict: this.#verdict ?? 'unknown',
      operations: this.#part.operations,
      ...this.#progress,
    };
  }
}
