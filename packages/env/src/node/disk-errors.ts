import { DiskError, type DiskErrorCode } from '../disk.ts';

const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EEXIST: 'exists',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  EIO: 'io',
  ENXIO: 'io',
  ENOTEMPTY: 'not-empty',
  EBADF: 'closed',
};

/** What a failed call of the platform means, in the words of the contract. */
export function diskError(doing: string, path: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause;
  const error = cause instanceof Error ? (cause as NodeJS.ErrnoException) : new Error(String(cause));
  const code = CODES[(error as NodeJS.ErrnoException).code ?? ''] ?? 'other';
  return new DiskError(code, path, `${doing} ${path}: ${error.message}`, { cause });
}
