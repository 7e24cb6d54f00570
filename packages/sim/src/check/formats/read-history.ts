import type { Operation } from '../operation.ts';
import { HistoryFormatError } from './history-format-error.ts';
import { type HistoryLine, readHistoryLines } from './history-lines.ts';

/** Something to show beside the operations: a fault, a line of a server's log. */
export interface Annotation {
  /** Annotations of one lane share a row. */
  readonly lane: string;
  readonly text: string;
  /** On the scale of `Operation.call`. */
  readonly from: number;
  /** Absent: a moment. Infinity: to the end. */
  readonly to?: number;
}

export interface History<Input, Output> {
  /** `call` and `return` are line numbers. */
  readonly operations: readonly Operation<Input, Output>[];
  /** What other processes than clients did. */
  readonly annotations: readonly Annotation[];
}

/** How an operation ended, from its client's side. */
export type Ending<Output> =
  | { readonly kind: 'answered'; readonly output: Output }
  /** It did not happen: left out of the history. */
  | { readonly kind: 'not-applied' }
  /** It may have happened, now or later. */
  | { readonly kind: 'unknown' };

/** What the lines of one kind of history mean. Both throw `HistoryFormatError`. */
export interface Vocabulary<Input, Output> {
  input(invocation: HistoryLine): Input;
  ending(input: Input, completion: HistoryLine): Ending<Output>;
}

interface Open<Input> {
  readonly invocation: HistoryLine;
  readonly input: Input;
}

/** Pairs the calls and answers of an operation log. An operation without an answer stays open for ever. Throws `HistoryFormatError`. */
export function readHistory<Input, Output>(
  text: string,
  vocabulary: Vocabulary<Input, Output>,
): History<Input, Output> {
  const operations: Operation<Input, Output>[] = [];
  const annotations: Annotation[] = [];
  const open = new Map<number, Open<Input>>();
  const add = (
    { invocation, input }: Open<Input>,
    end: Partial<Pick<Operation<Input, Output>, 'output' | 'return'>>,
  ): void => {
    operations.push({
      client: invocation.process,
      input,
      output: undefined,
      call: invocation.line,
      return: Infinity,
      ...end,
    });
  };
  for (const line of readHistoryLines(text)) {
    const { process } = line;
    if (typeof process === 'string') {
      annotations.push({ lane: process, text: `${line.f} (${line.type})`, from: line.line });
    } else if (line.type === 'invoke') {
      const busy = open.get(process);
      if (busy !== undefined)
        throw wrong(line, `process ${process} still waits for its call of line ${busy.invocation.line}`);
      open.set(process, { invocation: line, input: vocabulary.input(line) });
    } else {
      const call = open.get(process);
      if (call === undefined) throw wrong(line, `process ${process} gets an answer without a call`);
      if (call.invocation.f !== line.f)
        throw wrong(line, `:${line.f} answers the :${call.invocation.f} of line ${call.invocation.line}`);
      open.delete(process);
      const ending = vocabulary.ending(call.input, line);
      if (ending.kind === 'answered') add(call, { output: ending.output, return: line.line });
      else if (ending.kind === 'unknown') add(call, {});
    }
  }
  for (const call of open.values()) add(call, {});
  if (operations.length === 0) throw new HistoryFormatError(0, 'no operations in it');
  return { operations: operations.sort((a, b) => a.call - b.call), annotations };
}

const wrong = (line: HistoryLine, message: string): HistoryFormatError => new HistoryFormatError(line.line, message);
