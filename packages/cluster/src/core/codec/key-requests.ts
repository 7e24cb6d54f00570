/** Requests about keys: put, range, delete range. */
import { type ByteReader, type ByteWriter, binaryFromBytes } from '@quorate/patterns/base';
import type { DeleteRangeRequest, PutRequest, RangeRequest } from '../requests.ts';
import { sortOrders, sortTargets } from './kinds.ts';
import { nameAt, readFlags } from './named.ts';

const PUT_PREV_KV = 1;
const PUT_IGNORE_VALUE = 2;
const PUT_IGNORE_LEASE = 4;
const PUT_LEASE = 8;
const PUT_FLAGS = 15;

export function writePut(writer: ByteWriter, request: PutRequest): void {
  const lease = request.lease ?? 0;
  writer.u8(
    (request.prevKv ? PUT_PREV_KV : 0) |
      (request.ignoreValue ? PUT_IGNORE_VALUE : 0) |
      (request.ignoreLease ? PUT_IGNORE_LEASE : 0) |
      (lease !== 0 ? PUT_LEASE : 0),
  );
  writer.bytes(request.key);
  if (lease !== 0) writer.uint(lease);
  writer.bytes(request.value);
}

export function readPut(reader: ByteReader): Required<PutRequest> {
  const flags = readFlags(reader, PUT_FLAGS);
  const key = reader.bytes();
  const lease = (flags & PUT_LEASE) !== 0 ? reader.uint() : 0;
  return {
    kind: 'put',
    key,
    value: reader.bytes(),
    lease,
    prevKv: (flags & PUT_PREV_KV) !== 0,
    ignoreValue: (flags & PUT_IGNORE_VALUE) !== 0,
    ignoreLease: (flags & PUT_IGNORE_LEASE) !== 0,
  };
}

const NO_BYTES = new Uint8Array(0);

/**
 * A put as the state machine reads it: its key in the form of a map key, its value where it lies in the entry. Each is read over the last one,
 * so that of a put nothing stays behind but the version.
 */
export class KeyedPut {
  key = '';
  /** Where the value is: in `bytes`, from `start`, `length` long. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;
  lease = 0;
  prevKv = false;
  ignoreValue = false;
  ignoreLease = false;

  /** `input` is what `reader` reads. Throws `BytesError`. */
  read(reader: ByteReader, input: Uint8Array): void {
    const flags = readFlags(reader, PUT_FLAGS);
    this.key = reader.binary();
    this.lease = (flags & PUT_LEASE) !== 0 ? reader.uint() : 0;
    this.length = reader.uint();
    this.bytes = input;
    this.start = reader.offset;
    reader.skip(this.length);
    this.prevKv = (flags & PUT_PREV_KV) !== 0;
    this.ignoreValue = (flags & PUT_IGNORE_VALUE) !== 0;
    this.ignoreLease = (flags & PUT_IGNORE_LEASE) !== 0;
  }

  static of(put: PutRequest): KeyedPut {
    const keyed = new KeyedPut();
    keyed.key = binaryFromBytes(put.key);
    keyed.bytes = put.value;
    keyed.length = put.value.length;
    keyed.lease = put.lease ?? 0;
    keyed.prevKv = put.prevKv === true;
    keyed.ignoreValue = put.ignoreValue === true;
    keyed.ignoreLease = put.ignoreLease === true;
    return keyed;
  }
}

const DELETE_PREV_KV = 1;
const DELETE_RANGE_END = 2;
const DELETE_FLAGS = 3;

export function writeDeleteRange(writer: ByteWriter, request: DeleteRangeRequest): void {
  const rangeEnd = request.rangeEnd;
  const ranged = rangeEnd !== undefined && rangeEnd.length > 0;
  writer.u8((request.prevKv ? DELETE_PREV_KV : 0) | (ranged ? DELETE_RANGE_END : 0));
  writer.bytes(request.key);
  if (ranged) writer.bytes(rangeEnd);
}

export function readDeleteRange(reader: ByteReader): DeleteRangeRequest {
  const flags = readFlags(reader, DELETE_FLAGS);
  return {
    kind: 'delete-range',
    key: reader.bytes(),
    rangeEnd: (flags & DELETE_RANGE_END) !== 0 ? reader.bytes() : undefined,
    prevKv: (flags & DELETE_PREV_KV) !== 0,
  };
}

const RANGE_END = 1;
const RANGE_LIMIT = 2;
const RANGE_REVISION = 4;
const RANGE_SORT = 8;
const RANGE_KEYS_ONLY = 16;
const RANGE_COUNT_ONLY = 32;
const RANGE_FILTERS = 64;
const RANGE_FLAGS = 127;

function rangeFlags(request: RangeRequest): number {
  const sorted = (request.sortOrder ?? 'none') !== 'none' || (request.sortTarget ?? 'key') !== 'key';
  const filtered =
    request.minModRevision || request.maxModRevision || request.minCreateRevision || request.maxCreateRevision;
  return (
    (request.rangeEnd !== undefined && request.rangeEnd.length > 0 ? RANGE_END : 0) |
    (request.limit ? RANGE_LIMIT : 0) |
    (request.revision ? RANGE_REVISION : 0) |
    (sorted ? RANGE_SORT : 0) |
    (request.keysOnly ? RANGE_KEYS_ONLY : 0) |
    (request.countOnly ? RANGE_COUNT_ONLY : 0) |
    (filtered ? RANGE_FILTERS : 0)
  );
}

export function writeRange(writer: ByteWriter, request: RangeRequest): void {
  const flags = rangeFlags(request);
  writer.u8(flags);
  writer.bytes(request.key);
  if ((flags & RANGE_END) !== 0) writer.bytes(request.rangeEnd!);
  if ((flags & RANGE_LIMIT) !== 0) writer.int(request.limit!);
  if ((flags & RANGE_REVISION) !== 0) writer.int(request.revision!);
  if ((flags & RANGE_SORT) !== 0) {
    const order = sortOrders.indexOf(request.sortOrder ?? 'none');
    writer.u8((order << 4) | sortTargets.indexOf(request.sortTarget ?? 'key'));
  }
  if ((flags & RANGE_FILTERS) !== 0) {
    writer.int(request.minModRevision ?? 0);
    writer.int(request.maxModRevision ?? 0);
    writer.int(request.minCreateRevision ?? 0);
    writer.int(request.maxCreateRevision ?? 0);
  }
}

export function readRange(reader: ByteReader): Required<RangeRequest> {
  const flags = readFlags(reader, RANGE_FLAGS);
  const key = reader.bytes();
  const rangeEnd = (flags & RANGE_END) !== 0 ? reader.bytes() : undefined;
  const limit = (flags & RANGE_LIMIT) !== 0 ? reader.int() : 0;
  const revision = (flags & RANGE_REVISION) !== 0 ? reader.int() : 0;
  const sort = (flags & RANGE_SORT) !== 0 ? reader.u8() : 0;
  const filtered = (flags & RANGE_FILTERS) !== 0;
  return {
    kind: 'range',
    key,
    rangeEnd,
    limit,
    revision,
    sortOrder: nameAt(reader, sortOrders, sort >>> 4),
    sortTarget: nameAt(reader, sortTargets, sort & 15),
    keysOnly: (flags & RANGE_KEYS_ONLY) !== 0,
    countOnly: (flags & RANGE_COUNT_ONLY) !== 0,
    minModRevision: filtered ? reader.int() : 0,
    maxModRevision: filtered ? reader.int() : 0,
    minCreateRevision: filtered ? reader.int() : 0,
    maxCreateRevision: filtered ? reader.int() : 0,
  };
}
