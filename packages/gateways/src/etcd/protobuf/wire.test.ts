import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../messages/catalogue.fixture.ts';
import { PutRequest, RequestOp, TxnRequest } from '../messages/kv.ts';
import { WatchCreateRequest } from '../messages/watch.ts';
import { ProtobufError, Reader } from './reader.ts';
import { Writer } from './writer.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('integers', () => {
  const cases: [number, string][] = [
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 28 - 1, 'ffffff7f'],
    [2 ** 28, '8080808001'],
    [2 ** 32 - 1, 'ffffffff0f'],
    [2 ** 32, '8080808010'],
    [2 ** 35, '808080808001'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
    [-1, 'ffffffffffffffffff01'],
    [-(2 ** 31), '80808080f8ffffffff01'],
    [Number.MIN_SAFE_INTEGER, '81808080808080f0ff01'],
  ];
  for (const [value, bytes] of cases) {
    test(`${value} is ${bytes}`, () => {
      const writer = new Writer();
      writer.varint(value);
      expect(writer.finish().toString('hex')).toBe(bytes);
      expect(new Reader(hex(bytes)).int64()).toBe(value);
    });
  }

  test('beyond 2^53 they come out rounded and never as safe integers', () => {
    for (const bytes of ['8080808080808010', '8180808080808010', 'ffffffffffffffff7f', '80808080808080808001']) {
      expect(Number.isSafeInteger(new Reader(hex(bytes)).int64())).toBe(false);
    }
    expect(new Reader(hex('ffffffffffffffffff01')).uint64()).toBe(2 ** 64);
  });

  test('more than ten bytes are refused', () => {
    expect(() => new Reader(hex('ffffffffffffffffffff01')).int64()).toThrow(/longer than the 10 bytes/);
  });
});

describe('a message', () => {
  test('keeps the last of several values of a field and skips fields of a later schema', () => {
    const bytes = hex('0a0161 0a0162 9a0603787878 a00605 a1060000000000000000 a50600000000');
    expect(Buffer.from(PutRequest.decode(bytes).key).toString()).toBe('b');
  });

  test('keeps only the last alternative of a oneof', () => {
    const op = RequestOp.decode(hex('0a00 1200'));
    expect(op.requestRange).toBeUndefined();
    expect(op.requestPut).toEqual(PutRequest.create());
  });

  test('takes repeated enums packed or not', () => {
    expect(WatchCreateRequest.decode(hex('2a020001')).filters).toEqual([0, 1]);
    expect(WatchCreateRequest.decode(hex('2800 2801')).filters).toEqual([0, 1]);
  });

  test('two decoded messages share no list', () => {
    const one = TxnRequest.decode(hex('0a00 0a00'));
    const two = TxnRequest.decode(hex('0a00'));
    expect([one.compare.length, two.compare.length, TxnRequest.create().compare.length]).toEqual([2, 1, 0]);
  });

  test('a large one grows its buffer, and the next does not disturb it', () => {
    const writer = new Writer();
    const encode = (fill: number): Buffer => {
      PutRequest.write(writer, { ...PutRequest.create(), key: Buffer.from('k'), value: Buffer.alloc(200_000, fill) });
      return writer.finish();
    };
    const [first, second] = [encode(1), encode(2)];
    const valueOf = (bytes: Buffer): string => Buffer.from(PutRequest.decode(bytes).value).toString('latin1');
    expect([valueOf(first) === '\x01'.repeat(200_000), valueOf(second) === '\x02'.repeat(200_000)]).toEqual([
      true,
      true,
    ]);
  });
});

describe('a malformed message is refused with its reason', () => {
  const cases: [string, string, RegExp][] = [
    ['a length of more than 32 bits', '0a8080808010', /claims 4294967296 bytes, 0 are left/],
    ['cut inside a field', '0a05 6162', /claims 5 bytes, 2 are left/],
    ['cut inside a varint', '1880', /ends inside a field/],
    ['another wire type', '0801', /field key \(1\) has wire type 0, expected 2/],
    ['a group', 'ab06', /wire type 3/],
    ['field number 0', '0001', /field number 0/],
  ];
  for (const [name, bytes, reason] of cases) {
    test(name, () => {
      expect(() => PutRequest.decode(hex(bytes))).toThrow(ProtobufError);
      expect(() => PutRequest.decode(hex(bytes))).toThrow(reason);
    });
  }

  test('messages embedded without end', () => {
    let bytes: Buffer = Buffer.alloc(0);
    const wrap = (inner: Buffer, tag: number): Buffer => {
      const writer = new Writer();
      writer.bytes(inner);
      writer.varint(tag);
      return Buffer.from(writer.finish());
    };
    for (let i = 0; i < 100; i++) bytes = wrap(wrap(bytes, 0x22), 0x12);
    expect(() => TxnRequest.decode(bytes)).toThrow(/more than 100 deep/);
  });
});

test('whatever the bytes, decoding ends with a message or a ProtobufError', () => {
  const types = [...CATALOGUE.values()];
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(hex('0a020a00'), hex('12ffffffff0f'), hex('1a80')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(types.length - 1), (pieces, which) => {
      try {
        types[which]!.decode(Buffer.concat(pieces));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
    }),
    { numRuns: 3000, seed: 7 },
  );
});
