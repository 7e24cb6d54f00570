/**
 * Transactions, in three passes over the request, as in etcd 3.4: all compares, nested ones too, on the state as it was; then what can be said
 * against the operations that will run; then the operations, where reads see the writes before them.
 */
import { unreachable } from '@quorate/patterns/base';
import { KeyedPut } from '../codec/index.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type {
  Compare,
  RangeRequest,
  RangeResponse,
  TxnOperation,
  TxnOperationResponse,
  TxnRequest,
  TxnResponse,
} from '../requests.ts';
import { keyRange } from './key-range.ts';
import type { KeySpace } from './key-space.ts';
import type { LeaseBook } from './lease-book.ts';
import { compareBytes, readRange } from './range.ts';
import type { StoredVersion } from './stored-version.ts';
import { applyDeleteRange, applyPut, objectToPutInTxn } from './writes.ts';

/** Which branch runs, at each level. */
interface Plan {
  readonly succeeded: boolean;
  readonly operations: readonly TxnOperation[];
  /** Of the operations that are transactions, in order. */
  readonly nested: readonly Plan[];
}

/** Checks and runs a transaction that `checkTxn` found well-formed. Does not commit; after an error nothing has been written. */
export function applyTxn(space: KeySpace, leases: LeaseBook, request: TxnRequest): TxnResponse | CoreError {
  const plan = planOf(space, request);
  const objection = objectToPuts(space, leases, plan) ?? objectToRanges(space, plan);
  if (objection !== undefined) return objection;
  const before = space.revision;
  return { ...run(space, plan), revision: space.changed ? before + 1 : before };
}

function planOf(space: KeySpace, request: TxnRequest): Plan {
  const succeeded = request.compare.every((compare) => holds(space, compare));
  const operations = succeeded ? request.success : request.failure;
  const nested: Plan[] = [];
  for (const operation of operations) if (operation.kind === 'txn') nested.push(planOf(space, operation));
  return { succeeded, operations, nested };
}

function holds(space: KeySpace, compare: Compare): boolean {
  let all = true;
  let found = false;
  space.scan(keyRange(compare.key, compare.rangeEnd), space.readRevision, (version) => {
    found = true;
    all = accepts(compare, differs(compare, version));
    return all;
  });
  if (found) return all;
  // A key that is not there has all marks zero, but no value, not even an empty one.
  return compare.target !== 'value' && accepts(compare, 0 - compare.operand);
}

function differs(compare: Compare, version: StoredVersion): number {
  switch (compare.target) {
    case 'value': {
      const { operand } = compare;
      return compareBytes(version.slab.bytes, version.start, version.length, operand, 0, operand.length);
    }
    case 'version':
      return version.version - compare.operand;
    case 'create':
      return version.createRevision - compare.operand;
    case 'mod':
      return version.revision - compare.operand;
    case 'lease':
      return version.lease - compare.operand;
    default:
      return unreachable(compare);
  }
}

function accepts(compare: Compare, difference: number): boolean {
  switch (compare.result) {
    case 'equal':
      return difference === 0;
    case 'not-equal':
      return difference !== 0;
    case 'greater':
      return difference > 0;
    case 'less':
      return difference < 0;
    default:
      return unreachable(compare.result);
  }
}

function objectToPuts(space: KeySpace, leases: LeaseBook, plan: Plan): CoreError | undefined {
  let nested = 0;
  for (const operation of plan.operations) {
    let objection: CoreError | undefined;
    if (operation.kind === 'txn') objection = objectToPuts(space, leases, plan.nested[nested++]!);
    else if (operation.kind === 'put') objection = objectToPutInTxn(space, leases, KeyedPut.of(operation));
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function objectToRanges(space: KeySpace, plan: Plan): CoreError | undefined {
  let nested = 0;
  for (const operation of plan.operations) {
    let objection: CoreError | undefined;
    if (operation.kind === 'txn') objection = objectToRanges(space, plan.nested[nested++]!);
    else if (operation.kind === 'range') objection = objectToRange(space, operation);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function objectToRange(space: KeySpace, request: RangeRequest): CoreError | undefined {
  const revision = request.revision ?? 0;
  if (revision === 0) return undefined;
  if (revision > space.revision) return coreError('future-revision');
  return revision < space.compactRevision ? coreError('compacted') : undefined;
}

function run(space: KeySpace, plan: Plan): TxnResponse {
  let nested = 0;
  const responses: TxnOperationResponse[] = [];
  for (const operation of plan.operations) {
    switch (operation.kind) {
      case 'put':
        responses.push(applyPut(space, KeyedPut.of(operation)));
        break;
      case 'range':
        // Its revision has been checked, and writing only raises what can be read.
        responses.push(readRange(space, operation) as RangeResponse);
        break;
      case 'delete-range':
        responses.push(applyDeleteRange(space, operation));
        break;
      case 'txn':
        responses.push(run(space, plan.nested[nested++]!));
        break;
      default:
        unreachable(operation);
    }
  }
  // A nested answer says nothing of the revision, in etcd neither; the outermost is given its own.
  return { kind: 'txn', revision: 0, succeeded: plan.succeeded, responses };
}
