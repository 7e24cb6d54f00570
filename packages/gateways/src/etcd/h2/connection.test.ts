import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Http2Connection } from './connection.ts';
import type { HeaderList } from './hpack-decoder.ts';
import { ErrorCode, Flag, FrameType, PREFACE, Setting } from './protocol.ts';
import { encodeSettings } from './settings.ts';
import type { Http2Stream } from './stream.ts';
import { frameBytes, RawPeer } from './wire.fixture.ts';

const REQUEST: HeaderList = [':method', 'POST', ':scheme', 'http', ':path', '/x', 'content-type', 'application/grpc'];
const OK = { fields: [':status', '200'] };
const TRAILERS = { fields: ['grpc-status', '0'] };

interface Heard {
  stream: Http2Stream;
  headers: HeaderList;
  data: Buffer[];
  ended: boolean;
  reset: number | undefined;
  drained: number;
}

/** A server connection that records what it hears, and its peer. */
function serve(concurrentStreamsMax = 10): {
  peer: RawPeer;
  connection: Http2Connection;
  heard: Heard[];
  ends: unknown[];
} {
  const peer = new RawPeer();
  const heard: Heard[] = [];
  const ends: unknown[] = [];
  const connection = new Http2Connection(peer.socket, {
    role: 'server',
    concurrentStreamsMax,
    accept(stream, headers) {
      const one: Heard = { stream, headers, data: [], ended: false, reset: undefined, drained: 0 };
      heard.push(one);
      return {
        headers: (_trailers, ended) => {
          one.ended ||= ended;
        },
        data: (chunk, ended) => {
          one.data.push(Buffer.from(chunk));
          one.ended ||= ended;
        },
        reset: (code) => {
          one.reset = code;
        },
        drained: () => {
          one.drained += 1;
        },
      };
    },
    closed: (reason) => ends.push(reason),
  });
  open.push(connection);
  return { peer, connection, heard, ends };
}
const open: Http2Connection[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy();
});

