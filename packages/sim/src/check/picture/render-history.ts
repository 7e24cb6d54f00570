import type { CheckResult } from '../check-history.ts';
import type { Annotation } from '../formats/read-history.ts';
import type { Model } from '../model.ts';
import type { Operation, Verdict } from '../operation.ts';
import type { PartResult } from '../part-run.ts';
import { escapeHtml } from './escape-html.ts';
import { type Layout, layOut } from './layout.ts';
import { page } from './page.ts';
import { type Replay, replay } from './replay.ts';
import { drawPart } from './svg.ts';

/** Parts drawn; the others are named. */
const PARTS_MAX = 8;
/** Steps before the error that are told in words. */
const TOLD_MAX = 12;
const URGENCY: Readonly<Record<Verdict, number>> = { illegal: 0, unknown: 1, linearizable: 2 };

export interface Picture<Input, Output, State> {
  readonly title: string;
  readonly history: readonly Operation<Input, Output>[];
  readonly model: Model<Input, Output, State>;
  readonly result: CheckResult;
  /** Shown above the clients: faults, for instance. */
  readonly annotations?: readonly Annotation[];
  /** How `call` and `return` read. Default: the number. */
  readonly describeTime?: (time: number) => string;
}

/**
 * A checked history as one HTML page that needs nothing else. Illegal parts come first; each shows its operations as boxes in a row
 * per client, the longest order found as a line through them, and in red the operation that the model refused next.
 */
export function renderHistory<Input, Output, State>(picture: Picture<Input, Output, State>): string {
  const { title, history, model, result } = picture;
  const parts = [...result.parts].sort((a, b) => URGENCY[a.verdict] - URGENCY[b.verdict]);
  const others = parts.slice(PARTS_MAX);
  const summary = `${result.verdict} as ${model.name}: ${history.length} operations in ${count(parts.length, 'part')}, ${count(result.steps, 'step')}.`;
  const jump = result.verdict === 'illegal' ? ' <a class="jump" href="#first-error">Jump to the first error</a>' : '';
  const rest =
    others.length === 0
      ? ''
      : `<footer>Not drawn: ${others.map((part) => `${escapeHtml(part.name)} (${part.verdict})`).join(', ')}.</footer>`;
  const body = [
    `<header><h1>${escapeHtml(title)}</h1><p><strong class="${result.verdict}">${escapeHtml(summary)}</strong>${jump}</p></header>`,
    ...parts.slice(0, PARTS_MAX).map((part) => section(picture, part)),
    rest,
  ];
  return page(title, body.join('\n'));
}

function section<Input, Output, State>(picture: Picture<Input, Output, State>, part: PartResult): string {
  const { history, model, annotations = [], describeTime = String } = picture;
  const layout = layOut(history, part);
  const refused = part.verdict === 'illegal' ? part.refused : undefined;
  const told = replay(history, model, part);
  const label = (index: number): string => {
    const { input, output } = history[index] as Operation<Input, Output>;
    return model.describeOperation(input, output);
  };
  const byOperation = new Map(told.steps.map((step, place) => [step.operation, { ...step, place }]));
  const details = (index: number): string => {
    const { client, call, return: end } = history[index] as Operation<Input, Output>;
    const step = byOperation.get(index);
    const answered = end === Infinity ? 'never answered' : `answered at ${describeTime(end)}`;
    const place =
      step === undefined
        ? index === refused
          ? `refused: the state is ${told.last}`
          : 'not in the order'
        : `number ${step.place + 1} in the order: ${step.before} becomes ${step.after}`;
    return `${label(index)}\nclient ${client}, called at ${describeTime(call)}, ${answered}\n${place}`;
  };
  const drawing = { layout, annotations, refused, label, details };
  return [
    `<section><h2>${escapeHtml(part.name)}: <span class="${part.verdict}">${part.verdict}</span></h2>`,
    part.refused === undefined ? '' : explanation(part, told, label),
    omission(layout),
    `<div class="scroll">${drawPart(drawing)}</div></section>`,
  ].join('\n');
}

/** The error in words: the end of the order, and what could have come next. */
function explanation(part: PartResult, told: Replay, label: (index: number) => string): string {
  const shown = told.steps.slice(-TOLD_MAX);
  const first = told.steps.length - shown.length;
  const steps = shown.map(
    (step) =>
      `<li><code>${escapeHtml(label(step.operation))}</code>, then the state is <code>${escapeHtml(step.after)}</code></li>`,
  );
  const next = told.alternatives.map(
    ({ operation, isAccepted }) =>
      `<li><code>${escapeHtml(label(operation))}</code>: ${isAccepted ? 'possible, but leads no further' : 'refused'}</li>`,
  );
  const so = part.verdict === 'illegal' ? 'No order explains all answers.' : 'The search was not finished.';
  return (
    `<p>${so} The longest one found has ${told.steps.length} of ${part.operations.length} operations and ends so:</p>` +
    `<ol start="${first + 1}">${steps.join('')}</ol><p>Next, one of these would have to come, in the state <code>${escapeHtml(told.last)}</code>:</p>` +
    `<ul>${next.join('')}</ul>`
  );
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const omission = ({ omitted }: Layout): string =>
  omitted.before + omitted.after === 0
    ? ''
    : `<p>Not drawn: ${omitted.before} operations before and ${omitted.after} after these.</p>`;
