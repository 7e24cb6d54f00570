/** What clients asked and heard, in the order in which they did. */
import type { CoreError } from '@quorate/cluster/core';

export type Outcome = 'pending' | 'answered' | 'refused' | 'unknown';

export interface Recorded {
  readonly client: string;
  readonly kind: string;
  /** For people. */
  readonly text: string;
  /** The number by which a write is found in the log; 0 for reads. */
  readonly mark: number;
  /** The keys of the workload's small domain that it touches, with what it does to them; empty when it is no business of the register check. */
  readonly touches: readonly Touch[];
  /** Numbers of one sequence for all calls and returns of the run. */
  readonly call: number;
  readonly callMs: number;
  return: number;
  returnMs: number;
  outcome: Outcome;
  answer: string | undefined;
  error: CoreError | undefined;
  /** Of a read: what it found under each key of `touches`, by value. */
  values: readonly (string | undefined)[];
}

export interface Touch {
  readonly key: string;
  readonly kind: 'read' | 'write' | 'compare-and-set';
  /** What is written; undefined: a deletion. */
  readonly value: string | undefined;
  /** What a compare-and-set expects. */
  readonly expected?: string | undefined;
}

export class OperationLog {
  readonly all: Recorded[] = [];
  readonly #nowMs: () => number;
  #sequence = 0;
  #marks = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A number that no other write has. */
  nextMark(): number {
    this.#marks += 1;
    return this.#marks;
  }

  begin(client: string, kind: string, text: string, mark: number, touches: readonly Touch[] = []): Recorded {
    const recorded: Recorded = {
      client,
      kind,
      text,
      mark,
      touches,
      call: ++this.#sequence,
      callMs: this.#nowMs(),
      return: Number.POSITIVE_INFINITY,
      returnMs: Number.POSITIVE_INFINITY,
      outcome: 'pending',
      answer: undefined,
      error: undefined,
      values: [],
    };
    this.all.push(recorded);
    return recorded;
  }

  answered(recorded: Recorded, answer: string): void {
    recorded.outcome = 'answered';
    recorded.answer = answer;
    this.#end(recorded);
  }

  failed(recorded: Recorded, error: CoreError): void {
    recorded.outcome = error.outcome === 'not-applied' ? 'refused' : 'unknown';
    recorded.error = error;
    this.#end(recorded);
  }

  #end(recorded: Recorded): void {
    recorded.return = ++this.#sequence;
    recorded.returnMs = this.#nowMs();
  }

  /** How many ended how, by kind. */
  get counts(): Map<string, Record<Outcome, number>> {
    const counts = new Map<string, Record<Outcome, number>>();
    for (const { kind, outcome } of this.all) {
      const row = counts.get(kind) ?? { pending: 0, answered: 0, refused: 0, unknown: 0 };
      row[outcome] += 1;
      counts.set(kind, row);
    }
    return counts;
  }
}

export function describeOperation(recorded: Recorded): string {
  const { client, text, callMs, returnMs, outcome, answer, error } = recorded;
  const ended = returnMs === Number.POSITIVE_INFINITY ? '…' : returnMs.toFixed(1);
  const result = answer ?? (error === undefined ? outcome : `${outcome}: ${error.code}`);
  return `${callMs.toFixed(1)}–${ended} ms ${client}: ${text} → ${result}`;
}
