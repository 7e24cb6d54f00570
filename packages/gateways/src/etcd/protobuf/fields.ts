/** The vocabulary of field tables: `{ key: bytes(1), lease: int64(3), prevKv: optional(2, KeyValue) }`. */
import type { FieldSpec, FieldType, MessageType } from './message.ts';
import { type Reader, WireType } from './reader.ts';
import type { Writer } from './writer.ts';

const EMPTY: Uint8Array = Buffer.alloc(0);

function writeVarint(writer: Writer, tag: number, value: number): void {
  if (value === 0) return;
  writer.varint(value);
  writer.varint(tag);
}

const INT: FieldType<number> = {
  kind: 'int',
  wireType: WireType.varint,
  absent: 0,
  read: (reader) => reader.int64(),
  write: writeVarint,
};
const UINT: FieldType<number> = { ...INT, kind: 'uint', read: (reader) => reader.uint64() };
const UINT32: FieldType<number> = { ...UINT, kind: 'uint32', read: (reader) => reader.uint32() };
const BOOL: FieldType<boolean> = {
  kind: 'bool',
  wireType: WireType.varint,
  absent: false,
  read: (reader) => reader.uint64() !== 0,
  write(writer, tag, value) {
    if (!value) return;
    writer.byte(1);
    writer.varint(tag);
  },
};
const BYTES: FieldType<Uint8Array> = {
  kind: 'bytes',
  wireType: WireType.bytes,
  absent: EMPTY,
  read: (reader) => reader.bytes(),
  write(writer, tag, value) {
    if (value.length === 0) return;
    writer.bytes(value);
    writer.varint(tag);
  },
};
const STRING: FieldType<string> = {
  kind: 'string',
  wireType: WireType.bytes,
  absent: '',
  read: (reader) => reader.string(),
  write(writer, tag, value) {
    if (value === '') return;
    writer.string(value);
    writer.varint(tag);
  },
};

function spec<V>(number: number, type: FieldType<V>, protoName?: string, oneof?: string): FieldSpec<V> {
  return { number, type, protoName, oneof };
}

export const int64 = (number: number, protoName?: string): FieldSpec<number> => spec(number, INT, protoName);
export const uint64 = (number: number, protoName?: string): FieldSpec<number> => spec(number, UINT, protoName);
export const uint32 = (number: number, protoName?: string): FieldSpec<number> => spec(number, UINT32, protoName);
export const bool = (number: number, protoName?: string): FieldSpec<boolean> => spec(number, BOOL, protoName);
export const bytes = (number: number, protoName?: string): FieldSpec<Uint8Array> => spec(number, BYTES, protoName);
export const string = (number: number, protoName?: string): FieldSpec<string> => spec(number, STRING, protoName);

/** `names[i]` is the name of value i in the `.proto` file. Values without a name pass through as numbers. */
export const enumeration = (number: number, names: readonly string[], protoName?: string): FieldSpec<number> =>
  spec(number, { ...INT, kind: 'enum', names }, protoName);

/** Takes the message's type lazily when it is declared later in its file. */
export type MessageOf<T> = MessageType<T> | (() => MessageType<T>);
const typeOf = <T>(of: MessageOf<T>): (() => MessageType<T>) => (typeof of === 'function' ? of : () => of);

function embeddedType<T extends object>(of: MessageOf<T>): FieldType<T | undefined> {
  const type = typeOf(of);
  return {
    kind: 'message',
    wireType: WireType.bytes,
    absent: undefined,
    gathers: true,
    message: type as unknown as () => MessageType<object>,
    read: (reader, previous) => readEmbedded(reader, type(), previous),
    write(writer, tag, value) {
      if (value !== undefined) writeEmbedded(writer, tag, type(), value);
    },
  };
}

function readEmbedded<T>(reader: Reader, type: MessageType<T>, previous: T | undefined): T {
  const outer = reader.enter();
  const value = type.readInto(reader, previous ?? type.create());
  reader.leave(outer);
  return value;
}

function writeEmbedded<T>(writer: Writer, tag: number, type: MessageType<T>, value: T): void {
  const before = writer.written;
  type.write(writer, value);
  writer.varint(writer.written - before);
  writer.varint(tag);
}

