import { NodeId } from '@quorate/patterns/consensus/raft';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeHello,
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  HANDSHAKE_BYTES_MAX,
  type Hello,
  PROTOCOL_VERSION,
  WireError,
} from './index.ts';

const number = fc.oneof(fc.nat(3), fc.maxSafeNat());
const versions = {
  versionMin: fc.constant(PROTOCOL_VERSION),
  versionMax: fc.integer({ min: PROTOCOL_VERSION, max: 9 }),
};
const node = fc.nat().map(NodeId.of);
const hello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({
    ...versions,
    clusterId: number,
    role: fc.constant('peer' as const),
    from: node,
    to: node,
    incarnation: number,
  }),
  fc.record({
    ...versions,
    clusterId: number,
    role: fc.constant('client' as const),
    clientId: fc.string({ maxLength: 40 }),
  }),
);
const welcome = fc.record({
  version: fc.constant(PROTOCOL_VERSION),
  clusterId: number,
  nodeId: node,
  incarnation: number,
  frameBytesMax: number,
});

test('hello, welcome and refusal are read as they were written', () => {
  fc.assert(
    fc.property(hello, (value) => {
      expect(decodeHello(encodeHello(value))).toEqual(value);
    }),
  );
  fc.assert(
    fc.property(welcome, (value) => {
      expect(decodeWelcome(encodeWelcome(value))).toEqual(value);
    }),
  );
  const refusal = { code: 'wrong-cluster' as const, message: 'cluster 1 expected, cluster 2 given' };
  expect(decodeRefusal(encodeRefusal(refusal))).toEqual(refusal);
});

test('fields that a later version adds behind the known ones are skipped', () => {
  fc.assert(
    fc.property(hello, (value) => {
      const bytes = encodeHello({ ...value, versionMax: 2 });
      expect(decodeHello(new Uint8Array([...bytes, 1, 2, 3]))).toEqual({ ...value, versionMax: 2 });
    }),
  );
});

test('a caller that speaks only later versions is told which ones are spoken here, whatever follows', () => {
  expect(decodeHello(new Uint8Array([7, 9, 255, 255]))).toEqual({
    code: 'wrong-version',
    message: 'protocol versions 7 to 9 offered, 1 to 1 spoken here: upgrade one release at a time',
  });
});

test('a refusal of a later version has its message still', () => {
  const bytes = encodeRefusal({ code: 'stopping', message: 'x' });
  bytes[0] = 99;
  expect(decodeRefusal(bytes)).toEqual({ code: 'other', message: 'x' });
});

test('even the longest hello and refusal fit into a handshake frame', () => {
  const clientId = '\u20ac'.repeat(5000);
  const longest: Hello = { versionMin: 1, versionMax: 1, clusterId: 2 ** 53 - 1, role: 'client', clientId };
  expect(encodeHello(longest).length).toBeLessThan(HANDSHAKE_BYTES_MAX);
  expect(encodeRefusal({ code: 'other', message: clientId }).length).toBeLessThan(HANDSHAKE_BYTES_MAX);
});

test('arbitrary bytes give a value or a WireError', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(decodeHello, decodeWelcome, decodeRefusal),
      (bytes, decode) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
