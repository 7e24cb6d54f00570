import type { RaftMessage } from '@quorate/patterns/consensus/raft';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryEncoder, type GroupMessage, RaftFrame, readRaftMessages, WireError } from './index.ts';
import { joined, raftMessage } from './wire.fixture.ts';

const group = fc.oneof(fc.nat(3), fc.constantFrom(2 ** 32));
const pairs = fc.array(fc.record({ group, message: raftMessage }), { maxLength: 8 });

function encode(messages: readonly GroupMessage[]): Uint8Array {
  const frame = new RaftFrame(new EntryEncoder());
  for (const { group, message } of messages) frame.add(group, message);
  return joined(frame.take());
}

function decode(bytes: Uint8Array): GroupMessage[] {
  const out: GroupMessage[] = [];
  readRaftMessages(bytes, out);
  return out;
}

test('any number of messages of any groups come out of a frame as they went in', () => {
  fc.assert(
    fc.property(pairs, (messages) => {
      expect(decode(encode(messages))).toEqual(messages);
    }),
  );
});

test('a frame has one encoding: what a mutated frame decodes to encodes to the mutated frame', () => {
  fc.assert(
    fc.property(pairs, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (messages, changes) => {
      const bytes = encode(messages);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      let decoded: GroupMessage[];
      try {
        decoded = decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        return;
      }
      expect([...encode(decoded)]).toEqual([...bytes]);
    }),
    { numRuns: 3000 },
  );
});

test('arbitrary bytes give messages or a WireError, and an error leaves nothing behind', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const out: GroupMessage[] = [];
      try {
        readRaftMessages(bytes, out);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        expect(out).toEqual([]);
      }
    }),
    { numRuns: 3000 },
  );
});

test('entries are encoded once for all followers and large ones are shared, not copied', () => {
  const data = new Uint8Array(10_000).fill(7);
  const entries = [{ kind: 'data' as const, index: 5, term: 2, data }];
  const message: RaftMessage = { kind: 'append-request', term: 2, prevIndex: 4, prevTerm: 2, commit: 4, entries };
  const encoder = new EntryEncoder();
  const frames = [new RaftFrame(encoder), new RaftFrame(encoder)].map((frame) => {
    frame.add(0, message);
    frame.add(1, { kind: 'heartbeat', term: 1, commit: 1, round: 1, quiesce: false });
    return frame.take();
  });
  expect(encoder).toMatchObject({ hits: 1, misses: 1 });
  expect(frames[0]![1]).toBe(frames[1]![1]);
  expect(decode(joined(frames[1]!)).map((pair) => pair.message.kind)).toEqual(['append-request', 'heartbeat']);
});

test('decoded entries are views of the frame', () => {
  const entries = [{ kind: 'data' as const, index: 1, term: 1, data: new Uint8Array([1, 2, 3]) }];
  const bytes = encode([
    { group: 0, message: { kind: 'append-request', term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries } },
  ]);
  const message = decode(bytes)[0]!.message;
  const entry = message.kind === 'append-request' ? message.entries[0] : undefined;
  expect(entry?.kind === 'data' && entry.data.buffer).toBe(bytes.buffer);
});

test.each([
  ['an unknown kind', [0, 0x0f, 1], /message kind 15 is unknown/],
  ['an unknown flag', [0, 0x46, 1, 1], /flags 4 of message kind 6/],
  ['a count beyond the frame', [0, 0x02, 1, 0, 0, 0, 99], /99 items claimed/],
  ['a configuration whose nodes do not ascend', [0, 0x02, 1, 0, 0, 0, 1, 0x12, 2, 5, 5, 0, 0, 0], /must ascend/],
  ['a cut frame', [0, 0x06, 1], /truncated/],
])('%s is refused and the message says what was wrong', (_what, bytes, reason) => {
  expect(() => decode(new Uint8Array(bytes))).toThrow(reason);
  expect(() => decode(new Uint8Array(bytes))).toThrow(WireError);
});
