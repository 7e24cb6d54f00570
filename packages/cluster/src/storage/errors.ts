export type StorageErrorCode =
  /** The directory belongs to another cluster or another node. */
  | 'foreign'
  /** Written by a release that is newer than this one, or by one that is too old. */
  | 'version'
  /** Another process uses the directory. */
  | 'in-use'
  /** Bytes on disk are not what was written. */
  | 'damaged'
  /** The disk refused an operation. */
  | 'disk'
  | 'closed';

/** Why storage cannot be opened or used. Never retryable: somebody must look. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
