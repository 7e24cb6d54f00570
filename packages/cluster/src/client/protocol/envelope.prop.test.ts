import { ByteReader, ByteWriter } from '@quorate/patterns/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoreError } from '../../core/errors.ts';
import { FrameDecoder, PREFACE, WireError } from '../../wire/index.ts';
import { ItemWriter, readItems } from './envelope.ts';
import { readFailure, writeFailure } from './failures.ts';

interface Item {
  readonly id: number;
  readonly code: number;
  readonly body: Uint8Array;
}

const item = fc.record({
  id: fc.nat(2 ** 32 - 1),
  code: fc.nat(255),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.integer({ min: 0, max: 200_000 }).map((n) => new Uint8Array(n)),
  ),
});

/** Long bodies are all zeros, and told by their length. */
const shown = ({ id, code, body }: Item): string => `${id} ${code} ${body.length > 30 ? body.length : body.join()}`;

/** Gathers what `readItems` finds. */
class Sink {
  readonly items: Item[] = [];
  item(id: number, code: number, payload: Uint8Array, start: number, end: number): void {
    this.items.push({ id, code, body: payload.slice(start, end) });
  }
}

test('items that were written come out of the frames as they went in, canceled ones not', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(item, fc.boolean()), { maxLength: 12 }), (written) => {
      const writer = new ItemWriter(new ByteWriter(), 64);
      for (const [{ id, code, body }, canceled] of written) {
        writer.begin(id, code).raw(body);
        if (canceled) writer.cancel();
        else writer.end();
      }
      const sink = new Sink();
      const frames: number[] = [];
      const decoder = new FrameDecoder((kind, payload) => {
        frames.push(kind);
        readItems(payload, sink);
      });
      decoder.established();
      decoder.push(PREFACE);
      decoder.push(writer.take());
      expect(sink.items.map(shown)).toEqual(written.filter(([, canceled]) => !canceled).map(([kept]) => shown(kept)));
      expect(frames.every((kind) => kind === 64)).toBe(true);
    }),
  );
});

test('whatever the bytes of a frame, they are items or a WireError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
      const sink = new Sink();
      try {
        readItems(payload, sink);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
      const bytes = sink.items.reduce((sum, { body }) => sum + body.length + 9, 0);
      expect(bytes).toBeLessThanOrEqual(payload.length);
    }),
    { numRuns: 2000 },
  );
});

test('a refusal keeps its code, its outcome and the way to the leader', () => {
  const writer = new ByteWriter();
  const error = new CoreError('not-leader', 'ask another', { retryable: true, outcome: 'unknown' });
  writeFailure(writer, error, { host: '::1', port: 7410 });
  writeFailure(writer, error);
  const reader = new ByteReader(writer.take());
  expect(readFailure(reader)).toMatchObject({
    error: { code: 'not-leader', message: 'ask another', retryable: true, outcome: 'unknown' },
    leader: { host: '::1', port: 7410 },
  });
  expect(readFailure(reader).leader).toBeUndefined();
});
