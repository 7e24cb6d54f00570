/** Random requests and answers, from domains so small that keys collide. */
import fc from 'fast-check';
import { CoreError } from '../errors.ts';
import type { Compare, KeyValue, TxnOperation, TxnRequest, WatchMessage } from '../requests.ts';
import type { Command, Response, SessionHeader } from './index.ts';
import { alarmActions, alarmKinds, compareResults, errorCodes, outcomes, sortOrders, sortTargets } from './kinds.ts';

const text = new TextEncoder();
export const key: fc.Arbitrary<Uint8Array> = fc
  .constantFrom('a', 'b', 'ba', 'bb', 'c', '\u0000', 'zz')
  .map((k) => text.encode(k));
export const rangeEnd: fc.Arbitrary<Uint8Array | undefined> = fc
  .constantFrom<(string | undefined)[]>(undefined, 'b', 'c', '\u0000', 'zz')
  .map((k) => (k === undefined ? undefined : text.encode(k)));
export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 });
export const uint: fc.Arbitrary<number> = fc.oneof(
  fc.nat(200),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
);
export const int: fc.Arbitrary<number> = fc
  .oneof(fc.integer({ min: -5, max: 200 }), fc.maxSafeInteger())
  .map((n) => (n === 0 ? 0 : n));
const flag = fc.boolean();
const name = fc.string({ unit: 'grapheme', maxLength: 20 });

export const put: fc.Arbitrary<TxnOperation & { kind: 'put' }> = fc.record({
  kind: fc.constant('put' as const),
  key,
  value: bytes,
  lease: uint,
  prevKv: flag,
  ignoreValue: flag,
  ignoreLease: flag,
});
export const range: fc.Arbitrary<TxnOperation & { kind: 'range' }> = fc.record({
  kind: fc.constant('range' as const),
  key,
  rangeEnd,
  limit: int,
  revision: int,
  sortOrder: fc.constantFrom(...sortOrders),
  sortTarget: fc.constantFrom(...sortTargets),
  keysOnly: flag,
  countOnly: flag,
  minModRevision: int,
  maxModRevision: int,
  minCreateRevision: int,
  maxCreateRevision: int,
});
export const deleteRange: fc.Arbitrary<TxnOperation & { kind: 'delete-range' }> = fc.record({
  kind: fc.constant('delete-range' as const),
  key,
  rangeEnd,
  prevKv: flag,
});
export const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    key,
    rangeEnd,
    result: fc.constantFrom(...compareResults),
    target: fc.constant('value' as const),
    operand: bytes,
  }),
  fc.record({
    key,
    rangeEnd,
    result: fc.constantFrom(...compareResults),
    target: fc.constantFrom('version' as const, 'create' as const, 'mod' as const, 'lease' as const),
    operand: int,
  }),
);
export const txn: fc.Arbitrary<TxnRequest> = fc.letrec<{ txn: TxnRequest; operations: TxnOperation[] }>((tie) => ({
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(compare, { maxLength: 2 }),
    success: tie('operations'),
    failure: tie('operations'),
  }),
  operations: fc.array(fc.oneof({ maxDepth: 3, depthIdentifier: 'txn' }, put, range, deleteRange, tie('txn')), {
    maxLength: 3,
    depthIdentifier: 'txn',
  }),
})).txn;
const memberRecord = fc.record({ id: uint, name, peerAddress: name, clientUrls: fc.array(name, { maxLength: 3 }) });
const alarm = fc.record({ alarm: fc.constantFrom(...alarmKinds), memberId: uint });

