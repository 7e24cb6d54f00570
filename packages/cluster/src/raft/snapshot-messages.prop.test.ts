import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WireError } from '../wire/index.ts';
import { configuration } from '../wire/wire.fixture.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotReply,
  type SnapshotRequest,
} from './snapshot-messages.ts';

const number = fc.oneof(fc.nat(3), fc.maxSafeNat());
const request: fc.Arbitrary<SnapshotRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('offer' as const),
    group: number,
    term: number,
    mark: fc.record({ index: number, term: number, configuration }),
    sizeBytes: number,
  }),
  fc.record({
    kind: fc.constant('chunk' as const),
    group: number,
    index: number,
    position: number,
    bytes: fc.uint8Array(),
  }),
  fc.record({ kind: fc.constant('finish' as const), group: number, index: number }),
);
const reply: fc.Arbitrary<SnapshotReply> = fc.oneof(
  fc.record({ kind: fc.constant('continue' as const), position: number }),
  fc.constant({ kind: 'done' as const }),
  fc.record({ kind: fc.constant('rejected' as const), reason: fc.string({ maxLength: 100 }) }),
);

test('requests and replies are read as they were written', () => {
  fc.assert(
    fc.property(request, reply, (asked, answered) => {
      expect(decodeSnapshotRequest(encodeSnapshotRequest(asked))).toEqual(asked);
      expect(decodeSnapshotReply(encodeSnapshotReply(answered))).toEqual(answered);
    }),
  );
});

test('arbitrary bytes give a value or a WireError', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(decodeSnapshotRequest, decodeSnapshotReply),
      (bytes, decode) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
