import { DiskError } from '@quorate/env';

const CAUSES_MAX = 8;

/**
 * True when the disk failed to read, write or sync, as opposed to being full. Nothing is known any more of what was written, by whomever, and
 * a later sync that succeeds says nothing about it (Rebello et al., ATC 2020): the node must stop. A full disk under a snapshot harms nobody:
 * the log still has the entries.
 */
export function isDiskFailure(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth++) {
    if (cause instanceof DiskError) return cause.code === 'io';
    cause = cause.cause;
  }
  return false;
}
