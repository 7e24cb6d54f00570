/** Puts and deletes on the key space, as they are asked for on their own and in a transaction. Nothing is committed here. */

import type { KeyedPut } from '../codec/index.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { DeleteRangeRequest, DeleteRangeResponse, PutResponse } from '../requests.ts';
import { keyRange } from './key-range.ts';
import type { KeySpace } from './key-space.ts';
import type { LeaseBook } from './lease-book.ts';
import type { StoredVersion } from './stored-version.ts';
import { type Place, placeOf } from './value-arena.ts';

/** What the state has to say against a put on its own. etcd looks for the lease first. */
export function objectToPut(space: KeySpace, leases: LeaseBook, put: KeyedPut): CoreError | undefined {
  return objectToLease(leases, put) ?? objectToKey(space, put);
}

/** What the state has to say against a put in a transaction. etcd looks for the key first. */
export function objectToPutInTxn(space: KeySpace, leases: LeaseBook, put: KeyedPut): CoreError | undefined {
  return objectToKey(space, put) ?? objectToLease(leases, put);
}

function objectToLease(leases: LeaseBook, put: KeyedPut): CoreError | undefined {
  return put.lease !== 0 && !leases.has(put.lease) ? coreError('lease-not-found') : undefined;
}

function objectToKey(space: KeySpace, put: KeyedPut): CoreError | undefined {
  const keeps = put.ignoreValue || put.ignoreLease;
  return keeps && space.at(put.key) === undefined ? coreError('key-not-found') : undefined;
}

/** Carries out a put that nothing was said against. */
export function applyPut(space: KeySpace, put: KeyedPut): PutResponse {
  let value: Place = put;
  let { lease } = put;
  if (put.ignoreValue || put.ignoreLease) {
    const present = space.at(put.key);
    if (put.ignoreValue && present !== undefined) value = placeOf(present.value);
    if (put.ignoreLease && present !== undefined) lease = present.lease;
  }
  const prevKv = put.prevKv ? space.at(put.key) : undefined;
  const { revision } = space.put(put.key, value, lease);
  return { kind: 'put', revision, prevKv };
}

const NONE: readonly StoredVersion[] = [];

export function applyDeleteRange(space: KeySpace, request: DeleteRangeRequest): DeleteRangeResponse {
  const doomed: StoredVersion[] = [];
  space.scan(keyRange(request.key, request.rangeEnd), space.readRevision, (version) => doomed.push(version) > 0);
  for (const version of doomed) space.delete(version);
  return {
    kind: 'delete-range',
    revision: space.readRevision,
    deleted: doomed.length,
    prevKvs: request.prevKv === true ? doomed : NONE,
  };
}
