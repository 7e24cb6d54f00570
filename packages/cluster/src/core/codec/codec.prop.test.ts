import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoreError } from '../errors.ts';
import * as any from './arbitraries.fixture.ts';
import {
  decodeCommand,
  decodeResponse,
  decodeWatchMessage,
  encodeBatch,
  encodeCommand,
  encodeResponse,
  encodeWatchMessage,
  readLeaseStatus,
  readMemberStatus,
  readRange,
  readWatchRequest,
  writeLeaseStatus,
  writeMemberStatus,
  writeRange,
  writeWatchRequest,
} from './index.ts';

/** What a codec must keep; flags that are false, empty optional fields and absent ones are the same thing. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, v) => {
      if (v instanceof Uint8Array) return [...v].join(',');
      if (v instanceof Error) return { ...v, message: v.message };
      return v;
    }),
  );
}

function throughWriter<T>(write: (w: ByteWriter, v: T) => void, read: (r: ByteReader) => T, value: T): T {
  const writer = new ByteWriter();
  write(writer, value);
  const reader = new ByteReader(writer.take());
  const result = read(reader);
  reader.expectEnd();
  return result;
}

describe('what is written is read back', () => {
  test('commands with and without a session', () => {
    fc.assert(
      fc.property(any.command, any.header, (command, header) => {
        expect(plain(decodeCommand(encodeCommand(command, header)))).toEqual(plain({ header, command }));
      }),
      { numRuns: 1000 },
    );
  });
  test('answers and errors', () => {
    fc.assert(
      fc.property(any.response, (response) => {
        const read = decodeResponse(encodeResponse(response));
        expect(plain(read)).toEqual(plain(response));
        expect(read instanceof CoreError).toBe(response instanceof CoreError);
      }),
      { numRuns: 1000 },
    );
  });
  test('ranges, watches and statuses', () => {
    fc.assert(
      fc.property(
        any.range,
        any.watchRequest,
        any.watchMessage,
        any.leaseStatus,
        any.memberStatus,
        (range, watch, message, lease, member) => {
          expect(plain(throughWriter(writeRange, readRange, range))).toEqual(plain(range));
          expect(plain(throughWriter(writeWatchRequest, readWatchRequest, watch))).toEqual(plain(watch));
          expect(plain(decodeWatchMessage(encodeWatchMessage(message)))).toEqual(plain(message));
          expect(plain(throughWriter(writeLeaseStatus, readLeaseStatus, lease))).toEqual(plain(lease));
          expect(plain(throughWriter(writeMemberStatus, readMemberStatus, member))).toEqual(plain(member));
        },
      ),
    );
  });
  test('a batch is its commands, each behind its length', () => {
    fc.assert(
      fc.property(fc.array(any.bytes, { maxLength: 5 }), (commands) => {
        const reader = new ByteReader(encodeBatch(commands));
        for (const command of commands) expect([...reader.bytes()]).toEqual([...command]);
        reader.expectEnd();
      }),
    );
  });
});

describe('whatever the bytes, decoding gives a value or an invalid-request error', () => {
  const mutations = fc.array(fc.record({ at: fc.nat(10_000), byte: fc.nat(255) }), { minLength: 0, maxLength: 4 });
  const mutate = (bytes: Uint8Array, changes: { at: number; byte: number }[], cut: number): Uint8Array => {
    const copy = bytes.slice(0, Math.max(0, bytes.length - cut));
    for (const { at, byte } of changes) if (copy.length > 0) copy[at % copy.length] = byte;
    return copy;
  };
  const total = (decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void => {
    try {
      decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(CoreError);
      expect((error as CoreError).code).toBe('invalid-request');
    }
  };
  test('commands', () => {
    fc.assert(
      fc.property(any.command, any.header, mutations, fc.nat(3), (command, header, changes, cut) =>
        total(decodeCommand, mutate(encodeCommand(command, header), changes, cut)),
      ),
      { numRuns: 3000 },
    );
  });
  test('answers', () => {
    fc.assert(
      fc.property(any.response, mutations, fc.nat(3), (response, changes, cut) =>
        total(decodeResponse, mutate(encodeResponse(response), changes, cut)),
      ),
      { numRuns: 3000 },
    );
  });
  test('watch messages', () => {
    fc.assert(
      fc.property(any.watchMessage, mutations, fc.nat(3), (message, changes, cut) =>
        total(decodeWatchMessage, mutate(encodeWatchMessage(message), changes, cut)),
      ),
      { numRuns: 2000 },
    );
  });
  test('arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of [decodeCommand, decodeResponse, decodeWatchMessage]) total(decode, bytes);
        for (const read of [readRange, readWatchRequest, readLeaseStatus, readMemberStatus]) {
          try {
            read(new ByteReader(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(BytesError);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test('a transaction nested deeper than the limit on operations allows is refused, not a stack overflow', () => {
  const levels = 200_000;
  const bytes = new Uint8Array(1 + levels * 3);
  for (let i = 0; i < levels; i++) bytes.set([3, 0, 1], i * 3);
  expect(() => decodeCommand(bytes)).toThrow(/nested too deeply/);
});

test('a flag of a newer release is refused rather than ignored', () => {
  const put = encodeCommand({ kind: 'put', key: new Uint8Array([97]), value: new Uint8Array([98]) });
  put[1] = 0x40;
  expect(() => decodeCommand(put)).toThrow(/flags 64 are not all known/);
});