export const embedded = <T extends object>(
  number: number,
  of: MessageOf<T>,
  protoName?: string,
): FieldSpec<T | undefined> => spec(number, embeddedType(of), protoName);

/** A message that is one of the alternatives of a oneof. */
export const oneof = <T extends object>(number: number, group: string, of: MessageOf<T>): FieldSpec<T | undefined> =>
  spec(number, embeddedType(of), undefined, group);

function present<V>(type: FieldType<V>, forced: (writer: Writer, value: V) => void): FieldType<V | undefined> {
  return {
    kind: type.kind,
    wireType: type.wireType,
    absent: undefined,
    read: (reader) => type.read(reader, type.absent),
    write(writer, tag, value) {
      if (value === undefined) return;
      forced(writer, value);
      writer.varint(tag);
    },
  };
}
const PRESENT_INT = present(INT, (writer, value) => writer.varint(value));
const PRESENT_BYTES = present(BYTES, (writer, value) => writer.bytes(value));

/** Scalars of a oneof: written even when they have the default value. */
export const oneofInt64 = (number: number, group: string): FieldSpec<number | undefined> =>
  spec(number, PRESENT_INT, undefined, group);
export const oneofBytes = (number: number, group: string): FieldSpec<Uint8Array | undefined> =>
  spec(number, PRESENT_BYTES, undefined, group);

/** Reading appends to a fresh array, so the shared empty one stays empty. */
function listType<V>(
  element: FieldType<V>,
  read: (reader: Reader) => V,
  write: (writer: Writer, tag: number, value: V) => void,
): FieldType<readonly V[]> {
  const absent: readonly V[] = Object.freeze([]);
  const push = (values: readonly V[], value: V): readonly V[] => {
    if (values.length === 0) return [value];
    (values as V[]).push(value);
    return values;
  };
  return {
    kind: element.kind,
    wireType: element.wireType,
    absent,
    repeated: true,
    gathers: true,
    ...(element.message && { message: element.message }),
    ...(element.names && { names: element.names }),
    read: (reader, previous) => push(previous, read(reader)),
    write(writer, tag, values) {
      for (let i = values.length - 1; i >= 0; i--) write(writer, tag, values[i]!);
    },
  };
}

export function repeated<T extends object>(
  number: number,
  of: MessageOf<T>,
  protoName?: string,
): FieldSpec<readonly T[]> {
  const type = typeOf(of);
  const element = embeddedType(of) as FieldType<T>;
  const list = listType<T>(
    element,
    (reader) => readEmbedded(reader, type(), undefined),
    (writer, tag, value) => writeEmbedded(writer, tag, type(), value),
  );
  return spec(number, list, protoName);
}

const BYTES_LIST = listType<Uint8Array>(
  BYTES,
  (reader) => reader.bytes(),
  (writer, tag, value) => {
    writer.bytes(value);
    writer.varint(tag);
  },
);
const STRING_LIST = listType<string>(
  STRING,
  (reader) => reader.string(),
  (writer, tag, value) => {
    writer.string(value);
    writer.varint(tag);
  },
);
export const bytesList = (number: number, protoName?: string): FieldSpec<readonly Uint8Array[]> =>
  spec(number, BYTES_LIST, protoName);
export const stringList = (number: number, protoName?: string): FieldSpec<readonly string[]> =>
  spec(number, STRING_LIST, protoName);

/** Read packed or not; written unpacked, which every reader must accept. */
export function enumerationList(number: number, names: readonly string[]): FieldSpec<readonly number[]> {
  const list = listType<number>(
    { ...INT, kind: 'enum', names },
    (reader) => reader.int64(),
    (writer, tag, value) => {
      writer.varint(value);
      writer.varint(tag);
    },
  );
  const readPacked = (reader: Reader, previous: readonly number[]): readonly number[] => {
    const outer = reader.enter();
    const values = [...previous];
    while (reader.pos < reader.end) values.push(reader.int64());
    reader.leave(outer);
    return values;
  };
  return spec(number, { ...list, readPacked });
}
