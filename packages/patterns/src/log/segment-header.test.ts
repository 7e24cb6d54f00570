import { expect, test } from 'vitest';
import { readSegmentHeader, writeSegmentHeader } from './index.ts';

const header = {
  segment: 12,
  salt: 0xdeadbeef,
  clusterId: 2 ** 52 + 3,
  nodeId: 5,
  baseSequence: 2 ** 40 + 1,
  previousCrc: 0xffffffff,
};

test('a segment header is read as it was written', () => {
  expect(readSegmentHeader(writeSegmentHeader(header))).toEqual({ kind: 'read', header });
});

test('any single flipped bit is healed from the second copy', () => {
  const bytes = writeSegmentHeader(header);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(readSegmentHeader(bytes)).toEqual({ kind: 'read', header });
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});

test('both copies damaged, or cut off, is damage', () => {
  const bytes = writeSegmentHeader(header);
  bytes[20]! ^= 1;
  bytes[276]! ^= 1;
  expect(readSegmentHeader(bytes)).toMatchObject({ kind: 'damaged', why: expect.stringContaining('CRC') });
  expect(readSegmentHeader(new Uint8Array(512))).toMatchObject({
    kind: 'damaged',
    why: expect.stringContaining('magic'),
  });
  expect(readSegmentHeader(bytes.subarray(0, 30))).toMatchObject({
    kind: 'damaged',
    why: expect.stringContaining('cut off'),
  });
});