describe('a server', () => {
  test('greets with its settings and acknowledges the client’s', async () => {
    const { peer } = serve();
    peer.greet();
    await peer.settle();
    const [settings, ack] = peer.of(FrameType.settings);
    expect(settings!.payload.readUInt16BE(0)).toBe(Setting.initialWindowSize);
    expect([ack!.flags, ack!.payload.length]).toEqual([Flag.ack, 0]);
  });

  test('hears a request whatever the pieces it arrives in', () => {
    const encoded = new RawPeer().encoder.encode({ fields: REQUEST });
    const bytes = Buffer.concat([
      PREFACE,
      frameBytes(FrameType.settings, 0, 0),
      frameBytes(FrameType.headers, Flag.endHeaders, 1, encoded),
      frameBytes(FrameType.data, 0, 1, Buffer.from('hello ')),
      frameBytes(FrameType.data, Flag.endStream, 1, Buffer.from('world')),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (sizes) => {
        const { connection, heard } = serve();
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          if (at < bytes.length) connection.receive(bytes.subarray(at, at + size));
          at += size;
        }
        expect(heard.map((one) => [one.headers, Buffer.concat(one.data).toString(), one.ended])).toEqual([
          [REQUEST, 'hello world', true],
        ]);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test('takes headers in continuations, with padding and priority', async () => {
    const { peer, heard } = serve();
    peer.greet();
    const block = peer.encoder.encode({ fields: REQUEST });
    const padded = Buffer.concat([Buffer.from([3]), Buffer.alloc(5), block.subarray(0, 4), Buffer.alloc(3)]);
    peer.send(FrameType.headers, Flag.padded | Flag.priority, 1, padded);
    peer.send(FrameType.continuation, 0, 1, block.subarray(4, 9));
    peer.send(FrameType.continuation, Flag.endHeaders, 1, block.subarray(9));
    peer.send(FrameType.data, Flag.padded | Flag.endStream, 1, Buffer.from([2, 0x61, 0x62, 0, 0]));
    await peer.settle();
    expect(heard[0]!.headers).toEqual(REQUEST);
    expect([Buffer.concat(heard[0]!.data).toString(), heard[0]!.ended]).toEqual(['ab', true]);
  });

  test('answers every ping with the same bytes and never complains of their number', async () => {
    const { peer } = serve();
    peer.greet();
    for (let i = 0; i < 1000; i++) peer.send(FrameType.ping, 0, 0, Buffer.from(`ping${String(i).padStart(4, '0')}`));
    await peer.settle();
    const answers = peer.of(FrameType.ping);
    expect(answers.length).toBe(1000);
    expect([answers[7]!.flags, answers[7]!.payload.toString()]).toEqual([Flag.ack, 'ping0007']);
    expect(peer.goaway).toBeUndefined();
  });

  test('ignores frames of unknown types, priorities, and answers to its own settings and pings', async () => {
    const { peer, heard } = serve();
    peer.greet();
    peer.send(0x42, 0xff, 77, Buffer.from('?'));
    peer.send(FrameType.priority, 0, 5, Buffer.alloc(5));
    peer.send(FrameType.settings, Flag.ack, 0);
    peer.send(FrameType.ping, Flag.ack, 0, Buffer.alloc(8));
    peer.request(1, REQUEST);
    await peer.settle();
    expect(heard.length).toBe(1);
  });

  test('answers before the request has ended, then says that it wants no more of it', async () => {
    const { peer, heard } = serve();
    peer.greet();
    peer.request(1, REQUEST);
    await peer.settle();
    heard[0]!.stream.end(TRAILERS);
    await peer.settle();
    const types = peer.frames.filter((frame) => frame.id === 1).map((frame) => frame.type);
    expect(types).toEqual([FrameType.headers, FrameType.rstStream]);
    expect(peer.of(FrameType.rstStream)[0]!.payload.readUInt32BE(0)).toBe(ErrorCode.none);
  });

  test('refuses streams over its limit and takes new ones when others have ended', async () => {
    const { peer, heard } = serve(2);
    peer.greet();
    for (const id of [1, 3, 5]) peer.request(id, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    expect(peer.of(FrameType.rstStream, 5)[0]!.payload.readUInt32BE(0)).toBe(ErrorCode.refusedStream);
    heard[0]!.stream.end(TRAILERS);
    peer.request(7, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    expect(heard.map((one) => one.stream.id)).toEqual([1, 3, 7]);
  });

  test('counts work that a reset left behind against the limit', async () => {
    const { peer, heard, connection } = serve(1);
    peer.greet();
    peer.request(1, REQUEST);
    peer.reset(1);
    await peer.settle();
    expect(heard[0]!.reset).toBe(ErrorCode.cancel);
    connection.countAbandoned(1);
    peer.request(3, REQUEST);
    await peer.settle();
    expect(heard.length).toBe(1);
    connection.countAbandoned(-1);
    peer.request(5, REQUEST);
    await peer.settle();
    expect(heard.length).toBe(2);
  });
});

describe('sending', () => {
  const greetWithWindow = (peer: RawPeer, bytes: number): void =>
    peer.greet(encodeSettings([[Setting.initialWindowSize, bytes]]));
  const sentOn = (peer: RawPeer, id: number): number =>
    peer.of(FrameType.data, id).reduce((sum, frame) => sum + frame.payload.length, 0);

  test('keeps to the window of the stream, then goes on from where it stopped, trailers last', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 10);
    peer.request(1, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    const { stream } = heard[0]!;
    const body = Buffer.from('0123456789abcdefghij');
    stream.headers(OK);
    stream.data(body);
    stream.end(TRAILERS);
    await peer.settle();
    expect([sentOn(peer, 1), peer.of(FrameType.headers, 1).length]).toEqual([10, 1]);
    peer.window(1, 7);
    await peer.settle();
    expect(sentOn(peer, 1)).toBe(17);
    peer.window(1, 100);
    await peer.settle();
    expect(Buffer.concat(peer.of(FrameType.data, 1).map((frame) => frame.payload))).toEqual(body);
    const last = peer.frames.at(-1)!;
    expect([last.type, last.flags & Flag.endStream]).toEqual([FrameType.headers, Flag.endStream]);
  });

  test('keeps to the window of the connection and shares it among the streams', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 1_000_000);
    for (const id of [1, 3]) peer.request(id, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    for (const { stream } of heard) stream.data(Buffer.alloc(200_000));
    await peer.settle();
    expect(sentOn(peer, 1) + sentOn(peer, 3)).toBe(65_535);
    peer.window(0, 200_000);
    await peer.settle();
    expect(sentOn(peer, 1) + sentOn(peer, 3)).toBe(265_535);
    expect(sentOn(peer, 3)).toBeGreaterThan(60_000);
  });

  test('a smaller initial window counts against streams that are open already', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 100);
    peer.request(1, REQUEST);
    await peer.settle();
    heard[0]!.stream.data(Buffer.alloc(80));
    peer.send(FrameType.settings, 0, 0, encodeSettings([[Setting.initialWindowSize, 50]]));
    await peer.settle();
    heard[0]!.stream.data(Buffer.alloc(80));
    peer.window(1, 40);
    await peer.settle();
    expect(sentOn(peer, 1)).toBe(90);
  });

  test('cuts data into frames of at most 16 KiB', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 1_000_000);
    peer.request(1, REQUEST);
    await peer.settle();
    heard[0]!.stream.data(Buffer.alloc(50_000));
    await peer.settle();
    expect(peer.of(FrameType.data).map((frame) => frame.payload.length)).toEqual([16_384, 16_384, 16_384, 848]);
  });

  test('says when a stream is congested and when it no longer is', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 1000);
    peer.request(1, REQUEST);
    await peer.settle();
    const [one] = heard;
    one!.stream.data(Buffer.alloc(60_000));
    expect(one!.stream.congested).toBe(false);
    one!.stream.data(Buffer.alloc(60_000));
    expect(one!.stream.congested).toBe(true);
    peer.window(0, 1_000_000);
    peer.window(1, 60_000);
    await peer.settle();
    expect([one!.stream.congested, one!.drained]).toEqual([true, 0]);
    peer.window(1, 60_000);
    await peer.settle();
    expect([one!.stream.congested, one!.drained]).toEqual([false, 1]);
  });

  test('holds data back while the socket takes nothing, and reads nothing more from such a client', async () => {
    const { peer, heard } = serve();
    greetWithWindow(peer, 100_000_000);
    peer.window(0, 100_000_000);
    peer.request(1, REQUEST);
    await peer.settle();
    peer.reading = false;
    for (let i = 0; i < 40; i++) heard[0]!.stream.data(Buffer.alloc(100_000));
    await peer.settle();
    expect(heard[0]!.stream.congested).toBe(true);
    peer.send(FrameType.ping, 0, 0, Buffer.alloc(8));
    await peer.settle();
    expect(peer.socket.isPaused()).toBe(true);
    peer.resume();
    await peer.settle();
    expect([sentOn(peer, 1), heard[0]!.stream.congested, peer.socket.isPaused()]).toEqual([4_000_000, false, false]);
  });
});

