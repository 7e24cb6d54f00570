/** The parts of a transaction, as functions whose calls read as what they mean. */
import type {
  Compare,
  CompareResult,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnOperation,
  TxnRequest,
} from '../core/requests.ts';
import { type Bytes, type Keys, toBytes, toRange } from './keys.ts';

export interface PutOptions {
  /** The lease that the key lives by; without one the key is detached from the one it had. */
  readonly lease?: number | { readonly id: number } | undefined;
  /** Answer with the key's previous version. */
  readonly previous?: boolean;
}

export interface RangeOptions {
  /** At most so many keys; `more` then says whether there are others. Default all. */
  readonly limit?: number;
  /** The state as of that revision. Default the present. */
  readonly revision?: number;
  readonly order?: 'ascend' | 'descend';
  readonly sortBy?: 'key' | 'version' | 'create' | 'mod' | 'value';
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

export interface DeleteOptions {
  /** Answer with the deleted versions. */
  readonly previous?: boolean;
}

/** All of `if` must hold; then the operations of `then` are carried out, otherwise those of `else`; in one revision. */
export interface Transaction {
  readonly if?: readonly Compare[];
  readonly then?: readonly TxnOperation[];
  readonly else?: readonly TxnOperation[];
}

export function leaseId(lease: PutOptions['lease']): number {
  return lease === undefined ? 0 : typeof lease === 'number' ? lease : lease.id;
}

export function put(key: Bytes, value: Bytes, options?: PutOptions): PutRequest {
  return {
    kind: 'put',
    key: toBytes(key),
    value: toBytes(value),
    lease: leaseId(options?.lease),
    prevKv: options?.previous ?? false,
  };
}

export function get(keys: Keys, options: RangeOptions = {}): RangeRequest {
  const { order, sortBy, ...rest } = options;
  return {
    kind: 'range',
    ...toRange(keys),
    ...rest,
    sortOrder: order ?? (sortBy === undefined ? 'none' : 'ascend'),
    sortTarget: sortBy ?? 'key',
  };
}

export function remove(keys: Keys, options?: DeleteOptions): DeleteRangeRequest {
  return { kind: 'delete-range', ...toRange(keys), prevKv: options?.previous ?? false };
}

export function transaction(parts: Transaction): TxnRequest {
  return { kind: 'txn', compare: parts.if ?? [], success: parts.then ?? [], failure: parts.else ?? [] };
}

export type Comparison = '=' | '!=' | '>' | '<';
const results: Readonly<Record<Comparison, CompareResult>> = {
  '=': 'equal',
  '!=': 'not-equal',
  '>': 'greater',
  '<': 'less',
};

/** The key's value. A key that does not exist has none, and the comparison fails. */
export function value(key: Bytes, comparison: Comparison, operand: Bytes): Compare {
  return { key: toBytes(key), target: 'value', result: results[comparison], operand: toBytes(operand) };
}

/** Puts since the key was created; 0 when it does not exist. */
export function version(key: Bytes, comparison: Comparison, operand: number): Compare {
  return { key: toBytes(key), target: 'version', result: results[comparison], operand };
}

/** The revision in which the key was created; 0 when it does not exist. */
export function createRevision(key: Bytes, comparison: Comparison, operand: number): Compare {
  return { key: toBytes(key), target: 'create', result: results[comparison], operand };
}

/** The revision of the key's last change; 0 when it does not exist. */
export function modRevision(key: Bytes, comparison: Comparison, operand: number): Compare {
  return { key: toBytes(key), target: 'mod', result: results[comparison], operand };
}

export function absent(key: Bytes): Compare {
  return createRevision(key, '=', 0);
}

export function present(key: Bytes): Compare {
  return createRevision(key, '>', 0);
}
