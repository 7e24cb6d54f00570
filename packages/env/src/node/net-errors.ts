import { NetError, type NetErrorCode } from '../net.ts';

const CODES: Readonly<Record<string, NetErrorCode>> = {
  EADDRINUSE: 'address-in-use',
  EADDRNOTAVAIL: 'address-not-available',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timed-out',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENOTFOUND: 'not-found',
  EAI_AGAIN: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
};

export function netError(doing: string, cause: unknown): NetError {
  const error = innermost(cause);
  const code = CODES[(error as NodeJS.ErrnoException).code ?? ''] ?? 'other';
  return new NetError(code, `${doing}: ${error.message}`, { cause });
}

/** A name with several addresses fails with one error per address. */
function innermost(cause: unknown): Error {
  if (cause instanceof AggregateError && cause.errors.length > 0) return innermost(cause.errors[0]);
  return cause instanceof Error ? cause : new Error(String(cause));
}
