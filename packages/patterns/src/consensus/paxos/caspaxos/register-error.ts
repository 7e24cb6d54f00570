import type { RegisterFailure } from './register-types.ts';

/**
 * - `contended`: too many others change the register at the same time.
 * - `timed-out`: too few acceptors have answered.
 * - `deleted`: the register was deleted and is being erased, while the change was under way.
 * - `full`: acceptors have no room for another register.
 * - `busy`: too many calls are under way here.
 * - `disk-failed`: the proposer can no longer save what it must not forget.
 * - `closed`: the proposer was closed.
 */
export type RegisterErrorCode = RegisterFailure | 'disk-failed' | 'closed';

const MESSAGES: Record<RegisterFailure, string> = {
  contended: 'others changed the register at the same time, again and again: send changes of it to one proposer',
  'timed-out': 'too few acceptors have answered in time: see which are down',
  deleted: 'the register was deleted meanwhile and is being erased',
  full: 'acceptors have no room for another register: raise keysMax, or collect tombstones',
  busy: 'too many calls are under way here: wait for some of them to end',
};

export class RegisterError extends Error {
  override readonly name = 'RegisterError';
  readonly code: RegisterErrorCode;
  readonly outcome: 'not-applied' | 'unknown';
  /** Whether the same call may succeed later; after `unknown` only if it can be applied twice without harm. */
  readonly retryable: boolean;

  constructor(code: RegisterErrorCode, outcome: 'not-applied' | 'unknown', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.outcome = outcome;
    this.retryable = code !== 'disk-failed' && code !== 'closed';
  }

  static of(what: string, reason: RegisterFailure, outcome: 'not-applied' | 'unknown'): RegisterError {
    const doubt = outcome === 'unknown' ? '; it may have happened' : '';
    return new RegisterError(reason, outcome, `${what}: ${MESSAGES[reason]}${doubt}`);
  }
}
