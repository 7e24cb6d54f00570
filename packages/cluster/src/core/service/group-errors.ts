import { GroupError } from '../../raft/errors.ts';
import { TransportError } from '../../transport/errors.ts';
import { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';

/** What a Raft group says, in the core's words. */
export function fromGroupError(error: Error): CoreError {
  if (error instanceof CoreError) return error;
  if (!(error instanceof GroupError)) return coreError('unavailable', { detail: error.message, cause: error });
  const { outcome, message } = error;
  switch (error.code) {
    case 'overloaded':
      return coreError('too-many-requests', { cause: error, outcome });
    case 'transferring':
      return coreError('not-leader', { cause: error, outcome });
    case 'invalid-configuration':
      return coreError('invalid-request', { detail: message, cause: error, outcome });
    default:
      return coreError(error.code, { cause: error, outcome });
  }
}

/** What the way to another node says, in the core's words. */
export function fromTransportError(error: Error): CoreError {
  if (!(error instanceof TransportError)) {
    return coreError('unavailable', { detail: error.message, cause: error, outcome: 'unknown' });
  }
  const { outcome, message } = error;
  switch (error.code) {
    case 'overloaded':
      return coreError('too-many-requests', { cause: error, outcome });
    case 'timed-out':
      return coreError('timed-out', { cause: error, outcome });
    case 'stopped':
      return coreError('stopped', { cause: error, outcome });
    default:
      return coreError('unavailable', { detail: message, cause: error, outcome });
  }
}
