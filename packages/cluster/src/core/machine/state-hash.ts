import { ByteWriter } from '@quorate/patterns/base';
import { crc32c } from '@quorate/patterns/integrity';
import type { FrozenStore } from '@quorate/patterns/transactions';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { KeySpace } from './key-space.ts';
import type { StoredVersion } from './stored-version.ts';

export interface StateHash {
  readonly hash: number;
  readonly revision: number;
  readonly compactRevision: number;
}

/** Bytes hashed between two pauses: well under a millisecond's worth. */
const SLICE_BYTES = 128 * 1024;

/**
 * CRC-32C over all versions of all keys that can be read, up to `revision` (0: the present): equal on all members that have the same compact
 * revision. A generator, to be run in slices: it yields when it has worked for a while, and sees the state as it was at the first call.
 */
export function* hashKeySpace(space: KeySpace, revision: number): Generator<undefined, StateHash | CoreError> {
  if (revision > space.revision) return coreError('future-revision');
  const upTo = revision <= 0 ? space.revision : revision;
  if (upTo < space.compactRevision) return coreError('compacted');
  const frozen = space.freeze();
  try {
    const hash = yield* hashVersions(frozen, upTo);
    return { hash, revision: frozen.revision, compactRevision: frozen.compactRevision };
  } finally {
    frozen.release();
  }
}

function* hashVersions(frozen: FrozenStore<StoredVersion>, upTo: number): Generator<undefined, number> {
  const writer = new ByteWriter(SLICE_BYTES * 2);
  let hash = 0;
  for (const versions of [frozen.base(), frozen.changes()]) {
    for (const version of versions) {
      if (version === undefined) {
        yield undefined;
        continue;
      }
      if (version.revision > upTo) break;
      version.writeTo(writer);
      if (writer.length < SLICE_BYTES) continue;
      hash = crc32c(hash, writer.take());
      yield undefined;
    }
  }
  return crc32c(hash, writer.take());
}
