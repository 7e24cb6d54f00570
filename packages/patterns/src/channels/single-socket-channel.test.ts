import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameError, FrameReader, FrameWriter } from './frames.ts';
import {
  AnsweringChannel,
  type AnsweringEffect,
  AskingChannel,
  type AskingEffect,
  type UnansweredRequest,
} from './single-socket-channel.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

function requestsOf(channel: AnsweringChannel, chunk: Uint8Array | undefined): UnansweredRequest[] {
  const out: AnsweringEffect[] = [];
  if (chunk !== undefined) channel.receive(chunk, out);
  return out.map((effect) => {
    if (effect.kind === 'broken') throw new Error(effect.why);
    return effect.request;
  });
}

function answersOf(channel: AskingChannel<string>, chunk: Uint8Array | undefined): string[] {
  const out: AskingEffect<string>[] = [];
  if (chunk !== undefined) channel.receive(chunk, out);
  return out.map((effect) => (effect.kind === 'answered' ? `${effect.tag}=${text(effect.payload)}` : effect.kind));
}

describe('frames', () => {
  test('are length, id and payload, big-endian', () => {
    const writer = new FrameWriter();
    writer.add(0x01020304, bytes('hi'));
    expect([...writer.take()!]).toEqual([0, 0, 0, 6, 1, 2, 3, 4, 104, 105]);
    expect(writer.take()).toBeUndefined();
  });

  test('come out as they went in, however the stream is cut', () => {
    const payload = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.nat(0xffff_ffff), payload }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
        (frames, cuts) => {
          const writer = new FrameWriter(8);
          for (const frame of frames) writer.add(frame.id, frame.payload);
          const stream = writer.take() ?? new Uint8Array(0);
          const reader = new FrameReader(20);
          const found: { id: number; payload: Uint8Array }[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            reader.read(stream.slice(at, end), (id, one) => found.push({ id, payload: one.slice() }));
            at = end;
          }
          expect(found).toEqual(frames.map((frame) => ({ id: frame.id, payload: new Uint8Array(frame.payload) })));
          expect(reader.isBetweenFrames).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('that are longer than may be, or too short to have an id, are refused before anything is allocated for them', () => {
    const read = (...header: number[]): void => new FrameReader(100).read(new Uint8Array(header), () => {});
    expect(() => read(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)).toThrow(FrameError);
    expect(() => read(0, 0, 0, 105, 0, 0, 0, 0)).toThrow('expected 4 to 104');
    expect(() => read(0, 0, 0, 3, 0, 0, 0, 0)).toThrow(FrameError);
    expect(() => read(0, 0, 0, 104, 0, 0, 0, 0)).not.toThrow();
  });
});

describe('a single-socket channel', () => {
  test('sends all requests of a turn in one chunk, in order, and gives each its answer', () => {
    const [asking, answering] = [new AskingChannel<string>(), new AnsweringChannel()];
    for (const name of ['a', 'b', 'c']) asking.ask(name, bytes(name));
    const out: AnsweringEffect[] = [];
    answering.receive(asking.flush()!, out);
    expect(asking.flush()).toBeUndefined();
    for (const effect of out)
      if (effect.kind === 'request') answering.answer(effect.request, bytes(text(effect.payload).toUpperCase()));
    expect(answersOf(asking, answering.flush())).toEqual(['a=A', 'b=B', 'c=C']);
    expect([asking.inFlight, answering.unanswered]).toEqual([0, 0]);
  });

  test('answers leave in the order of their requests, though they are ready in another', () => {
    const [asking, answering] = [new AskingChannel<string>(), new AnsweringChannel()];
    for (const name of ['a', 'b', 'c']) asking.ask(name, bytes(name));
    const [a, b, c] = requestsOf(answering, asking.flush());
    answering.answer(c!, bytes('3'));
    answering.answer(b!, bytes('2'));
    expect(answering.flush()).toBeUndefined();
    expect(answering.unanswered).toBe(3);
    answering.answer(a!, bytes('1'));
    expect(answersOf(asking, answering.flush())).toEqual(['a=1', 'b=2', 'c=3']);
    expect(() => answering.answer(a!, bytes('1'))).toThrow('answered once');
  });

  test('as-ready lets a fast answer pass a slow one, and ids still tell them apart', () => {
    const [asking, answering] = [new AskingChannel<string>(), new AnsweringChannel({ order: 'as-ready' })];
    for (const name of ['a', 'b']) asking.ask(name, bytes(name));
    const [a, b] = requestsOf(answering, asking.flush());
    answering.answer(b!, bytes('2'));
    expect(answersOf(asking, answering.flush())).toEqual(['b=2']);
    expect(answering.unanswered).toBe(1);
    answering.answer(a!, bytes('1'));
    expect(answersOf(asking, answering.flush())).toEqual(['a=1']);
  });

  test('sends no more than its window, and asks the peer to be paused past the answers it may owe', () => {
    const [asking, answering] = [
      new AskingChannel<string>({ windowMax: 2, queuedMax: 3 }),
      new AnsweringChannel({ unansweredMax: 2 }),
    ];
    const taken = ['a', 'b', 'c', 'd'].map((name) => asking.ask(name, bytes(name)));
    expect(taken).toEqual([true, true, true, false]);
    const [a] = requestsOf(answering, asking.flush());
    expect([asking.inFlight, asking.queued, answering.isCongested]).toEqual([2, 1, true]);
    answering.answer(a!, bytes('1'));
    expect(answering.isCongested).toBe(false);
    answersOf(asking, answering.flush());
    expect(requestsOf(answering, asking.flush())).toHaveLength(1);
  });

  test('when the connection breaks, what was sent is unknown and what was not has no effect', () => {
    const asking = new AskingChannel<string>({ windowMax: 1 });
    asking.ask('sent', bytes('x'));
    asking.ask('unsent', bytes('y'));
    asking.flush();
    const out: AskingEffect<string>[] = [];
    asking.closed(out);
    asking.closed(out);
    expect(out).toEqual([
      { kind: 'lost', tag: 'sent', outcome: 'unknown' },
      { kind: 'lost', tag: 'unsent', outcome: 'not-applied' },
    ]);
    expect(asking.ask('late', bytes('z'))).toBe(false);
  });

  test('an answer to nothing, or bytes that are no frame, break it, and end every request', () => {
    const asking = new AskingChannel<string>();
    asking.ask('a', bytes('x'));
    asking.flush();
    const stray = new FrameWriter();
    stray.add(77, bytes('?'));
    expect(answersOf(asking, stray.take())).toEqual(['broken', 'lost']);
    const answering = new AnsweringChannel();
    const out: AnsweringEffect[] = [];
    answering.receive(new Uint8Array(8), out);
    answering.receive(new Uint8Array(8), out);
    expect(out).toMatchObject([{ kind: 'broken' }]);
  });
});

test('an answer that the other side would refuse is refused here, and costs no other request its answer', () => {
  const asking = new AskingChannel<string>({ payloadMaxBytes: 4 });
  const answering = new AnsweringChannel({ payloadMaxBytes: 4 });
  asking.ask('a', bytes('hi'));
  const [request] = requestsOf(answering, asking.flush());
  expect(() => answering.answer(request!, bytes('too long'))).toThrow('an answer of 8 bytes, at most 4 may be');
  answering.answer(request!, bytes('fits'));
  expect(answersOf(asking, answering.flush())).toEqual(['a=fits']);
  expect(() => new FrameReader(Number.NaN)).toThrow(/payloadMaxBytes must be >= 0, not NaN/);
});
