/**
 * A saga's steps, and what may be said about each: Garcia-Molina, Salem, "Sagas", SIGMOD 1987 (compensation); Mehrotra, Rastogi, Korth,
 * Silberschatz, "A Transaction Model for Multidatabase Systems", ICDCS 1992 (compensatable, pivot and retriable steps).
 *
 *     compensatable, compensatable, …   then at most one pivot   then retriable, retriable, …
 *
 * A compensatable step can be undone. The pivot is the point of no return: once it is done nothing is undone. What comes after it must
 * succeed in the end, however often it has to be tried; where there is no pivot, the first retriable step is the point of no return.
 */
import { assert } from '../base/index.ts';

/** What a step is told. */
export interface SagaScope<I, R> {
  readonly input: I;
  /** What earlier steps returned, by name. */
  readonly results: ReadonlyMap<string, R>;
}

export interface SagaCall {
  /**
   * Pass it on to whoever carries the step out, as its idempotency key. It is the same when an attempt is repeated because its outcome is
   * unknown, also after a crash, and another one when the attempt before has certainly had no effect.
   */
  readonly key: string;
  /** From 1. */
  readonly attempt: number;
}

/** `undoes`: the key of the attempt that is to be without effect, whether it has arrived or will. */
export type SagaUndo = SagaCall & { readonly undoes: string };

type Work<I, R, Call, T> = (scope: SagaScope<I, R>, call: Call) => Promise<T>;

/**
 * Work that fails throws. An error whose `outcome` is `not-applied` says that this request has had no effect; any other leaves it unknown. An
 * error whose `retryable` is false is not worth another attempt. One that is both, such as `SagaRefusal`, must come from who heeds the key: nothing was done
 * under it, nor will be.
 */
export type SagaStep<I, R> =
  | {
      readonly kind: 'compensatable';
      readonly name: string;
      readonly run: Work<I, R, SagaCall, R>;
      /** Comes also when `run` may never have arrived, or may arrive later: then it keeps `run` from having an effect. */
      readonly compensate: Work<I, R, SagaUndo, void>;
      readonly attemptsMax?: number;
    }
  | {
      readonly kind: 'pivot' | 'retriable';
      readonly name: string;
      readonly run: Work<I, R, SagaCall, R>;
      readonly attemptsMax?: number;
    };

/** The step was refused: nothing was done, and trying again would not help. */
export class SagaRefusal extends Error {
  override readonly name = 'SagaRefusal';
  readonly outcome = 'not-applied';
  readonly retryable = false;
}

export interface SagaPlanOptions {
  /** How often a compensatable step or the pivot is started before the saga turns back. Default 3. */
  readonly attemptsMax?: number;
  /** How often a retriable step or a compensation is started before the saga is stuck. Default 10. */
  readonly insistMax?: number;
}

export class SagaPlan<I, R> {
  readonly steps: readonly SagaStep<I, R>[];
  readonly #attemptsMax: number;
  readonly #insistMax: number;

  constructor(steps: readonly SagaStep<I, R>[], options: SagaPlanOptions = {}) {
    this.steps = steps;
    this.#attemptsMax = options.attemptsMax ?? 3;
    this.#insistMax = options.insistMax ?? 10;
    assert(this.#attemptsMax >= 1, `attemptsMax must be >= 1, not ${this.#attemptsMax}`);
    assert(this.#insistMax >= 1, `insistMax must be >= 1, not ${this.#insistMax}`);
    const order = steps.map(({ kind }) => kind[0]).join('');
    assert(/^c*p?r*$/.test(order), 'steps come in this order: compensatable ones, at most one pivot, retriable ones');
    assert(new Set(steps.map(({ name }) => name)).size === steps.length, 'a step has a name of its own');
    for (const { name, attemptsMax = 1 } of steps) {
      // Else a step of one saga could have the idempotency key of a step of another.
      assert(!name.includes('/'), `the name of a step must not contain "/", as "${name}" does`);
      assert(attemptsMax >= 1, `attemptsMax of step "${name}" must be >= 1, not ${attemptsMax}`);
    }
  }

  /** A step that the log speaks of must be in the plan. */
  step(name: string): SagaStep<I, R> {
    const step = this.steps.find((each) => each.name === name);
    assert(
      step !== undefined,
      `the plan has no step "${name}", which its log speaks of; keep steps until their sagas have ended`,
    );
    return step;
  }

  attemptsMax(step: SagaStep<I, R>, direction: 'forward' | 'back'): number {
    if (direction === 'back') return this.#insistMax;
    return step.attemptsMax ?? (step.kind === 'retriable' ? this.#insistMax : this.#attemptsMax);
  }
}
