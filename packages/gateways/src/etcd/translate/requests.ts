/** From etcd's messages to the core's requests. */
import type {
  CompareResult,
  Compare as CoreCompare,
  DeleteRangeRequest as CoreDeleteRange,
  PutRequest as CorePut,
  RangeRequest as CoreRange,
  TxnRequest as CoreTxn,
  SortOrder,
  SortTarget,
  TxnOperation,
} from '@quorate/cluster/core';
import { CoreError } from '@quorate/cluster/core';
import type { Compare, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '../messages/kv.ts';

const SORT_ORDERS: readonly SortOrder[] = ['none', 'ascend', 'descend'];
const SORT_TARGETS: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value'];
const COMPARE_RESULTS: readonly CompareResult[] = ['equal', 'greater', 'less', 'not-equal'];

/** etcd's 64-bit integers reach beyond the safe ones, which no revision, version or lease here ever does. */
function safe(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
}

export const toCoreRevision: (revision: number) => number = safe;

/** A lease that cannot exist here is refused as one that does not. */
function leaseOf(id: number): number {
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw new CoreError('lease-not-found', `lease ${id} does not exist: ids here are at most 2^53 − 1`);
}

export function toCorePut(request: PutRequest): CorePut {
  return {
    kind: 'put',
    key: request.key,
    value: request.value,
    lease: request.lease === 0 ? 0 : leaseOf(request.lease),
    prevKv: request.prevKv,
    ignoreValue: request.ignoreValue,
    ignoreLease: request.ignoreLease,
  };
}

export function toCoreRange(request: RangeRequest): CoreRange {
  const target = SORT_TARGETS[request.sortTarget];
  const order = SORT_ORDERS[request.sortOrder];
  if (target === undefined || order === undefined) {
    throw new CoreError('invalid-request', 'invalid sort option');
  }
  return {
    kind: 'range',
    key: request.key,
    rangeEnd: request.rangeEnd,
    limit: safe(request.limit),
    revision: safe(request.revision),
    sortOrder: order,
    sortTarget: target,
    keysOnly: request.keysOnly,
    countOnly: request.countOnly,
    minModRevision: safe(request.minModRevision),
    maxModRevision: safe(request.maxModRevision),
    minCreateRevision: safe(request.minCreateRevision),
    maxCreateRevision: safe(request.maxCreateRevision),
  };
}

export function toCoreDeleteRange(request: DeleteRangeRequest): CoreDeleteRange {
  return { kind: 'delete-range', key: request.key, rangeEnd: request.rangeEnd, prevKv: request.prevKv };
}

export function toCoreTxn(request: TxnRequest): CoreTxn {
  return {
    kind: 'txn',
    compare: request.compare.map(toCoreCompare),
    success: request.success.map(toCoreOperation),
    failure: request.failure.map(toCoreOperation),
  };
}

function toCoreOperation(op: RequestOp): TxnOperation {
  if (op.requestPut !== undefined) return toCorePut(op.requestPut);
  if (op.requestRange !== undefined) return toCoreRange(op.requestRange);
  if (op.requestDeleteRange !== undefined) return toCoreDeleteRange(op.requestDeleteRange);
  if (op.requestTxn !== undefined) return toCoreTxn(op.requestTxn);
  throw new CoreError('key-not-found', 'an operation of the transaction is empty');
}

const EMPTY = new Uint8Array(0);

function toCoreCompare(compare: Compare): CoreCompare {
  const result = COMPARE_RESULTS[compare.result];
  if (result === undefined) throw new CoreError('invalid-request', `comparison ${compare.result} is not known`);
  const { key, rangeEnd } = compare;
  switch (compare.target) {
    case 0:
      return { key, rangeEnd, result, target: 'version', operand: safe(compare.version ?? 0) };
    case 1:
      return { key, rangeEnd, result, target: 'create', operand: safe(compare.createRevision ?? 0) };
    case 2:
      return { key, rangeEnd, result, target: 'mod', operand: safe(compare.modRevision ?? 0) };
    case 3:
      return { key, rangeEnd, result, target: 'value', operand: compare.value ?? EMPTY };
    case 4:
      return { key, rangeEnd, result, target: 'lease', operand: safe(compare.lease ?? 0) };
    default:
      throw new CoreError('invalid-request', `comparison target ${compare.target} is not known`);
  }
}
