/**
 * Files with explicit durability. Paths are absolute, with `/`. What is promised after a crash:
 * - bytes written are durable once a later `sync` of that file has resolved; before that any part of them may be there;
 * - a file created, renamed or removed is so durably once a later `syncDirectory` of its directory has resolved;
 * - after a rejected `sync` nothing is known of the bytes written since the last good one, and a further `sync` that
 *   resolves says nothing about them: the caller must stop (Rebello et al., "Can Applications Recover from fsync
 *   Failures?", ATC 2020).
 */
export interface Disk {
  /** Creates the directory and its missing parents. No error when it exists. */
  makeDirectory(path: string): Promise<void>;
  /** Names (not paths) in a directory, in ascending order. */
  list(path: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /**
   * `read`: must exist. `write`: must exist, readable and writable. `create`: must not exist, readable and writable.
   */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File>;
  /** Replaces `to` when it exists. Atomic, durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the lock file at `path` for this process; held until disposed or until the process ends. Rejects with code
   * `locked`, naming the holder where it is known.
   */
  lock(path: string): Promise<AsyncDisposable>;
}

export interface File {
  readonly path: string;
  size(): Promise<number>;
  /**
   * Up to `lengthBytes` from `position`: fewer only at the end of the file. With `into`, which must be long enough, the bytes are put there and
   * the result is a view of it: for those who read a lot and keep nothing.
   */
  read(position: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Writes all chunks one after the other from `position` on. Resolves when the system has taken all of them. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** `fdatasync`: makes the file's bytes and size durable. */
  sync(): Promise<void>;
  /**
   * `write` and then `sync`, as one operation, which platforms can make cheaper than the two. Same promises, same
   * failure rule as `sync`.
   */
  writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Idempotent. Does not sync. */
  close(): Promise<void>;
}

export type DiskErrorCode =
  | 'not-found'
  | 'exists'
  | 'no-space'
  | 'permission-denied'
  | 'locked'
  | 'io'
  | 'not-empty'
  | 'closed'
  | 'other';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly path: string;
  constructor(code: DiskErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
