export type GroupErrorCode =
  /** No leader could be reached within the time allowed. */
  | 'no-leader'
  | 'not-leader'
  /** Leadership moved while this was under way: it may have happened, or may happen yet. */
  | 'leader-changed'
  | 'timed-out'
  | 'configuration-in-progress'
  | 'invalid-configuration'
  | 'transferring'
  | 'overloaded'
  | 'stopped';

const RETRYABLE: ReadonlySet<GroupErrorCode> = new Set([
  'no-leader',
  'not-leader',
  'leader-changed',
  'timed-out',
  'configuration-in-progress',
  'transferring',
  'overloaded',
]);

/** How a group's read barriers, configuration changes and leadership transfers fail. */
export class GroupError extends Error {
  override readonly name = 'GroupError';
  readonly code: GroupErrorCode;
  readonly retryable: boolean;
  /** Only a configuration change or a transfer can be in doubt; a read has no effect to be in doubt about. */
  readonly outcome: 'not-applied' | 'unknown';
  constructor(code: GroupErrorCode, message: string, outcome: 'not-applied' | 'unknown' = 'not-applied') {
    super(message);
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.outcome = outcome;
  }
}
