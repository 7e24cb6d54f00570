import type { AskFailure } from './asks.ts';
import type { Rejection } from './turn-types.ts';

/**
 * - `refused`: the mailbox is full; again when there is room.
 * - `dropped`: the mailbox was full, and another message was worth more.
 * - `unknown-actor`, `stopped`: there is nobody, or nobody any more.
 * - `deadlock`: who asks and who is asked wait for each other; `circle` names them.
 * - `expired`: its deadline came before its turn. `timed-out`: before its answer.
 * - `too-many`: as many questions wait as may. `too-deep`: the chain of calls is too long.
 * - `failed`: the handler threw; `cause` is what. `closed`: these actors are all gone.
 */
export type ActorErrorCode =
  | 'refused'
  | 'dropped'
  | 'unknown-actor'
  | 'stopped'
  | 'deadlock'
  | 'expired'
  | 'timed-out'
  | 'too-many'
  | 'too-deep'
  | 'failed'
  | 'closed';

const RETRYABLE: readonly ActorErrorCode[] = ['refused', 'dropped', 'deadlock', 'expired', 'timed-out', 'too-many'];

/** A question without an answer. */
export class ActorError extends Error {
  override readonly name = 'ActorError';
  readonly code: ActorErrorCode;
  /** Whether asking again, later, may lead to an answer. When the outcome is unknown, only behind an idempotent receiver. */
  readonly retryable: boolean;
  /** `not-applied`: no handler has seen it, and none will. */
  readonly outcome: 'not-applied' | 'unknown';
  /** Of a deadlock: who waits for whom, the first and the last the same. */
  readonly circle: readonly string[] | undefined;

  constructor(
    code: ActorErrorCode,
    message: string,
    more: {
      readonly outcome: 'not-applied' | 'unknown';
      readonly circle?: readonly string[];
      readonly cause?: unknown;
    },
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.retryable = RETRYABLE.includes(code);
    this.outcome = more.outcome;
    this.circle = more.circle;
  }
}

export const UNKNOWN: { readonly outcome: 'unknown' } = { outcome: 'unknown' };
export const NOT_APPLIED: { readonly outcome: 'not-applied' } = { outcome: 'not-applied' };

export function deadlockError(circle: readonly string[], outcome: 'not-applied' | 'unknown'): ActorError {
  return new ActorError('deadlock', circle.join(' waits for '), { outcome, circle });
}

/** A message that no handler has taken. */
export function errorOfRejection(actor: string, rejection: Rejection): ActorError {
  switch (rejection.why) {
    case 'deadlock':
      return deadlockError(rejection.circle, 'not-applied');
    case 'stash-full':
      return new ActorError('refused', `${actor} can put no more messages aside`, UNKNOWN);
    case 'refused':
      return new ActorError('refused', `the mailbox of ${actor} is full: slow down`, NOT_APPLIED);
    case 'dropped':
      return new ActorError('dropped', `the mailbox of ${actor} is full`, NOT_APPLIED);
    case 'expired':
      return new ActorError('expired', `${actor} did not come to it in time`, NOT_APPLIED);
    case 'stopped':
      return new ActorError('stopped', `${actor} has stopped`, NOT_APPLIED);
    case 'unknown-actor':
      return new ActorError('unknown-actor', `there is no actor ${actor}: spawn it first`, NOT_APPLIED);
    case 'too-deep':
      return new ActorError('too-deep', `the calls that lead to ${actor} are too many`, NOT_APPLIED);
  }
}

export function errorOfFailure(failure: AskFailure): ActorError {
  switch (failure.why) {
    case 'timed-out':
      return new ActorError('timed-out', 'there was no answer in time: nobody knows what came of it', UNKNOWN);
    case 'no-time-left':
      return new ActorError('expired', 'there was no time left to ask', NOT_APPLIED);
    case 'too-many':
      return new ActorError('too-many', 'too many questions wait for answers', NOT_APPLIED);
    case 'refused':
      return new ActorError('refused', failure.because, NOT_APPLIED);
    case 'lost':
    case 'cancelled':
      return new ActorError('closed', 'nobody waits for the answer any more', UNKNOWN);
  }
}
