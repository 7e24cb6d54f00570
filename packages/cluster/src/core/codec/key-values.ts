import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import type { KeyValue } from '../requests.ts';

/** A `KeyValue` that knows a shorter way into a writer than through its fields. What it writes must be the same. */
export interface SelfWritingKeyValue extends KeyValue {
  writeTo(writer: ByteWriter): void;
}

export function writeKeyValue(writer: ByteWriter, kv: KeyValue): void {
  if ('writeTo' in kv) {
    (kv as SelfWritingKeyValue).writeTo(writer);
    return;
  }
  writer.bytes(kv.key);
  writer.bytes(kv.value);
  writer.uint(kv.createRevision);
  writer.uint(kv.modRevision);
  writer.uint(kv.version);
  writer.uint(kv.lease);
}

export function readKeyValue(reader: ByteReader): KeyValue {
  return {
    key: reader.bytes(),
    value: reader.bytes(),
    createRevision: reader.uint(),
    modRevision: reader.uint(),
    version: reader.uint(),
    lease: reader.uint(),
  };
}

/** The least that a key and value take: six one-byte fields. */
const KEY_VALUE_BYTES_MIN = 6;

export function writeKeyValues(writer: ByteWriter, kvs: readonly KeyValue[]): void {
  writer.uint(kvs.length);
  for (const kv of kvs) writeKeyValue(writer, kv);
}

export function readKeyValues(reader: ByteReader): KeyValue[] {
  const kvs: KeyValue[] = [];
  for (let left = reader.count(KEY_VALUE_BYTES_MIN); left > 0; left--) kvs.push(readKeyValue(reader));
  return kvs;
}

export function writeOptionalKeyValue(writer: ByteWriter, kv: KeyValue | undefined): void {
  writer.boolean(kv !== undefined);
  if (kv !== undefined) writeKeyValue(writer, kv);
}

export function readOptionalKeyValue(reader: ByteReader): KeyValue | undefined {
  return reader.boolean() ? readKeyValue(reader) : undefined;
}
