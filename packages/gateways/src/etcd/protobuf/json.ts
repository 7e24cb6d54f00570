/** Protobuf's JSON mapping as etcd's gateway has it: names as in the `.proto` file, 64-bit integers as strings, defaults left out. */
import type { Field, MessageType } from './message.ts';
import { ProtobufError } from './reader.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export function toJson<T>(type: MessageType<T>, message: T): Json {
  const out: Record<string, Json> = {};
  for (const field of type.fields) {
    const value = (message as Record<string, unknown>)[field.name];
    if (isAbsent(field, value)) continue;
    out[field.protoName] = field.type.repeated
      ? (value as readonly unknown[]).map((element) => elementToJson(field, element))
      : elementToJson(field, value);
  }
  return out;
}

function isAbsent(field: Field, value: unknown): boolean {
  if (value === undefined || value === field.type.absent) return true;
  if (field.oneof !== undefined) return false;
  return (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0;
}

function elementToJson(field: Field, value: unknown): Json {
  switch (field.type.kind) {
    case 'int':
    case 'uint':
      return BigInt(value as number).toString();
    case 'bytes':
      return toBuffer(value as Uint8Array).toString('base64');
    case 'enum':
      return field.type.names?.[value as number] ?? (value as number);
    case 'message':
      return toJson(field.type.message!(), value as object);
    case 'uint32':
    case 'bool':
    case 'string':
      return value as Json;
  }
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** @throws ProtobufError naming the field that cannot be what it should be, or that does not exist. */
export function fromJson<T>(type: MessageType<T>, json: Json): T {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new ProtobufError(`${type.name}: expected a JSON object, got ${JSON.stringify(json)}`);
  }
  const out = type.create() as Record<string, unknown>;
  for (const [name, value] of Object.entries(json)) {
    const field = type.fields.find((one) => one.protoName === name || one.name === name);
    if (field === undefined) throw new ProtobufError(`unknown field "${name}" in ${type.name}`);
    if (value === null) continue;
    out[field.name] = field.type.repeated ? listFromJson(type, field, value) : elementFromJson(type, field, value);
  }
  return out as T;
}

function listFromJson<T>(type: MessageType<T>, field: Field, json: Json): unknown[] {
  if (!Array.isArray(json)) throw mismatch(type, field, 'an array', json);
  return json.map((element: Json) => elementFromJson(type, field, element));
}

function elementFromJson<T>(type: MessageType<T>, field: Field, json: Json): unknown {
  switch (field.type.kind) {
    case 'int':
    case 'uint':
    case 'uint32':
      return integerFromJson(type, field, json);
    case 'bytes':
      if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json))
        throw mismatch(type, field, 'base64', json);
      return Buffer.from(json, 'base64');
    case 'string':
      if (typeof json !== 'string') throw mismatch(type, field, 'a string', json);
      return json;
    case 'bool':
      if (typeof json !== 'boolean') throw mismatch(type, field, 'true or false', json);
      return json;
    case 'enum':
      return enumFromJson(type, field, json);
    case 'message':
      return fromJson(field.type.message!(), json);
  }
}

function integerFromJson<T>(type: MessageType<T>, field: Field, json: Json): number {
  const text = typeof json === 'number' ? String(json) : json;
  if (typeof text !== 'string' || !/^-?\d{1,20}$/.test(text)) throw mismatch(type, field, 'an integer', json);
  const value = Number(text);
  if (value < 0 && field.type.kind !== 'int') throw mismatch(type, field, 'an integer that is not negative', json);
  return value;
}

function enumFromJson<T>(type: MessageType<T>, field: Field, json: Json): number {
  const { names = [] } = field.type;
  const value = typeof json === 'string' ? names.indexOf(json) : json;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw mismatch(type, field, `one of ${names.join(', ')}`, json);
  }
  return value;
}

function mismatch<T>(type: MessageType<T>, field: Field, expected: string, json: Json): ProtobufError {
  return new ProtobufError(`${type.name}.${field.protoName}: expected ${expected}, got ${JSON.stringify(json)}`);
}
