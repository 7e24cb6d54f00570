/**
 * From the core's errors to etcd's. Clients match the texts word for word (etcd's `rpctypes`), so they are etcd's; what the core
 * said itself goes to the log.
 */
import { CoreError, type CoreErrorCode } from '@quorate/cluster/core';
import type { Log } from '@quorate/env';
import type { CallContext } from '../grpc/method.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import { ProtobufError } from '../protobuf/reader.ts';

const { invalidArgument, outOfRange, resourceExhausted, notFound, failedPrecondition, unavailable } = GrpcCode;

const TABLE: Readonly<Record<CoreErrorCode, readonly [code: number, message: string | undefined]>> = {
  'key-empty': [invalidArgument, 'etcdserver: key is not provided'],
  'value-provided': [invalidArgument, 'etcdserver: value is provided'],
  'lease-provided': [invalidArgument, 'etcdserver: lease is provided'],
  'key-not-found': [invalidArgument, 'etcdserver: key not found'],
  'too-many-operations': [invalidArgument, 'etcdserver: too many operations in txn request'],
  'duplicate-key': [invalidArgument, 'etcdserver: duplicate key given in txn request'],
  compacted: [outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  'future-revision': [outOfRange, 'etcdserver: mvcc: required revision is a future revision'],
  'no-space': [resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  'lease-not-found': [notFound, 'etcdserver: requested lease not found'],
  'lease-exists': [failedPrecondition, 'etcdserver: lease already exists'],
  'lease-ttl-too-large': [outOfRange, 'etcdserver: too large lease TTL'],
  'request-too-large': [invalidArgument, 'etcdserver: request is too large'],
  'too-many-requests': [resourceExhausted, 'etcdserver: too many requests'],
  'invalid-request': [invalidArgument, undefined],
  'session-expired': [unavailable, undefined],
  'no-leader': [unavailable, 'etcdserver: no leader'],
  'leader-changed': [unavailable, 'etcdserver: leader changed'],
  'not-leader': [failedPrecondition, 'etcdserver: not leader'],
  'timed-out': [unavailable, 'etcdserver: request timed out'],
  aborted: [GrpcCode.cancelled, 'context canceled'],
  stopped: [unavailable, 'etcdserver: server stopped'],
  'member-not-found': [notFound, 'etcdserver: member not found'],
  'member-exists': [failedPrecondition, 'etcdserver: Peer URLs already exists'],
  'member-not-learner': [failedPrecondition, 'etcdserver: can only promote a learner member'],
  'learner-not-ready': [
    failedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  'configuration-in-progress': [unavailable, 'etcdserver: unhealthy cluster'],
  'unhealthy-cluster': [unavailable, 'etcdserver: unhealthy cluster'],
  'bad-leader-transferee': [failedPrecondition, 'etcdserver: bad leader transferee'],
  corrupt: [GrpcCode.dataLoss, 'etcdserver: corrupt cluster'],
  'wrong-cluster': [failedPrecondition, undefined],
  'wrong-protocol': [failedPrecondition, undefined],
  unavailable: [unavailable, undefined],
  'lease-lost': [notFound, 'etcdserver: requested lease not found'],
};

/** The core's own limit: a call that times out before it did so because the client's deadline passed. */
const CORE_TIMEOUT_MS = 5000;

export function toGrpcError(error: unknown, context: CallContext, log: Log): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof CoreError) return ofCore(error, context);
  if (error instanceof ProtobufError) {
    return new GrpcError(GrpcCode.internal, `grpc: error unmarshalling request: ${error.message}`);
  }
  log.error('etcd call failed unexpectedly', { error: error instanceof Error ? error.stack : String(error) });
  return new GrpcError(GrpcCode.unknown, "etcdserver: internal error, see the server's log");
}

function ofCore(error: CoreError, { timeoutMs }: CallContext): GrpcError {
  if (error.code === 'timed-out' && timeoutMs !== undefined && timeoutMs < CORE_TIMEOUT_MS) {
    return new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded');
  }
  // A request that was carried out was not too large: its answer is, and the error says how.
  if (error.code === 'request-too-large' && error.outcome === 'applied') {
    return new GrpcError(resourceExhausted, error.message);
  }
  const [code, message] = TABLE[error.code];
  return new GrpcError(code, message ?? `etcdserver: ${error.message}`);
}
