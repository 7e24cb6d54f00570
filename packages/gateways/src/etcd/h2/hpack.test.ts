import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import { type HeaderList, HpackDecoder } from './hpack-decoder.ts';
import { type HeaderSet, HpackEncoder } from './hpack-encoder.ts';
import { ConnectionError, FrameType, PREFACE } from './protocol.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('RFC 7541, appendix C', () => {
  test('C.4: requests with Huffman codes, on one table', () => {
    const decoder = new HpackDecoder();
    const common = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'];
    expect(decoder.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual(common);
    expect(decoder.decode(hex('8286 84be 5886 a8eb 1064 9cbf'))).toEqual([...common, 'cache-control', 'no-cache']);
    expect(decoder.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
      ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
      ...['custom-key', 'custom-value'],
    ]);
  });

  test('C.5: responses with a table of 256 bytes, where entries are evicted', () => {
    const decoder = new HpackDecoder();
    const first = decoder.decode(
      hex(
        `3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133
         3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`.replaceAll('\n', ''),
      ),
    );
    const rest = [
      'cache-control',
      'private',
      'date',
      'Mon, 21 Oct 2013 20:13:21 GMT',
      'location',
      'https://www.example.com',
    ];
    expect(first).toEqual([':status', '302', ...rest]);
    expect(decoder.decode(hex('4803 3330 37c1 c0bf'))).toEqual([':status', '307', ...rest]);
    // `:status 302` has gone to make room for `:status 307`, so index 65 is now `cache-control`.
    expect(decoder.decode(hex('c1'))).toEqual(['cache-control', 'private']);
    expect(() => decoder.decode(hex('c2'))).toThrow(/index 66 is beyond the table/);
  });
});

/** The header blocks that Node's own client (nghttp2) sends for the given requests. */
async function blocksOfNode(requests: readonly http2.OutgoingHttpHeaders[]): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  const reader = new FrameReader((type, _flags, _id, buffer, start, end) => {
    if (type === FrameType.headers) blocks.push(Buffer.from(buffer.subarray(start, end)));
  });
  let skipped = 0;
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const skip = Math.min(PREFACE.length - skipped, chunk.length);
      skipped += skip;
      if (skip < chunk.length) reader.push(chunk.subarray(skip));
      done();
    },
  });
  const session = http2.connect('http://localhost', { createConnection: () => socket });
  session.on('error', () => {});
  for (const request of requests) session.request(request, { endStream: true }).on('error', () => {});
  while (blocks.length < requests.length) await new Promise((resolve) => setImmediate(resolve));
  session.destroy();
  return blocks;
}

test("the decoder reads what Node's encoder writes, for every byte a value may have", async () => {
  const characters = Array.from({ length: 223 }, (_, i) => String.fromCharCode(i + 33)).filter((c) => c !== '\x7f');
  const everything = characters.join('');
  const requests = [
    { ':path': '/a', 'x-all': everything, 'x-again': everything },
    { ':path': '/a', 'x-all': everything, 'grpc-timeout': '4999m' },
    { ':path': '/b', 'x-long': 'xyz'.repeat(400), 'grpc-timeout': '4998m' },
    ...Array.from({ length: 80 }, (_, i) => ({ ':path': `/${i}`, 'x-number': `${i * 7919}`, 'x-all': everything })),
  ];
  const decoder = new HpackDecoder();
  const decoded = (await blocksOfNode(requests)).map((block) => decoder.decode(block));
  decoded.forEach((headers, i) => {
    for (const [name, value] of Object.entries(requests[i]!)) {
      expect(headers[headers.indexOf(name) + 1]).toBe(value);
    }
  });
});

describe('the encoder', () => {
  const OK: HeaderSet = { fields: [':status', '200', 'content-type', 'application/grpc'] };
  const TRAILERS: HeaderSet = { fields: ['grpc-status', '0'] };

  test('sends a repeated set as one byte per field', () => {
    const encoder = new HpackEncoder();
    expect(encoder.encode(OK).length).toBeGreaterThan(15);
    encoder.encode(TRAILERS);
    expect([encoder.encode(OK).toString('hex'), encoder.encode(TRAILERS).toString('hex')]).toEqual(['88bf', 'be']);
  });

  test('announces a smaller table before it uses it, and keeps to it', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    decoder.decode(encoder.encode(OK));
    encoder.limit(0);
    const block = encoder.encode(OK);
    expect(block[0]).toBe(0x20);
    expect(decoder.decode(block)).toEqual(OK.fields);
    expect(decoder.decode(encoder.encode(OK))).toEqual(OK.fields);
    expect(encoder.encode(OK).length).toBeGreaterThan(15);
  });

  test('whatever it sends, a decoder on the same connection reads', () => {
    const name = fc.constantFrom(':status', 'content-type', 'x', 'y-long-name', 'grpc-status');
    const value = fc.oneof(
      fc.constantFrom('200', 'application/grpc', '', '0'),
      fc.string({ maxLength: 300, unit: 'binary-ascii' }),
    );
    const list = fc.array(fc.tuple(name, value), { maxLength: 4 }).map((pairs): HeaderList => pairs.flat());
    const sets = fc.array(list, { minLength: 1, maxLength: 12 });
    const step = fc.oneof(
      fc.record({ set: fc.nat(), more: list }),
      fc.record({ limit: fc.constantFrom(0, 64, 200, 4096, 65536) }),
    );
    fc.assert(
      fc.property(sets, fc.array(step, { maxLength: 40 }), (lists, steps) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder();
        const headerSets = lists.map((fields): HeaderSet => ({ fields }));
        for (const one of steps) {
          if ('limit' in one) {
            encoder.limit(one.limit);
            continue;
          }
          const set = headerSets[one.set % headerSets.length]!;
          expect(decoder.decode(encoder.encode(set, one.more))).toEqual([...set.fields, ...one.more]);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

describe('a malformed block is refused with its reason', () => {
  const cases: [string, string, RegExp][] = [
    ['index 0', '80', /index 0/],
    ['an index beyond the table', 'be', /index 62 is beyond the table/],
    ['a string longer than the block', '0005 6162', /header string of 5 bytes/],
    ['a block that ends inside a field', '00', /ends inside a field/],
    ['an integer without end', '7fffffffffffffff', /does not end or is too large/],
    ['a Huffman string that ends inside a symbol', '0081fe 00', /does not end on a symbol/],
    ['padding that is not ones', '008100 00', /does not end on a symbol/],
    ['padding of more than seven bits', '0082ffff 00', /does not end on a symbol/],
    ['a table larger than allowed', '3fe29f01', /over the 4096 bytes/],
    ['a size update after a field', '8220', /after a header field/],
  ];
  for (const [name, bytes, reason] of cases) {
    test(name, () => expect(() => new HpackDecoder().decode(hex(bytes))).toThrow(reason));
  }

  test('a few bytes that stand for too many headers', () => {
    const decoder = new HpackDecoder();
    const big = Buffer.concat([hex('400178 7fa11e'), Buffer.alloc(4000, 'v')]);
    decoder.decode(big);
    expect(() => decoder.decode(Buffer.alloc(100, 0xbe))).toThrow(/headers of more than 65536 bytes/);
  });

  test('whatever the bytes, decoding ends with headers or a ConnectionError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), (blocks) => {
        const decoder = new HpackDecoder();
        try {
          for (const block of blocks) decoder.decode(Buffer.from(block));
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionError);
        }
      }),
      { numRuns: 3000, seed: 3 },
    );
  });
});
