/** Random requests to an etcd over a few keys, so that everything collides with everything. */
import {
  COMPACT,
  DELETE_RANGE,
  LEASE_GRANT,
  LEASE_LEASES,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
  type MethodRef,
  PUT,
  RANGE,
  TXN,
} from '@quorate/gateways/etcd/client';
import fc from 'fast-check';

/** Revisions are written relative to the present one or to the last compaction, whatever these will be. */
export type Revision = { readonly from: 'zero' | 'now' | 'compacted'; readonly offset: number };
export interface Moment {
  readonly now: number;
  readonly compacted: number;
}
export const at = ({ from, offset }: Revision, moment: Moment): number =>
  offset + (from === 'zero' ? 0 : from === 'now' ? moment.now : moment.compacted);

/** A request once the moment is known. */
export interface Operation {
  // biome-ignore lint/suspicious/noExplicitAny: operations of all methods in one list.
  readonly method: MethodRef<any, any>;
  readonly request: (moment: Moment) => object;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const key = fc
  .oneof(
    { weight: 40, arbitrary: fc.constantFrom('a', 'b', 'c', 'ab', 'd') },
    { weight: 1, arbitrary: fc.constant('') },
  )
  .map(bytes);
const rangeEnd = fc
  .oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: fc.constantFrom('b', 'c', 'ac', 'z') },
    { weight: 2, arbitrary: fc.constant('\0') },
  )
  .map(bytes);
const rangeKey = fc.oneof({ weight: 9, arbitrary: key }, { weight: 1, arbitrary: fc.constant(bytes('\0')) });
const value = fc.constantFrom('', '1', '2', '10', 'long value').map(bytes);
const lease = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(99) },
);
const rarely = fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const often = fc.boolean();
const small = fc.integer({ min: 0, max: 3 });

const revision: fc.Arbitrary<Revision> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Revision>({ from: 'zero', offset: 0 }) },
  { weight: 4, arbitrary: fc.integer({ min: -6, max: 1 }).map((offset): Revision => ({ from: 'now', offset })) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 1 }).map((offset): Revision => ({ from: 'compacted', offset })) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1, 2).map((offset): Revision => ({ from: 'zero', offset })) },
);
/** Bounds of filters: mostly none. */
const bound: fc.Arbitrary<Revision> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Revision>({ from: 'zero', offset: 0 }) },
  { weight: 1, arbitrary: fc.integer({ min: -8, max: 0 }).map((offset): Revision => ({ from: 'now', offset })) },
);

type Pending = (moment: Moment) => object;

const put: fc.Arbitrary<Pending> = fc
  .record({ key, value, lease, prevKv: often, ignoreValue: rarely, ignoreLease: rarely })
  .map((request) => {
    // Half of the requests that ignore something are otherwise well-formed.
    const value = request.ignoreValue && request.prevKv ? bytes('') : request.value;
    const lease = request.ignoreLease && request.prevKv ? 0 : request.lease;
    return () => ({ ...request, value, lease });
  });

const range: fc.Arbitrary<Pending> = fc
  .record({
    key: rangeKey,
    rangeEnd,
    limit: fc.oneof(fc.constant(0), small),
    revision,
    sortOrder: fc.integer({ min: 0, max: 2 }),
    sortTarget: fc.integer({ min: 0, max: 4 }),
    serializable: often,
    keysOnly: rarely,
    countOnly: rarely,
    bounds: fc.tuple(bound, bound, bound, bound),
  })
  .map(({ bounds, revision: wanted, ...request }) => (moment: Moment) => {
    const [minMod, maxMod, minCreate, maxCreate] = bounds.map((one) => at(one, moment));
    return {
      ...request,
      revision: at(wanted, moment),
      ...{ minModRevision: minMod, maxModRevision: maxMod, minCreateRevision: minCreate, maxCreateRevision: maxCreate },
    };
  });

const deleteRange: fc.Arbitrary<Pending> = fc
  .record({ key: rangeKey, rangeEnd, prevKv: often })
  .map((request) => () => request);

const compare: fc.Arbitrary<Pending> = fc
  .record({
    key: rangeKey,
    rangeEnd,
    result: fc.integer({ min: 0, max: 3 }),
    target: fc.integer({ min: 0, max: 4 }),
    operand: small,
    relative: revision,
    bytes: value,
    unset: rarely,
  })
  .map(({ operand, relative, bytes: text, unset, ...request }) => (moment: Moment) => {
    const names = ['version', 'createRevision', 'modRevision', 'value', 'lease'] as const;
    const operands = [operand, at(relative, moment), at(relative, moment), text, operand];
    const blank = {
      version: undefined,
      createRevision: undefined,
      modRevision: undefined,
      value: undefined,
      lease: undefined,
    };
    return { ...blank, ...request, ...(unset ? {} : { [names[request.target]!]: operands[request.target] }) };
  });

const NO_OPERATION = {
  requestRange: undefined,
  requestPut: undefined,
  requestDeleteRange: undefined,
  requestTxn: undefined,
};

