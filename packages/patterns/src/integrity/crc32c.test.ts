import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from './index.ts';

const filled = (value: (i: number) => number, length = 32) => Uint8Array.from({ length }, (_, i) => value(i));

/** One bit at a time, straight from the definition. */
function oracle(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  }
  return ~remainder >>> 0;
}

describe('published values', () => {
  // RFC 3720 B.4 prints the bytes in the order in which they go over the wire.
  const scsiRead = new Uint8Array(48);
  scsiRead.set([0x01, 0xc0]);
  scsiRead.set([0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28], 16);
  scsiRead.set([0x02], 40);
  test.each([
    ['RFC 3720 B.4: 32 bytes of zeroes', filled(() => 0), 0x8a9136aa],
    ['RFC 3720 B.4: 32 bytes of ones', filled(() => 0xff), 0x62a8ab43],
    ['RFC 3720 B.4: 32 bytes of incrementing 00..1f', filled((i) => i), 0x46dd794e],
    ['RFC 3720 B.4: 32 bytes of decrementing 1f..00', filled((i) => 31 - i), 0x113fdb5c],
    ['RFC 3720 B.4: an iSCSI SCSI Read (10) command PDU', scsiRead, 0xd9963a56],
    ['the check value of the catalogue of CRCs', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('%s', (_name, bytes, expected) => {
    expect(crc32c(0, bytes)).toBe(expected);
  });
});

test('agrees with the definition, whole and in pieces, at any alignment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
      const from = Math.min(a, b, bytes.length);
      const to = Math.min(Math.max(a, b), bytes.length);
      expect(crc32c(0, bytes, from, to)).toBe(oracle(bytes.subarray(from, to)));
      const whole = crc32c(0, bytes);
      expect(crc32c(crc32c(0, bytes, 0, from), bytes, from)).toBe(whole);
    }),
  );
});

test('any flipped bit changes the checksum', () => {
  const bytes = filled((i) => (i * 37) & 255, 67);
  const good = crc32c(0, bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(crc32c(0, bytes)).not.toBe(good);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});
