/**
 * How policies and the operation that they guard are put together, without a promise or a closure per policy and call. A policy `bind`s
 * the stage after it and gives a stage; a stage `start`s a call and tells a sink how it ended. Only the outermost stage makes a promise.
 *
 * What a caller's own function throws that a policy asks about an error (`isRetryable`, `isFailure`, …) is what the call fails with, in place of that
 * error; the policy's state is as if the call had ended.
 *
 *     run -> Stage(retry) -> Stage(breaker) -> Stage(timeout) -> operation
 *              sink <---------- sink <----------- sink <------------+
 */

/** What an operation gets to know of the call it belongs to. */
export interface CallContext {
  /**
   * Aborted when nobody waits for this attempt any more: the caller's own signal, a timeout, a hedge that lost. Made when first asked for:
   * an operation that does not look at it pays nothing.
   */
  readonly signal: AbortSignal;
  /** 1 for the first try; raised by retries and hedges. */
  readonly attempt: number;
}

export type Operation<T> = (call: CallContext) => PromiseLike<T> | T;

/** Told exactly once how a call ended. What comes after the first is ignored by whoever may get it. */
export interface Sink {
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/** Told once that a call is no longer wanted. */
export interface CancelListener {
  cancelled(reason: unknown): void;
}

export interface Stage {
  start(call: Call, sink: Sink): void;
}

export interface Policy {
  /** The stage that guards `next`. A policy bound twice keeps one state for both. */
  bind(next: Stage): Stage;
  /**
   * Says of a policy that it ends no call while an attempt of it runs: all are such but those with a time of their own, or with several attempts at
   * once. A call through such policies alone needs no promise beside its operation's. Default false.
   */
  readonly endsWithAttempts?: boolean;
}

/** One attempt of one call. Policies that may give up an attempt alone start a `child` of it. */
export class Call implements CallContext, CancelListener {
  readonly operation: Operation<unknown>;
  readonly attempt: number;
  #parent: Call | undefined;
  #controller: AbortController | undefined;
  #listener: CancelListener | CancelListener[] | undefined;
  #cancellation: { readonly reason: unknown } | undefined;

  constructor(operation: Operation<unknown>, attempt: number, parent: Call | undefined) {
    this.operation = operation;
    this.attempt = attempt;
    this.#parent = parent;
    if (parent === undefined) return;
    if (parent.isCancelled) this.cancelled(parent.reason);
    else parent.listen(this);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancellation !== undefined) this.#controller.abort(this.#cancellation.reason);
    }
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    return this.#cancellation !== undefined;
  }

  get reason(): unknown {
    return this.#cancellation?.reason;
  }

  /** Tells `sink` what becomes of what the operation gave. */
  follow(result: unknown, sink: Sink): void {
    settleWith(result, sink);
  }

  /** An attempt that is cancelled with this call, and can be cancelled alone. `end` it when it is over. */
  child(attempt: number): Call {
    return new Call(this.operation, attempt, this);
  }

  /** The parent forgets this attempt. */
  end(): void {
    this.#parent?.ignore(this);
    this.#parent = undefined;
  }

  /** Has no effect on a call that is already cancelled. */
  cancel(reason: unknown): void {
    if (this.#cancellation !== undefined) return;
    this.#cancellation = { reason };
    const listener = this.#listener;
    this.#listener = undefined;
    if (Array.isArray(listener)) for (const one of listener) one.cancelled(reason);
    else listener?.cancelled(reason);
    this.#controller?.abort(reason);
  }

  /** As a listener of the parent. */
  cancelled(reason: unknown): void {
    this.#parent = undefined;
    this.cancel(reason);
  }

  /** A call that is already cancelled tells nobody any more: look at `isCancelled` first. */
  listen(listener: CancelListener): void {
    if (this.#listener === undefined) this.#listener = listener;
    else if (Array.isArray(this.#listener)) this.#listener.push(listener);
    else this.#listener = [this.#listener, listener];
  }

  /** O(listeners), of which there are as many as attempts that run at once, and one for each wait. */
  ignore(listener: CancelListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else if (Array.isArray(this.#listener)) {
      const at = this.#listener.indexOf(listener);
      if (at >= 0) this.#listener.splice(at, 1);
    }
  }
}

/** Tells `sink` what becomes of `result`, at once when that is not a promise. */
export function settleWith(result: unknown, sink: Sink): void {
  if (isThenable(result)) {
    result.then(
      (value) => sink.succeed(value),
      (error) => sink.fail(error),
    );
  } else sink.succeed(result);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
