/**
 * What can be said against a request without knowing the state. The machine checks again when it applies, so whoever is in front of it (a
 * gateway, a client) does so only to refuse early. Each function returns the first objection, with etcd's code and text, or undefined.
 */
import { binaryFromBytes, unreachable } from '@quorate/patterns/base';
import type { CoreError } from './errors.ts';
import { coreError } from './messages.ts';
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnOperation,
  TxnRequest,
  WriteRequest,
} from './requests.ts';

/** Compares, operations of a branch, and those of the transactions nested in it. */
export const TXN_OPERATIONS_MAX: number = 128;
/** Of one request as encoded. */
export const REQUEST_BYTES_MAX: number = 1_572_864;
export const LEASE_TTL_SECONDS_MAX: number = 9_000_000_000;

export function checkPut(request: PutRequest): CoreError | undefined {
  const objection = checkKeyedPut(request, request.value.length);
  return objection ?? (isId(request.lease ?? 0) ? undefined : outOfRange('lease', request.lease));
}

/** The same for a put in the form in which the machine reads it. */
export function checkKeyedPut(
  put: Pick<PutRequest, 'lease' | 'ignoreValue' | 'ignoreLease'> & { readonly key: { readonly length: number } },
  valueBytes: number,
): CoreError | undefined {
  if (put.key.length === 0) return coreError('key-empty');
  if (put.ignoreValue === true && valueBytes > 0) return coreError('value-provided');
  if (put.ignoreLease === true && (put.lease ?? 0) !== 0) return coreError('lease-provided');
  return undefined;
}

export function checkRange(request: RangeRequest): CoreError | undefined {
  return request.key.length === 0 ? coreError('key-empty') : undefined;
}

export function checkDeleteRange(request: DeleteRangeRequest): CoreError | undefined {
  return request.key.length === 0 ? coreError('key-empty') : undefined;
}

export function checkTxn(request: TxnRequest): CoreError | undefined {
  return checkTxnSize(request, TXN_OPERATIONS_MAX) ?? checkBranch(request.success) ?? checkBranch(request.failure);
}

export function checkWrite(request: WriteRequest): CoreError | undefined {
  switch (request.kind) {
    case 'put':
      return checkPut(request);
    case 'delete-range':
      return checkDeleteRange(request);
    case 'txn':
      return checkTxn(request);
    case 'lease-grant':
      if (!isId(request.id)) return outOfRange('id', request.id);
      return request.ttlSeconds > LEASE_TTL_SECONDS_MAX ? coreError('lease-ttl-too-large') : undefined;
    case 'compact':
    case 'lease-revoke':
    case 'alarm':
    case 'member-put':
    case 'member-remove':
      return undefined;
    default:
      return unreachable(request);
  }
}

function isId(id: number): boolean {
  return Number.isSafeInteger(id) && id >= 0;
}

function outOfRange(field: string, value: unknown): CoreError {
  return coreError('invalid-request', {
    detail: `${field} must be an integer from 0 to 2^53 − 1, not ${String(value)}`,
  });
}

function checkOperation(operation: TxnOperation, left: number): CoreError | undefined {
  switch (operation.kind) {
    case 'put':
      return checkPut(operation);
    case 'range':
      return checkRange(operation);
    case 'delete-range':
      return checkDeleteRange(operation);
    case 'txn':
      return checkTxnSize(operation, left);
    default:
      return unreachable(operation);
  }
}

/** A nested transaction may use what its parent's largest list has left over. */
function checkTxnSize(request: TxnRequest, max: number): CoreError | undefined {
  const largest = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (largest > max) return coreError('too-many-operations');
  for (const compare of request.compare) if (compare.key.length === 0) return coreError('key-empty');
  for (const branch of [request.success, request.failure]) {
    for (const operation of branch) {
      const objection = checkOperation(operation, max - largest);
      if (objection !== undefined) return objection;
    }
  }
  return undefined;
}

interface Span {
  readonly low: string;
  /** Exclusive. */
  readonly high: string;
  readonly single: boolean;
}

function spanOf(request: DeleteRangeRequest): Span {
  const low = binaryFromBytes(request.key);
  const high = request.rangeEnd === undefined ? '' : binaryFromBytes(request.rangeEnd);
  return { low, high, single: high === '' };
}

/** What one branch, with all that is nested in it, may touch. */
interface Footprint {
  readonly puts: Set<string>;
  readonly deletes: Span[];
}

function checkBranch(operations: readonly TxnOperation[]): CoreError | undefined {
  if (operations.length < 2 && operations[0]?.kind !== 'txn') return undefined;
  return footprint(operations) === undefined ? coreError('duplicate-key') : undefined;
}

/**
 * Undefined when a key would be put twice, or put and deleted. The two branches of one nested transaction may put the same key, because only
 * one of them runs. As in etcd, deletes count against the puts of their own level and of the levels below, not against those of the transactions
 * before them, and a range to the end (`[0]`) counts as empty.
 */
function footprint(operations: readonly TxnOperation[]): Footprint | undefined {
  const deletes: Span[] = [];
  const puts = new Set<string>();
  for (const operation of operations) if (operation.kind === 'delete-range') deletes.push(spanOf(operation));
  const add = (key: string): boolean => {
    if (puts.has(key) || deletes.some((s) => (s.single ? key === s.low : key >= s.low && key < s.high))) return false;
    puts.add(key);
    return true;
  };
  for (const operation of operations) {
    if (operation.kind !== 'txn') continue;
    const success = footprint(operation.success);
    const failure = footprint(operation.failure);
    if (success === undefined || failure === undefined) return undefined;
    for (const key of success.puts) if (!add(key)) return undefined;
    for (const key of failure.puts) if (!success.puts.has(key) && !add(key)) return undefined;
    deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const operation of operations) {
    if (operation.kind === 'put' && !add(binaryFromBytes(operation.key))) return undefined;
  }
  return { puts, deletes };
}