function operationOf(depth: number): fc.Arbitrary<Pending> {
  const as = (name: keyof typeof NO_OPERATION, of: fc.Arbitrary<Pending>): fc.Arbitrary<Pending> =>
    of.map((pending) => (moment: Moment) => ({ ...NO_OPERATION, [name]: pending(moment) }));
  return fc.oneof(
    { weight: 60, arbitrary: as('requestPut', put) },
    { weight: 40, arbitrary: as('requestRange', range) },
    { weight: 30, arbitrary: as('requestDeleteRange', deleteRange) },
    ...(depth > 0 ? [{ weight: 20, arbitrary: as('requestTxn', txnOf(depth - 1)) }] : []),
  );
}

function txnOf(depth: number): fc.Arbitrary<Pending> {
  const operations = fc.array(operationOf(depth), { maxLength: 4 });
  return fc
    .record({ compare: fc.array(compare, { maxLength: 3 }), success: operations, failure: operations })
    .map((txn) => (moment: Moment) => ({
      compare: txn.compare.map((one) => one(moment)),
      success: txn.success.map((one) => one(moment)),
      failure: txn.failure.map((one) => one(moment)),
    }));
}

interface TxnShape {
  readonly success: readonly OperationShape[];
  readonly failure: readonly OperationShape[];
}
interface OperationShape {
  readonly requestPut?: object;
  readonly requestDeleteRange?: object;
  readonly requestTxn?: TxnShape;
}
const operationsOf = ({ success, failure }: TxnShape): OperationShape[] =>
  [...success, ...failure].flatMap((one) => [
    one,
    ...(one.requestTxn === undefined ? [] : operationsOf(one.requestTxn)),
  ]);

/**
 * In one transaction, a put that keeps the value or lease of a key that was deleted just before brings etcd 3.4 down where its check
 * for overlaps does not see it (a range to the end, another level). So puts keep nothing where anything is deleted.
 */
function harmless(txn: object): object {
  const shape = txn as TxnShape;
  if (!operationsOf(shape).some((one) => one.requestDeleteRange !== undefined)) return txn;
  const tame = (one: OperationShape): OperationShape => {
    if (one.requestPut !== undefined)
      return { ...one, requestPut: { ...one.requestPut, ignoreValue: false, ignoreLease: false } };
    return one.requestTxn === undefined ? one : { ...one, requestTxn: inner(one.requestTxn) };
  };
  const inner = (of: TxnShape): TxnShape => ({ ...of, success: of.success.map(tame), failure: of.failure.map(tame) });
  return inner(shape);
}

const txn: fc.Arbitrary<Pending> = txnOf(2).map((pending) => (moment) => harmless(pending(moment)));

/** More operations than a transaction may have. */
const crowdedTxn: fc.Arbitrary<Pending> = fc
  .tuple(fc.integer({ min: 120, max: 135 }), fc.constantFrom('compare', 'success', 'failure'), compare, range)
  .map(([count, where, one, reading]) => (moment: Moment) => {
    const blank = { compare: [], success: [], failure: [] };
    const element = where === 'compare' ? one(moment) : { ...NO_OPERATION, requestRange: reading(moment) };
    return { ...blank, [where]: Array(count).fill(element) };
  });

/** An operation that is none. On its own: of several faults in one transaction, which one is named may differ. */
const hollowTxn: fc.Arbitrary<Pending> = fc
  .tuple(fc.constantFrom('success', 'failure'), fc.nat(2))
  .map(([where, before]) => () => {
    const reading = { ...RANGE.request.create(), key: bytes('a') };
    const sound = Array(before).fill({ ...NO_OPERATION, requestRange: reading });
    return { compare: [], success: [], failure: [], [where]: [...sound, NO_OPERATION] };
  });

const leaseId = fc.integer({ min: 1, max: 4 });
const grant = fc
  .record({ id: leaseId, ttl: fc.constantFrom(3000, 4000, 9_000_000_000, 9_000_000_001) })
  .map((request) => () => request);
const revoke = leaseId.map((id) => () => ({ id }));
const timeToLive = fc.record({ id: leaseId, keys: often }).map((request) => () => request);
const compact = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: -5, max: 1 }).map((offset): Revision => ({ from: 'now', offset })),
      fc.integer({ min: -1, max: 2 }).map((offset): Revision => ({ from: 'compacted', offset })),
    ),
    often,
  )
  .map(([wanted, physical]) => (moment: Moment) => ({ revision: at(wanted, moment), physical }));

const of = (method: Operation['method'], pending: fc.Arbitrary<Pending>): fc.Arbitrary<Operation> =>
  pending.map((request) => ({ method, request }));

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 60, arbitrary: of(PUT, put) },
  { weight: 50, arbitrary: of(RANGE, range) },
  { weight: 24, arbitrary: of(DELETE_RANGE, deleteRange) },
  { weight: 60, arbitrary: of(TXN, txn) },
  { weight: 1, arbitrary: of(TXN, crowdedTxn) },
  { weight: 1, arbitrary: of(TXN, hollowTxn) },
  { weight: 4, arbitrary: of(COMPACT, compact) },
  { weight: 8, arbitrary: of(LEASE_GRANT, grant) },
  { weight: 4, arbitrary: of(LEASE_REVOKE, revoke) },
  { weight: 6, arbitrary: of(LEASE_TIME_TO_LIVE, timeToLive) },
  {
    weight: 2,
    arbitrary: of(
      LEASE_LEASES,
      fc.constant(() => ({})),
    ),
  },
);
