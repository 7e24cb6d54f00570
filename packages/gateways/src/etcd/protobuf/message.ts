import { ProtobufError, Reader, WireType } from './reader.ts';
import type { Writer } from './writer.ts';

/** How one protobuf type is read and written. */
export interface FieldType<V> {
  readonly kind: 'bytes' | 'string' | 'int' | 'uint' | 'uint32' | 'bool' | 'enum' | 'message';
  readonly wireType: number;
  /** What a field is when it is absent: a constant, shared and never changed. */
  readonly absent: V;
  /** Another wire type that is accepted as well (packed scalars), with its reader. */
  readonly readPacked?: (reader: Reader, values: V) => V;
  /** True when `read` needs the value so far: repeated fields and embedded messages, which merge. Others get undefined. */
  readonly gathers?: boolean;
  read(reader: Reader, previous: V): V;
  /** Appends nothing when `value` is the absent one. */
  write(writer: Writer, tag: number, value: V): void;
  readonly repeated?: boolean;
  readonly message?: () => MessageType<object>;
  readonly names?: readonly string[];
}

export interface FieldSpec<V> {
  readonly number: number;
  readonly type: FieldType<V>;
  /** The name in the `.proto` file when it is not the snake_case form of the property. */
  readonly protoName: string | undefined;
  /** Fields of one oneof share its name: reading one clears the others. */
  readonly oneof: string | undefined;
}

/** One entry per property, in order of field numbers. */
export type FieldTable<T> = { readonly [K in keyof T]-?: FieldSpec<T[K]> };

export interface Field {
  readonly name: string;
  readonly protoName: string;
  readonly number: number;
  readonly type: FieldType<unknown>;
  readonly oneof: string | undefined;
  readonly tag: number;
  /** The other properties of its oneof. */
  readonly rivals: readonly string[] | undefined;
}

/** A message's schema and codec. */
export interface MessageType<T> {
  readonly name: string;
  readonly fields: readonly Field[];
  /** All fields absent. */
  create(): T;
  decode(bytes: Uint8Array): T;
  /** Reads fields up to `reader.end` into `target`. */
  readInto(reader: Reader, target: T): T;
  /** Writes the body, back to front. */
  write(writer: Writer, message: T): void;
}

type Properties = Record<string, unknown>;

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function fieldsOf(table: Record<string, FieldSpec<unknown>>): Field[] {
  const entries = Object.entries(table);
  return entries.map(([name, spec]) => ({
    name,
    protoName: spec.protoName ?? snakeCase(name),
    number: spec.number,
    type: spec.type,
    oneof: spec.oneof,
    tag: spec.number * 8 + spec.type.wireType,
    rivals: spec.oneof === undefined ? undefined : rivalsOf(name, spec.oneof, entries),
  }));
}

function rivalsOf(name: string, oneof: string, entries: [string, FieldSpec<unknown>][]): string[] {
  return entries.filter(([other, spec]) => other !== name && spec.oneof === oneof).map(([other]) => other);
}

class TableMessage implements MessageType<Properties> {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly #byTag: (Field | undefined)[] = [];
  readonly #create: () => Properties;

  constructor(name: string, fields: readonly Field[]) {
    this.name = name;
    this.fields = fields;
    const blank: Properties = {};
    for (const field of fields) {
      blank[field.name] = field.type.absent;
      this.#byTag[field.tag] = field;
    }
    this.#create = () => ({ ...blank });
  }

  create(): Properties {
    return this.#create();
  }

  decode(bytes: Uint8Array): Properties {
    return this.readInto(new Reader(bytes), this.#create());
  }

  readInto(reader: Reader, target: Properties): Properties {
    const byTag = this.#byTag;
    while (reader.pos < reader.end) {
      const tag = reader.uint32();
      const field = byTag[tag];
      if (field === undefined) {
        this.#readOther(reader, tag, target);
        continue;
      }
      // Reading a property by a varying name is the dearest step here, so it is done only where it is needed.
      if (field.type.gathers) target[field.name] = field.type.read(reader, target[field.name]);
      else target[field.name] = field.type.read(reader, undefined);
      if (field.rivals !== undefined) for (const rival of field.rivals) target[rival] = undefined;
    }
    return target;
  }

  /** A packed form of a known field, or a field of a later schema. */
  #readOther(reader: Reader, tag: number, target: Properties): void {
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new ProtobufError(`${this.name}: field number 0 at byte ${reader.pos}`);
    const known = this.fields.find((field) => field.number === number);
    if (known === undefined) return reader.skip(wireType);
    if (wireType === WireType.bytes && known.type.readPacked !== undefined) {
      target[known.name] = known.type.readPacked(reader, target[known.name]);
      return;
    }
    throw new ProtobufError(
      `${this.name}: field ${known.protoName} (${number}) has wire type ${wireType}, expected ${known.type.wireType}`,
    );
  }

  write(writer: Writer, message: Properties): void {
    const fields = this.fields;
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = fields[i]!;
      field.type.write(writer, field.tag, message[field.name]);
    }
  }
}

/** Builds the codec of a message from its field table. */
export function message<T extends object>(name: string, table: FieldTable<T>): MessageType<T> {
  return new TableMessage(name, fieldsOf(table as Record<string, FieldSpec<unknown>>)) as unknown as MessageType<T>;
}
