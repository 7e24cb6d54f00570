import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FRAME_BYTES_MAX, FrameDecoder, FrameWriter, HANDSHAKE_BYTES_MAX, PREFACE, WireError } from './index.ts';
import { cut, joined } from './wire.fixture.ts';

const frame = fc.record({
  kind: fc.nat(255),
  // On both sides of what is copied and what is passed on by reference.
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom(2047, 2048, 70_000).map((n) => new Uint8Array(n).fill(n)),
  ),
});
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1000, 65_536)), { maxLength: 5 });

interface Seen {
  readonly kind: number;
  readonly payload: Uint8Array;
}

function open(): { decoder: FrameDecoder; seen: Seen[] } {
  const seen: Seen[] = [];
  const decoder = new FrameDecoder((kind, payload) => seen.push({ kind, payload }));
  decoder.push(PREFACE);
  decoder.established();
  return { decoder, seen };
}

test('frames come out as they went in, however the stream is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), sizes, (frames, chunkSizes) => {
      const writer = new FrameWriter();
      for (const { kind, payload } of frames) writer.simple(kind, payload);
      const { decoder, seen } = open();
      for (const chunk of cut(joined(writer.take()), chunkSizes)) decoder.push(chunk);
      expect(seen.length).toBe(frames.length);
      frames.forEach(({ kind, payload }, i) => {
        expect(seen[i]!.kind).toBe(kind);
        expect(Buffer.compare(seen[i]!.payload, payload)).toBe(0);
      });
    }),
  );
});

test('arbitrary bytes in arbitrary chunks give frames or a WireError, and hold no more than twice what was received', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), sizes, (bytes, chunkSizes) => {
      const { decoder, seen } = open();
      try {
        for (const chunk of cut(bytes, chunkSizes)) decoder.push(chunk);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
      expect(seen.reduce((sum, f) => sum + f.payload.length + 5, 0)).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 3000 },
  );
});

test('a frame that lies within a chunk is a view of it', () => {
  const { decoder, seen } = open();
  const chunk = new Uint8Array([3, 0, 0, 0, 9, 1, 2, 1, 0, 0, 0, 8]);
  decoder.push(chunk);
  expect(seen.map((f) => f.kind)).toEqual([9, 8]);
  expect(seen[0]!.payload.buffer).toBe(chunk.buffer);
});

test('before the handshake a frame is bounded far more tightly than after it', () => {
  const length = (n: number): Uint8Array => new Uint8Array([n & 255, (n >> 8) & 255, (n >> 16) & 255, n >> 24, 1]);
  const decoder = new FrameDecoder(() => {});
  decoder.push(PREFACE);
  expect(() => decoder.push(length(HANDSHAKE_BYTES_MAX + 1))).toThrow(/1025 bytes: at most 1024 are allowed here/);
  const { decoder: established } = open();
  established.push(length(FRAME_BYTES_MAX));
  expect(() => open().decoder.push(length(FRAME_BYTES_MAX + 1))).toThrow(WireError);
  expect(() => open().decoder.push(length(0))).toThrow(/no bytes/);
});

test('what the sink stops in the middle of a chunk stays stopped', () => {
  const kinds: number[] = [];
  const decoder = new FrameDecoder((kind) => {
    kinds.push(kind);
    decoder.stop();
  });
  decoder.push(joined([PREFACE, new Uint8Array([1, 0, 0, 0, 7, 1, 0, 0, 0, 8])]));
  decoder.push(new Uint8Array([1, 0, 0, 0, 9]));
  expect(kinds).toEqual([7]);
});

test.each([
  ['GET / HTTP/1.1\r\n', /looks like HTTP, which is served on another port/],
  ['PRI * HTTP/2.0\r\n', /looks like HTTP\/2/],
  ['\x16\x03\x01\x02\x00', /looks like TLS/],
  ['*1\r\n$4\r\nPING\r\n', /looks like the Redis protocol/],
  ['\x01\x02\x03', /it starts with 01 02 03/],
  ['QUORATEX', /it starts with 51/],
])('the caller of another protocol is told which one it seems to speak: %j', (text, reason) => {
  const decoder = new FrameDecoder(() => {});
  expect(() => decoder.push(new TextEncoder().encode(text))).toThrow(reason);
});
