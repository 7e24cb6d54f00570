export type TransportErrorCode =
  /** There is no connection to that node at present. */
  | 'unreachable'
  /** A bound on queued bytes or waiting requests is reached. */
  | 'overloaded'
  | 'timed-out'
  | 'connection-lost'
  /** Nobody answers that channel on the other side: it is another release, or is just starting. */
  | 'no-handler'
  | 'stopped';

const OUTCOMES: Readonly<Record<TransportErrorCode, 'not-applied' | 'unknown'>> = {
  unreachable: 'not-applied',
  overloaded: 'not-applied',
  'timed-out': 'unknown',
  'connection-lost': 'unknown',
  'no-handler': 'not-applied',
  stopped: 'not-applied',
};

/** How a request to another node fails. All but `stopped` are worth another try, where the outcome allows it. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  readonly retryable: boolean;
  readonly outcome: 'not-applied' | 'unknown';
  constructor(code: TransportErrorCode, message: string) {
    super(message);
    this.code = code;
    this.retryable = code !== 'stopped';
    this.outcome = OUTCOMES[code];
  }
}
