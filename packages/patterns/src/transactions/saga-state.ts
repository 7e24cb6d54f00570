/**
 * Where a saga stands: a fold over its log, and what comes next, a function of that. There is no other state, so going on after a crash is the same as
 * going on.
 *
 *      begun --> forward: started, then done | failed | unknown, step after step ----------------> ended: completed
 *                   |        ^____________________|_________| attempts left
 *                   | turned: refused, out of attempts, cancelled; never after the pivot
 *                   v
 *                back: the same for the compensation of each step that was done, last first -----> ended: compensated
 *
 *      stuck: out of attempts where the saga can neither turn back nor leave it out. resumed: somebody has seen to it.
 */
import type { SagaPlan, SagaScope, SagaStep } from './saga-plan.ts';

export type SagaDirection = 'forward' | 'back';

/** What is written down, each before the next thing is done. */
export type SagaRecord<I, R> =
  | { readonly kind: 'begun'; readonly input: I }
  /** `attempt` is that of the idempotency key: the same again when the outcome of the last is unknown. */
  | { readonly kind: 'started'; readonly step: string; readonly direction: SagaDirection; readonly attempt: number }
  | { readonly kind: 'done'; readonly step: string; readonly direction: 'forward'; readonly result: R }
  | { readonly kind: 'done'; readonly step: string; readonly direction: 'back' }
  /** Certainly without effect. `isFinal`: no further attempt. */
  | {
      readonly kind: 'failed';
      readonly step: string;
      readonly direction: SagaDirection;
      readonly isFinal: boolean;
      readonly why: string;
    }
  | {
      readonly kind: 'unknown';
      readonly step: string;
      readonly direction: SagaDirection;
      readonly isFinal: boolean;
      readonly why: string;
    }
  /** `undoes`: what is compensated, in this order; with the step whose outcome is unknown first, if there is one. */
  | { readonly kind: 'turned'; readonly undoes: readonly string[]; readonly why: string }
  | { readonly kind: 'stuck'; readonly step: string; readonly direction: SagaDirection; readonly why: string }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'ended'; readonly outcome: SagaOutcome };

export type SagaOutcome = 'completed' | 'compensated';

/** What has become of the current step since it was last started. */
type Last = 'none' | 'started' | 'failed' | 'unknown';

export interface SagaState<I, R> extends SagaScope<I, R> {
  readonly phase: SagaDirection | SagaOutcome;
  /** Steps that were done, in order. */
  readonly done: readonly string[];
  /** Steps to be compensated, the next one first. */
  readonly undoes: readonly string[];
  /** The attempt at which each step was last started forward. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly last: Last;
  readonly isFinal: boolean;
  readonly attempt: number;
  /** How often the current step was started, since the saga came to it or was resumed. */
  readonly starts: number;
  readonly stuck: { readonly step: string; readonly direction: SagaDirection; readonly why: string } | undefined;
  /** The last failure of a step. */
  readonly why: string;
  /** Why it turned back. */
  readonly reason: string;
}

const FRESH = { last: 'none', isFinal: false, attempt: 0, starts: 0, why: '' } as const;

export function begunSaga<I, R>(input: I): SagaState<I, R> {
  const blank = { done: [], undoes: [], stuck: undefined, reason: '' };
  return { input, results: new Map(), attempts: new Map(), phase: 'forward', ...blank, ...FRESH };
}

/** The state after one more record. O(steps). */
export function advanceSaga<I, R>(state: SagaState<I, R>, record: SagaRecord<I, R>): SagaState<I, R> {
  switch (record.kind) {
    case 'begun':
      return begunSaga(record.input);
    case 'started': {
      const { attempt } = record;
      const attempts = record.direction === 'back' ? state.attempts : new Map(state.attempts).set(record.step, attempt);
      return { ...state, attempts, last: 'started', isFinal: false, attempt, starts: state.starts + 1 };
    }
    case 'done': {
      if (record.direction === 'back') return { ...state, ...FRESH, undoes: state.undoes.slice(1) };
      const results = new Map(state.results).set(record.step, record.result);
      return { ...state, ...FRESH, results, done: [...state.done, record.step] };
    }
    case 'failed':
    case 'unknown':
      return { ...state, last: record.kind, isFinal: record.isFinal, why: record.why };
    case 'turned':
      return { ...state, ...FRESH, phase: 'back', undoes: record.undoes, reason: record.why };
    case 'stuck':
      return { ...state, stuck: { step: record.step, direction: record.direction, why: record.why } };
    case 'resumed':
      return { ...state, stuck: undefined, isFinal: false, starts: 0 };
    case 'ended':
      return { ...state, phase: record.outcome };
  }
}

export type SagaAction<I, R> =
  /** Write this down. */
  | { readonly kind: 'record'; readonly record: SagaRecord<I, R> }
  /** Write down that it is started, then do it. */
  | {
      readonly kind: 'start';
      readonly step: SagaStep<I, R>;
      readonly direction: SagaDirection;
      readonly attempt: number;
      /** Earlier starts of the same: wait first. */
      readonly startsBefore: number;
      /** The attempt has been started before, and nobody knows what came of it. */
      readonly isRepeat: boolean;
    }
  | { readonly kind: 'rest' };

/** What to do next. `isCancelled`: turn back if that is still possible. O(steps). */
export function nextSagaAction<I, R>(
  plan: SagaPlan<I, R>,
  state: SagaState<I, R>,
  isCancelled: boolean,
): SagaAction<I, R> {
  if (state.stuck !== undefined || state.phase === 'completed' || state.phase === 'compensated')
    return { kind: 'rest' };
  const direction = state.phase;
  const name = direction === 'forward' ? plan.steps[state.done.length]?.name : state.undoes[0];
  if (name === undefined) return ended(direction === 'forward' ? 'completed' : 'compensated');
  const step = plan.step(name);
  const mayTurn =
    direction === 'forward' && (step.kind === 'compensatable' || (step.kind === 'pivot' && !isOpen(state)));
  if (mayTurn && isCancelled) return turned(state, step, 'cancelled');
  if (!state.isFinal && state.starts < plan.attemptsMax(step, direction)) {
    // Only a failure that certainly had no effect gives a new key.
    const isRepeat = isOpen(state);
    const attempt = state.attempt + (isRepeat ? 0 : 1);
    return { kind: 'start', step, direction, attempt, startsBefore: state.starts, isRepeat };
  }
  const why = state.why === '' ? 'every attempt was cut short' : state.why;
  if (mayTurn) return turned(state, step, why);
  return { kind: 'record', record: { kind: 'stuck', step: name, direction, why } };
}

/** Was the current step started, and nobody knows what came of it? */
function isOpen({ last }: { readonly last: Last }): boolean {
  return last === 'started' || last === 'unknown';
}

function turned<I, R>(state: SagaState<I, R>, step: SagaStep<I, R>, why: string): SagaAction<I, R> {
  const undoes = state.done.toReversed();
  if (isOpen(state)) undoes.unshift(step.name);
  return { kind: 'record', record: { kind: 'turned', undoes, why } };
}

function ended<I, R>(outcome: SagaOutcome): SagaAction<I, R> {
  return { kind: 'record', record: { kind: 'ended', outcome } };
}
