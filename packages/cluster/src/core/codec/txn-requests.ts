/** Transactions: compares and two branches of operations, which may be transactions themselves. */
import { type ByteReader, BytesError, type ByteWriter, unreachable } from '@quorate/patterns/base';
import type { Compare, TxnOperation, TxnRequest } from '../requests.ts';
import { readDeleteRange, readPut, readRange, writeDeleteRange, writePut, writeRange } from './key-requests.ts';
import { compareResults, compareTargets, Kind } from './kinds.ts';
import { nameAt } from './named.ts';

/** A level uses up at least one of the 128 operations that a transaction may have, so a deeper one is refused anyway. */
export const TXN_DEPTH_MAX: number = 129;

const COMPARE_RANGE_END = 0x80;

function writeCompare(writer: ByteWriter, compare: Compare): void {
  const ranged = compare.rangeEnd !== undefined && compare.rangeEnd.length > 0;
  const target = compareTargets.indexOf(compare.target);
  writer.u8((ranged ? COMPARE_RANGE_END : 0) | (target << 3) | compareResults.indexOf(compare.result));
  writer.bytes(compare.key);
  if (ranged) writer.bytes(compare.rangeEnd!);
  if (compare.target === 'value') writer.bytes(compare.operand);
  else writer.int(compare.operand);
}

function readCompare(reader: ByteReader): Compare {
  const byte = reader.u8();
  const key = reader.bytes();
  const rangeEnd = (byte & COMPARE_RANGE_END) !== 0 ? reader.bytes() : undefined;
  const result = nameAt(reader, compareResults, byte & 7);
  const target = nameAt(reader, compareTargets, (byte >>> 3) & 15);
  if (target === 'value') return { key, rangeEnd, result, target, operand: reader.bytes() };
  return { key, rangeEnd, result, target, operand: reader.int() };
}

function writeOperation(writer: ByteWriter, operation: TxnOperation): void {
  switch (operation.kind) {
    case 'put':
      writer.u8(Kind.put);
      writePut(writer, operation);
      break;
    case 'range':
      writer.u8(Kind.range);
      writeRange(writer, operation);
      break;
    case 'delete-range':
      writer.u8(Kind.deleteRange);
      writeDeleteRange(writer, operation);
      break;
    case 'txn':
      writer.u8(Kind.txn);
      writeTxn(writer, operation);
      break;
    default:
      unreachable(operation);
  }
}

function readOperation(reader: ByteReader, depth: number): TxnOperation {
  const kind = reader.u8();
  switch (kind) {
    case Kind.put:
      return readPut(reader);
    case Kind.range:
      return readRange(reader);
    case Kind.deleteRange:
      return readDeleteRange(reader);
    case Kind.txn:
      return readTxn(reader, depth + 1);
    default:
      throw new BytesError(`${kind} is not an operation of a transaction`, reader.offset);
  }
}

function writeOperations(writer: ByteWriter, operations: readonly TxnOperation[]): void {
  writer.uint(operations.length);
  for (const operation of operations) writeOperation(writer, operation);
}

function readOperations(reader: ByteReader, depth: number): TxnOperation[] {
  const operations: TxnOperation[] = [];
  for (let left = reader.count(); left > 0; left--) operations.push(readOperation(reader, depth));
  return operations;
}

export function writeTxn(writer: ByteWriter, request: TxnRequest): void {
  writer.uint(request.compare.length);
  for (const compare of request.compare) writeCompare(writer, compare);
  writeOperations(writer, request.success);
  writeOperations(writer, request.failure);
}

export function readTxn(reader: ByteReader, depth: number = 1): TxnRequest {
  if (depth > TXN_DEPTH_MAX) throw new BytesError('transactions are nested too deeply', reader.offset);
  const compare: Compare[] = [];
  for (let left = reader.count(); left > 0; left--) compare.push(readCompare(reader));
  return { kind: 'txn', compare, success: readOperations(reader, depth), failure: readOperations(reader, depth) };
}
