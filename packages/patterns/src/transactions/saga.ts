/**
 * Runs sagas: long transactions made of short ones, each with its own effect, that are undone in reverse when the whole cannot be completed. Kinds of
 * steps: `saga-plan.ts`; states: `saga-state.ts`.
 *
 * Everything is written to the log before the next thing is done: that a step starts, and what came of it. So a saga that was cut off, wherever it was,
 * goes on when it is run again, here or elsewhere. What was started and has no outcome in the log is started again under the same
 * idempotency key: the effect is there once if the receiver heeds the key (`IdempotencyKeys`, `IdempotentReceiver`).
 *
 * No isolation: others see what the steps did before the saga has ended. Two runs of one saga at a time do no harm: the log takes one of them.
 */
import { assert } from '../base/index.ts';
import type { SagaPlan, SagaScope } from './saga-plan.ts';
import {
  advanceSaga,
  begunSaga,
  nextSagaAction,
  type SagaAction,
  type SagaDirection,
  type SagaRecord,
  type SagaState,
} from './saga-state.ts';

export interface SagaLog<I, R> {
  /** All records of this saga, in order. */
  read(saga: string): Promise<readonly SagaRecord<I, R>[]>;
  /**
   * Appends a saga's record number `position`, from 0, and resolves once it is durable. False when there is one with this number already: somebody
   * else runs this saga. When it rejects the record may be there or not.
   */
  append(saga: string, position: number, record: SagaRecord<I, R>): Promise<boolean>;
}

export interface SagaWorld<I, R> {
  readonly log: SagaLog<I, R>;
  /** Waits before the next start of something that was started `starts` times before, 1 or more. A `Backoff` of `resilience` says how long. */
  readonly pause: (starts: number) => Promise<void>;
}

export interface SagaRequest<I> {
  /** Used once, for all time. */
  readonly id: string;
  /** Of a saga that has begun, the input in its log counts. */
  readonly input: I;
  /** Asked between steps: turn back, unless it is too late. */
  readonly isCancelled?: () => boolean;
}

export type SagaEnd<R> =
  | { readonly kind: 'completed'; readonly results: ReadonlyMap<string, R> }
  /** Everything that was done has been undone. */
  | { readonly kind: 'compensated'; readonly why: string }
  /** Needs somebody to look at it; then `resumeSaga` or `settleSaga`, and run it again. */
  | { readonly kind: 'stuck'; readonly step: string; readonly direction: SagaDirection; readonly why: string }
  /** Somebody else has gone on with it. */
  | { readonly kind: 'superseded' };

/**
 * Begins a saga, or goes on with it, to its end or until it is stuck. Rejects only with what the log or `pause` reject with; then run it
 * again. Work that does not end keeps the saga from ending: give it a timeout.
 */
export async function runSaga<I, R>(
  plan: SagaPlan<I, R>,
  world: SagaWorld<I, R>,
  request: SagaRequest<I>,
): Promise<SagaEnd<R>> {
  const run = await SagaRun.open(world, request.id);
  if (run.position === 0) await run.record({ kind: 'begun', input: request.input });
  for (;;) {
    if (run.isSuperseded) return { kind: 'superseded' };
    const action = nextSagaAction(plan, run.state, request.isCancelled?.() ?? false);
    if (action.kind === 'rest') return endOf(run.state);
    if (action.kind === 'record') await run.record(action.record);
    else await run.start(action);
  }
}

/** Gives a stuck saga its attempts again. False when it is not stuck. */
export async function resumeSaga<I, R>(world: SagaWorld<I, R>, id: string): Promise<boolean> {
  const run = await SagaRun.open(world, id);
  if (run.state.stuck === undefined) return false;
  await run.record({ kind: 'resumed' });
  return !run.isSuperseded;
}

/**
 * Says what has become of the step that a saga is stuck at, when somebody has found out or has done it by hand. `not-applied` of a step forward
 * means that there will be another attempt; or, of the pivot, that the saga turns back. False when it is not stuck.
 */