describe('receiving', () => {
  const given = (peer: RawPeer, id: number): number =>
    peer.of(FrameType.windowUpdate, id).reduce((sum, frame) => sum + frame.payload.readUInt32BE(0), 0);

  test('gives the windows back as data is taken', async () => {
    const { peer } = serve();
    peer.greet();
    peer.request(1, REQUEST);
    for (let i = 0; i < 64; i++) peer.data(1, Buffer.alloc(16_384));
    await peer.settle();
    expect(given(peer, 1)).toBeGreaterThanOrEqual(512 * 1024);
  });

  test('gives a held stream no more room until it is released', async () => {
    const { peer, heard } = serve();
    peer.greet();
    peer.request(1, REQUEST);
    await peer.settle();
    heard[0]!.stream.hold();
    for (let i = 0; i < 64; i++) peer.data(1, Buffer.alloc(16_384));
    await peer.settle();
    expect(given(peer, 1)).toBe(0);
    heard[0]!.stream.release();
    await peer.settle();
    expect(given(peer, 1)).toBe(1024 * 1024);
  });
});

describe('a client that breaks the protocol is told why and cut off', () => {
  const cases: [string, (peer: RawPeer) => void, number, RegExp][] = [
    ['another preface', (p) => p.raw(Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')), ErrorCode.protocol, /preface/],
    [
      'a frame before its settings',
      (p) => {
        p.raw(PREFACE);
        p.send(FrameType.ping, 0, 0, Buffer.alloc(8));
      },
      ErrorCode.protocol,
      /before the first SETTINGS/,
    ],
    [
      'a frame over the size limit',
      (p) => {
        p.greet();
        p.raw(frameBytes(FrameType.data, 0, 1, Buffer.alloc(16_385)));
      },
      ErrorCode.frameSize,
      /16385 bytes/,
    ],
    [
      'data on a stream that was never opened',
      (p) => {
        p.greet();
        p.data(9, Buffer.from('x'));
      },
      ErrorCode.protocol,
      /never opened/,
    ],
    [
      'an even stream',
      (p) => {
        p.greet();
        p.request(2, REQUEST);
      },
      ErrorCode.protocol,
      /HEADERS on stream 2/,
    ],
    [
      'a header block that another frame interrupts',
      (p) => {
        p.greet();
        p.request(1, REQUEST, 0);
        p.send(FrameType.ping, 0, 0, Buffer.alloc(8));
      },
      ErrorCode.protocol,
      /not finished/,
    ],
    [
      'header blocks without end',
      (p) => {
        p.greet();
        p.request(1, REQUEST, 0);
        for (let i = 0; i < 100; i++) p.send(FrameType.continuation, 0, 1);
      },
      ErrorCode.enhanceYourCalm,
      /header block of more than/,
    ],
    [
      'a header block that cannot be decoded',
      (p) => {
        p.greet();
        p.send(FrameType.headers, Flag.endHeaders, 1, Buffer.from([0x80]));
      },
      ErrorCode.compression,
      /index 0/,
    ],
    [
      'a window over its maximum',
      (p) => {
        p.greet();
        p.window(0, 0x7fffffff);
      },
      ErrorCode.flowControl,
      /over 2\^31/,
    ],
    [
      'padding longer than its frame',
      (p) => {
        p.greet();
        p.request(1, REQUEST);
        p.send(FrameType.data, Flag.padded, 1, Buffer.from([9, 1]));
      },
      ErrorCode.protocol,
      /padding of 9 bytes/,
    ],
    [
      'settings that do not make sense',
      (p) => p.greet(encodeSettings([[Setting.maxFrameSize, 100]])),
      ErrorCode.protocol,
      /frame size limit 100/,
    ],
  ];
  for (const [name, act, code, reason] of cases) {
    test(name, async () => {
      const { peer, ends } = serve();
      act(peer);
      await peer.settle();
      expect(peer.goaway?.code).toBe(code);
      expect(peer.goaway!.text).toMatch(reason);
      expect(ends).toEqual([expect.objectContaining({ message: expect.stringMatching(reason) })]);
      expect(peer.ended).toBe(true);
    });
  }

  test('more data than a stream’s window', async () => {
    const { peer, heard } = serve();
    peer.greet();
    peer.request(1, REQUEST);
    await peer.settle();
    heard[0]!.stream.hold();
    for (let i = 0; i < 65; i++) peer.data(1, Buffer.alloc(16_384));
    await peer.settle();
    expect(peer.goaway).toEqual({ code: ErrorCode.flowControl, text: expect.stringMatching(/more data on stream 1/) });
  });

  test('whatever the bytes after the greeting, the connection ends in order or stays open', () => {
    const frame = fc
      .tuple(
        fc.integer({ min: 0, max: 10 }),
        fc.nat(255),
        fc.constantFrom(0, 1, 2, 3, 5),
        fc.uint8Array({ maxLength: 20 }),
      )
      .map(([type, flags, id, payload]) => frameBytes(type, flags, id, payload));
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, fc.uint8Array({ maxLength: 30 })), { maxLength: 20 }), (pieces) => {
        const { connection, ends } = serve();
        connection.receive(Buffer.concat([PREFACE, frameBytes(FrameType.settings, 0, 0), ...pieces]));
        connection.destroy();
        expect(ends.length).toBe(1);
      }),
      { numRuns: 1000, seed: 9 },
    );
  });
});

describe('ending', () => {
  test('gently: no new streams, open ones end, then the socket', async () => {
    const { peer, heard, connection, ends } = serve();
    peer.greet();
    peer.request(1, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    connection.closeGently();
    peer.request(3, REQUEST, Flag.endHeaders | Flag.endStream);
    await peer.settle();
    expect(peer.goaway).toEqual({ code: ErrorCode.none, text: '' });
    expect(peer.of(FrameType.rstStream, 3)[0]!.payload.readUInt32BE(0)).toBe(ErrorCode.refusedStream);
    expect(peer.ended).toBe(false);
    heard[0]!.stream.end(TRAILERS);
    await peer.settle();
    expect([peer.of(FrameType.headers, 1).length, peer.ended, ends]).toEqual([1, true, [undefined]]);
  });

  test('the socket: streams hear of it once', async () => {
    const { peer, heard, ends } = serve();
    peer.greet();
    peer.request(1, REQUEST);
    await peer.settle();
    peer.socket.destroy(new Error('gone'));
    await peer.settle();
    expect([heard[0]!.reset, ends.length]).toEqual([ErrorCode.cancel, 1]);
    heard[0]!.stream.data(Buffer.from('too late'));
    heard[0]!.stream.end(TRAILERS);
  });
});