export const command: fc.Arbitrary<Command> = fc.oneof(
  put,
  deleteRange,
  txn,
  fc.record({ kind: fc.constant('compact' as const), revision: int }),
  fc.record({ kind: fc.constant('lease-grant' as const), id: uint, ttlSeconds: int }),
  fc.record({ kind: fc.constant('lease-revoke' as const), id: uint, leaderTerm: uint }),
  fc.record({
    kind: fc.constant('alarm' as const),
    action: fc.constantFrom(...alarmActions),
    alarm: fc.constantFrom(...alarmKinds),
    memberId: uint,
  }),
  fc.record({ kind: fc.constant('member-put' as const), member: memberRecord }),
  fc.record({ kind: fc.constant('member-remove' as const), id: uint }),
  fc.record({ kind: fc.constant('session-open' as const) }),
  fc.record({ kind: fc.constant('session-close' as const), session: uint }),
  fc.record({ kind: fc.constant('lease-epoch' as const), term: uint }),
);
export const header: fc.Arbitrary<SessionHeader | undefined> = fc.option(
  fc.record({ session: uint, sequence: uint, acknowledgedBelow: uint }),
  { nil: undefined },
);

const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key,
  value: bytes,
  createRevision: uint,
  modRevision: uint,
  version: uint,
  lease: uint,
});
const prevKv = fc.option(keyValue, { nil: undefined });
const kvs = fc.array(keyValue, { maxLength: 3 });
const keyResponse = fc.letrec<{ any: Response & { kind: 'put' | 'range' | 'delete-range' | 'txn' } }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant('put' as const), revision: uint, prevKv }),
    fc.record({ kind: fc.constant('range' as const), revision: uint, kvs, more: flag, count: uint }),
    fc.record({ kind: fc.constant('delete-range' as const), revision: uint, deleted: uint, prevKvs: kvs }),
    fc.record({
      kind: fc.constant('txn' as const),
      revision: uint,
      succeeded: flag,
      responses: fc.array(tie('any'), { maxLength: 3 }),
    }),
  ),
})).any;
export const response: fc.Arbitrary<Response | CoreError> = fc.oneof(
  keyResponse,
  fc.record({ kind: fc.constant('compact' as const), revision: uint }),
  fc.record({ kind: fc.constant('lease-grant' as const), revision: uint, id: uint, ttlSeconds: uint }),
  fc.record({ kind: fc.constant('lease-revoke' as const), revision: uint }),
  fc.record({ kind: fc.constant('alarm' as const), revision: uint, alarms: fc.array(alarm, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('member' as const),
    revision: uint,
    members: fc.array(memberRecord, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('session' as const), revision: uint, session: uint }),
  fc.record({ kind: fc.constant('lease-epoch' as const), revision: uint, term: uint }),
  fc
    .record({
      code: fc.constantFrom(...errorCodes),
      message: name,
      retryable: flag,
      outcome: fc.constantFrom(...outcomes),
    })
    .map((e) => new CoreError(e.code, e.message, e)),
);

export const watchRequest = fc.record({
  key,
  rangeEnd,
  startRevision: int,
  prevKv: flag,
  withoutPuts: flag,
  withoutDeletes: flag,
});
const EMPTY = new Uint8Array(0);
export const watchMessage: fc.Arbitrary<WatchMessage> = fc.oneof(
  fc.record({ kind: fc.constant('created' as const), revision: uint }),
  fc.record({
    kind: fc.constant('events' as const),
    revision: uint,
    events: fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('put' as const), kv: keyValue, prevKv }),
        fc.record({
          type: fc.constant('delete' as const),
          kv: fc.record({
            key,
            value: fc.constant(EMPTY),
            createRevision: fc.constant(0),
            modRevision: uint,
            version: fc.constant(0),
            lease: fc.constant(0),
          }),
          prevKv,
        }),
      ),
      { maxLength: 4 },
    ),
  }),
  fc.record({ kind: fc.constant('progress' as const), revision: uint }),
  fc.record({
    kind: fc.constant('canceled' as const),
    revision: uint,
    reason: name,
    compactRevision: fc.option(uint, { nil: undefined }),
  }),
);
export const leaseStatus = fc.record({
  id: uint,
  grantedSeconds: int,
  remainingSeconds: int,
  keys: fc.array(bytes, { maxLength: 3 }),
});
export const memberStatus = fc.record({
  id: uint,
  name,
  peerAddress: name,
  clientUrls: fc.array(name, { maxLength: 3 }),
  isLearner: flag,
});