export async function settleSaga<I, R>(
  plan: SagaPlan<I, R>,
  world: SagaWorld<I, R>,
  id: string,
  verdict: { readonly kind: 'applied'; readonly result: R } | { readonly kind: 'not-applied'; readonly why: string },
): Promise<boolean> {
  const run = await SagaRun.open(world, id);
  const { stuck } = run.state;
  if (stuck === undefined) return false;
  await run.record({ kind: 'resumed' });
  const { step, direction } = stuck;
  const isPivot = direction === 'forward' && plan.step(step).kind === 'pivot';
  if (verdict.kind === 'not-applied')
    await run.record({ kind: 'failed', step, direction, isFinal: isPivot, why: verdict.why });
  else if (direction === 'back') await run.record({ kind: 'done', step, direction });
  else await run.record({ kind: 'done', step, direction, result: verdict.result });
  return !run.isSuperseded;
}

class SagaRun<I, R> {
  readonly #world: SagaWorld<I, R>;
  readonly #id: string;
  state: SagaState<I, R>;
  position: number;
  isSuperseded = false;

  static async open<I, R>(world: SagaWorld<I, R>, id: string): Promise<SagaRun<I, R>> {
    return new SagaRun(world, id, await world.log.read(id));
  }

  constructor(world: SagaWorld<I, R>, id: string, records: readonly SagaRecord<I, R>[]) {
    this.#world = world;
    this.#id = id;
    this.position = records.length;
    const [first] = records;
    assert(first === undefined || first.kind === 'begun', `the log of saga ${id} does not begin with its beginning`);
    // Before it has begun there is no input, and nothing looks at it.
    this.state = records.reduce<SagaState<I, R>>(advanceSaga, begunSaga(undefined as I));
  }

  async record(record: SagaRecord<I, R>): Promise<void> {
    if (this.isSuperseded) return;
    if (!(await this.#world.log.append(this.#id, this.position, record))) {
      this.isSuperseded = true;
      return;
    }
    this.position += 1;
    this.state = advanceSaga(this.state, record);
  }

  async start(action: SagaAction<I, R> & { readonly kind: 'start' }): Promise<void> {
    const { step, direction, attempt, startsBefore } = action;
    if (startsBefore > 0) await this.#world.pause(startsBefore);
    await this.record({ kind: 'started', step: step.name, direction, attempt });
    if (!this.isSuperseded) await this.record(await this.#outcome(action));
  }

  async #outcome(action: SagaAction<I, R> & { readonly kind: 'start' }): Promise<SagaRecord<I, R>> {
    const { step, direction, attempt } = action;
    const scope: SagaScope<I, R> = { input: this.state.input, results: this.state.results };
    const call = { attempt, key: this.#key(step.name, direction, attempt) };
    const undoes = this.#key(step.name, 'forward', this.state.attempts.get(step.name) ?? 0);
    assert(direction === 'forward' || step.kind === 'compensatable', `step ${step.name} cannot be undone`);
    try {
      if (direction === 'forward')
        return { kind: 'done', step: step.name, direction, result: await step.run(scope, call) };
      if (step.kind === 'compensatable') await step.compensate(scope, { ...call, undoes });
      return { kind: 'done', step: step.name, direction };
    } catch (error) {
      // Anything may be thrown, and nothing too.
      const { outcome, retryable } = (error ?? {}) as { outcome?: unknown; retryable?: unknown };
      const why = error instanceof Error ? error.message : String(error);
      const isFinal = retryable === false;
      // That a repetition was turned away at the door says nothing of the request that it repeats.
      const isCertain = outcome === 'not-applied' && (isFinal || !action.isRepeat);
      return { kind: isCertain ? 'failed' : 'unknown', step: step.name, direction, isFinal, why };
    }
  }

  #key(step: string, direction: SagaDirection, attempt: number): string {
    return `${this.#id}/${step}/${direction}/${attempt}`;
  }
}

function endOf<I, R>(state: SagaState<I, R>): SagaEnd<R> {
  if (state.stuck !== undefined) return { kind: 'stuck', ...state.stuck };
  if (state.phase === 'completed') return { kind: 'completed', results: state.results };
  return { kind: 'compensated', why: state.reason };
}
