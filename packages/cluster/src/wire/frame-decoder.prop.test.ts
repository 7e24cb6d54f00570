import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FRAME_BYTES_MAX,
  FrameDecoder,
  FrameWriter,
  HANDSHAKE_BYTES_MAX,
  PREFACE,
  RecyclingMemory,
  WireError,
} from './index.ts';
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

describe('frames that span chunks', () => {
  const header = (length: number): Uint8Array => new Uint8Array([length & 255, length >> 8, 0, 0, 7]);
  const half = (n: number): Uint8Array => new Uint8Array(500).fill(n);

  test('come into the same buffer again once their sink has released them', () => {
    const memory = new RecyclingMemory();
    const seen: Uint8Array[] = [];
    const copies: Uint8Array[] = [];
    const decoder = new FrameDecoder((_kind, payload) => {
      seen.push(payload);
      copies.push(payload.slice());
      decoder.release(payload);
    });
    decoder.push(PREFACE);
    decoder.established(FRAME_BYTES_MAX, memory);
    for (const n of [1, 2]) for (const piece of [header(1001), half(n), half(n + 10)]) decoder.push(piece);
    // A shorter one fits in, too.
    for (const piece of [header(601), half(3), half(13).subarray(400)]) decoder.push(piece);
    expect(seen.map(({ buffer }) => buffer === seen[0]!.buffer)).toEqual([true, true, true]);
    expect(copies.map((copy) => [copy.length, copy[0], copy.at(-1)])).toEqual([
      [1000, 1, 11],
      [1000, 2, 12],
      [600, 3, 13],
    ]);
  });

  test('have buffers of their own when they are not released, or only later', () => {
    const memory = new RecyclingMemory();
    const seen: Uint8Array[] = [];
    const decoder = new FrameDecoder((_kind, payload) => seen.push(payload));
    decoder.push(PREFACE);
    decoder.established(FRAME_BYTES_MAX, memory);
    for (const n of [1, 2]) {
      for (const piece of [header(1001), half(n), half(n)]) decoder.push(piece);
      decoder.release(seen.at(-1)!);
    }
    expect(seen[0]!.buffer).not.toBe(seen[1]!.buffer);
    expect(seen.map((payload) => payload[0])).toEqual([1, 2]);
  });

  test('of one connection may be in buffers that another has released, but never at the same time', () => {
    const memory = new RecyclingMemory();
    const open = (): { decoder: FrameDecoder; seen: number[][] } => {
      const seen: number[][] = [];
      const decoder = new FrameDecoder((_kind, payload) => {
        seen.push([payload[0]!, payload.at(-1)!]);
        decoder.release(payload);
      });
      decoder.push(PREFACE);
      decoder.established(FRAME_BYTES_MAX, memory);
      return { decoder, seen };
    };
    const [a, b] = [open(), open()];
    for (const n of [1, 2, 3]) {
      for (const piece of [header(1001), half(n)]) a.decoder.push(piece);
      for (const piece of [header(1001), half(n + 50), half(n + 60)]) b.decoder.push(piece);
      a.decoder.push(half(n + 10));
    }
    expect([a.seen, b.seen]).toEqual([
      [
        [1, 11],
        [2, 12],
        [3, 13],
      ],
      [
        [51, 61],
        [52, 62],
        [53, 63],
      ],
    ]);
  });

  test('a buffer that is too large to be kept is let go', () => {
    const memory = new RecyclingMemory();
    memory.give(new Uint8Array(1024 * 1024 + 1));
    expect(memory.take(10).length).toBe(10);
    for (let n = 0; n < 20; n++) memory.give(new Uint8Array(1024 * 1024));
    const kept = Array.from({ length: 20 }, () => memory.take(10)).filter(({ length }) => length > 10);
    expect(kept.length).toBe(8);
  });
});
