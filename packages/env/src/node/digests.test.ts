import { createHash } from 'node:crypto';
import * as own from '@quorate/patterns/integrity';
import { describe, expect, test } from 'vitest';
import { MD5, nodeDigest, SHA1, SHA256 } from './digests.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.each([
  ['the platform’s', { MD5, SHA1, SHA256 }],
  ['our own', own],
])('%s digests', (_whose, digests) => {
  const twoBlocks = text('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq');
  const million = text('a'.repeat(1_000_000));

  test.each([
    ['RFC 1321 A.5: nothing', digests.MD5, text(''), 'd41d8cd98f00b204e9800998ecf8427e'],
    ['RFC 1321 A.5: abc', digests.MD5, text('abc'), '900150983cd24fb0d6963f7d28e17f72'],
    ['RFC 3174 7.3: two blocks', digests.SHA1, twoBlocks, '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
    ['RFC 3174 7.3: a million a', digests.SHA1, million, '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
    [
      'RFC 6234 8.5: two blocks',
      digests.SHA256,
      twoBlocks,
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'RFC 6234 8.5: a million a',
      digests.SHA256,
      million,
      'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
    ],
  ])('%s', (_name, digest, input, expected) => {
    expect(hex(digest.of(input))).toBe(expected);
    expect(digest.sizeBytes).toBe(expected.length / 2);
  });

  test('are plain byte arrays of their own, from any place in a buffer', () => {
    const buffer = Uint8Array.from({ length: 300 }, (_, i) => (i * 167) & 255);
    for (const digest of [digests.MD5, digests.SHA1, digests.SHA256])
      for (let length = 0; length <= 195; length++) {
        const bytes = buffer.subarray(length & 7, (length & 7) + length);
        const made = digest.of(bytes);
        expect(hex(made)).toBe(createHash(digest.name).update(bytes).digest('hex'));
        expect([made.constructor, made.byteLength]).toEqual([Uint8Array, made.buffer.byteLength]);
      }
  });

  test('say the same of what they guard against', () => {
    expect([digests.MD5, digests.SHA1, digests.SHA256].map(({ name, guardsAgainst }) => [name, guardsAgainst])).toEqual(
      [
        ['md5', 'errors'],
        ['sha1', 'errors'],
        ['sha256', 'adversaries'],
      ],
    );
  });
});

test('a digest that Node.js does not give is our own; one that it gives wrongly is an error', () => {
  const refusing = (): string => {
    throw new Error('digital envelope routines::unsupported');
  };
  expect(nodeDigest(own.MD5, refusing)).toBe(own.MD5);
  expect(nodeDigest(own.MD5)).not.toBe(own.MD5);
  expect(() => nodeDigest(own.MD5, () => 'x'.repeat(16))).toThrow('must be md5');
});
