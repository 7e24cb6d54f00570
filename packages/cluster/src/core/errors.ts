/** Did it happen? `unknown` means that it may have, and may still. */
export type Outcome = 'not-applied' | 'applied' | 'unknown';

/** Stable codes; each has a heading in `docs/errors.md`. */
export type CoreErrorCode =
  | 'key-empty'
  | 'value-provided'
  | 'lease-provided'
  | 'key-not-found'
  | 'too-many-operations'
  | 'duplicate-key'
  | 'compacted'
  | 'future-revision'
  | 'no-space'
  | 'lease-not-found'
  | 'lease-exists'
  | 'lease-ttl-too-large'
  | 'request-too-large'
  | 'too-many-requests'
  | 'invalid-request'
  | 'session-expired'
  | 'no-leader'
  | 'leader-changed'
  | 'not-leader'
  | 'timed-out'
  | 'aborted'
  | 'stopped'
  | 'member-not-found'
  | 'member-exists'
  | 'member-not-learner'
  | 'learner-not-ready'
  | 'configuration-in-progress'
  | 'unhealthy-cluster'
  | 'bad-leader-transferee'
  | 'corrupt'
  | 'wrong-cluster'
  | 'wrong-protocol'
  | 'unavailable'
  | 'lease-lost';

/** How every operation of the core fails. `retryable`: the same call may succeed later, and repeating it does no harm that `outcome` does not announce. */
export class CoreError extends Error {
  override readonly name = 'CoreError';
  readonly code: CoreErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  constructor(
    code: CoreErrorCode,
    message: string,
    details: { retryable?: boolean; outcome?: Outcome; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.outcome = details.outcome ?? 'not-applied';
  }
}

/** The history that was asked for is gone. `compactRevision` is the first revision that is still there: read the present state, and go on from it. */
export class CompactedError extends CoreError {
  readonly requestedRevision: number;
  readonly compactRevision: number;
  constructor(requestedRevision: number, compactRevision: number) {
    const message = `revision ${requestedRevision} has been compacted: the first one available is ${compactRevision}`;
    super('compacted', message);
    this.requestedRevision = requestedRevision;
    this.compactRevision = compactRevision;
  }
}
