import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import type { Field, MessageType } from '../protobuf/message.ts';
import { Writer } from '../protobuf/writer.ts';
import { CATALOGUE } from './catalogue.fixture.ts';

const SEED = 20_260_801;
const proto = (file: string): string => fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => (target.startsWith('/') ? target : proto(target));
root.loadSync([proto('etcdserverpb.proto'), proto('health.proto')], { keepCase: true });

function messagesOf(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested] : []),
    ...(nested instanceof protobuf.Namespace ? messagesOf(nested) : []),
  ]);
}
const declared = new Map(messagesOf(root).map((type) => [type.name, type]));

const KIND_OF: Readonly<Record<string, string>> = {
  int64: 'int',
  uint64: 'uint',
  uint32: 'uint32',
  bool: 'bool',
  bytes: 'bytes',
  string: 'string',
};

function describeDeclared(field: protobuf.Field): unknown {
  const resolved = field.resolve().resolvedType;
  const kind = resolved === null ? KIND_OF[field.type] : resolved instanceof protobuf.Enum ? 'enum' : 'message';
  return {
    number: field.id,
    name: field.name,
    kind,
    of: resolved instanceof protobuf.Type ? resolved.name : undefined,
    names: resolved instanceof protobuf.Enum ? Object.values(resolved.valuesById) : undefined,
    repeated: field.repeated,
    oneof: field.partOf?.name,
  };
}

function describeTable(field: Field): unknown {
  return {
    number: field.number,
    name: field.protoName,
    kind: field.type.kind,
    of: field.type.message?.().name,
    names: field.type.names,
    repeated: field.type.repeated ?? false,
    oneof: field.oneof,
  };
}

test('every message of the .proto files has a table and every table a message', () => {
  expect([...CATALOGUE.keys()].sort()).toEqual([...declared.keys()].sort());
});

test('every table has the fields of its message, in order of their numbers', () => {
  for (const [name, type] of declared) {
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
    expect([name, CATALOGUE.get(name)!.fields.map(describeTable)]).toEqual([name, fields.map(describeDeclared)]);
  }
});

const int64 = fc.oneof(
  fc.integer({ min: -2, max: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

/** A message as ours, with all the fields that its table has. */
function arbitrary(type: MessageType<object>, depth: number): fc.Arbitrary<object> {
  const groups = new Map<string, string[]>();
  for (const { oneof, name } of type.fields)
    if (oneof !== undefined) groups.set(oneof, [...(groups.get(oneof) ?? []), name]);
  const record = fc.record(Object.fromEntries(type.fields.map((field) => [field.name, valueOf(field, depth)])));
  // Of each oneof at most one field is set.
  return fc.tuple(record, fc.nat()).map(([message, pick]) => {
    const out = message as Record<string, unknown>;
    for (const names of groups.values()) {
      names.forEach((name, i) => {
        if (i !== pick % (names.length + 1)) out[name] = undefined;
      });
    }
    return out;
  });
}

function valueOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  const { kind, repeated } = field.type;
  const one = kind === 'message' ? messageOf(field, depth) : scalarOf(kind);
  if (repeated) return kind === 'message' && depth === 0 ? fc.constant([]) : fc.array(one, { maxLength: 3 });
  return kind === 'message' ? fc.option(one, { nil: undefined }) : one;
}

const messageOf = (field: Field, depth: number): fc.Arbitrary<unknown> =>
  depth === 0 ? fc.constant(undefined) : arbitrary(field.type.message!(), depth - 1);

function scalarOf(kind: Field['type']['kind']): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'int':
      return int64;
    case 'uint':
      return int64.map(Math.abs);
    case 'uint32':
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case 'enum':
      return fc.integer({ min: 0, max: 1 });
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.oneof(fc.string({ maxLength: 9 }), fc.constantFrom('', 'é', '日本語', '𝄞'));
    default:
      return fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  }
}

const writer = new Writer();
function encode(type: MessageType<object>, message: object): Buffer {
  type.write(writer, message);
  return writer.finish();
}

describe('against protobufjs', () => {
  for (const [name, type] of CATALOGUE) {
    test(`${name}: what one writes the other reads`, () => {
      fc.assert(
        fc.property(arbitrary(type, 3), (message) => {
          const ours = encode(type, message);
          const reference = declared.get(name)!;
          const theirs = Buffer.from(reference.encode(reference.decode(ours)).finish());
          const back = type.decode(theirs);
          expect(encode(type, back)).toEqual(ours);
          expect(back).toEqual(message);
        }),
        { numRuns: 60, seed: SEED },
      );
    });
  }
});
