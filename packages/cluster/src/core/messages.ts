import { withoutStack } from '@quorate/patterns/base';
import { CoreError, type CoreErrorCode, type Outcome } from './errors.ts';

/** etcd's words where etcd has some, because its clients compare them; ours otherwise. */
const TEXT: Readonly<Record<CoreErrorCode, string>> = {
  'key-empty': 'etcdserver: key is not provided',
  'value-provided': 'etcdserver: value is provided',
  'lease-provided': 'etcdserver: lease is provided',
  'key-not-found': 'etcdserver: key not found',
  'too-many-operations': 'etcdserver: too many operations in txn request',
  'duplicate-key': 'etcdserver: duplicate key given in txn request',
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  'future-revision': 'etcdserver: mvcc: required revision is a future revision',
  'no-space': 'etcdserver: mvcc: database space exceeded',
  'lease-not-found': 'etcdserver: requested lease not found',
  'lease-exists': 'etcdserver: lease already exists',
  'lease-ttl-too-large': 'etcdserver: too large lease TTL',
  'request-too-large': 'etcdserver: request is too large',
  'too-many-requests': 'etcdserver: too many requests',
  'invalid-request': 'the request cannot be read',
  'session-expired': 'the session is not known any more: open a new one',
  'no-leader': 'etcdserver: no leader',
  'leader-changed': 'etcdserver: leader changed',
  'not-leader': 'etcdserver: not leader',
  'timed-out': 'etcdserver: request timed out',
  aborted: 'the call was aborted by its signal',
  stopped: 'etcdserver: server stopped',
  'member-not-found': 'etcdserver: member not found',
  'member-exists': 'etcdserver: member ID already exist',
  'member-not-learner': 'etcdserver: can only promote a learner member',
  'learner-not-ready': 'etcdserver: can only promote a learner member which is in sync with leader',
  'configuration-in-progress': 'another change of the configuration is in progress: try again when it is done',
  'unhealthy-cluster': 'etcdserver: unhealthy cluster',
  'bad-leader-transferee': 'etcdserver: bad leader transferee',
  corrupt: 'etcdserver: corrupt cluster',
  'wrong-cluster': 'the other side belongs to another cluster',
  'wrong-protocol': 'the other side does not speak this protocol',
  unavailable: 'the node cannot serve this at present: try again',
  'lease-lost': 'the lease was lost',
};

const RETRYABLE: ReadonlySet<CoreErrorCode> = new Set<CoreErrorCode>([
  'too-many-requests',
  'no-leader',
  'leader-changed',
  'not-leader',
  'timed-out',
  'learner-not-ready',
  'configuration-in-progress',
  'unhealthy-cluster',
  'unavailable',
]);

/** The text of every code, as a client of etcd would see it. */
export function errorText(code: CoreErrorCode): string {
  return TEXT[code];
}

/**
 * The error of that code with its standard text, behind which `detail` may say more (not where etcd's clients compare the text). It is an
 * answer, and has no stack.
 */
export function coreError(
  code: CoreErrorCode,
  details: { readonly detail?: string; readonly outcome?: Outcome; readonly cause?: unknown } = {},
): CoreError {
  const text = details.detail === undefined ? TEXT[code] : `${TEXT[code]}: ${details.detail}`;
  return withoutStack(
    () =>
      new CoreError(code, text, {
        retryable: RETRYABLE.has(code),
        ...(details.outcome === undefined ? {} : { outcome: details.outcome }),
        ...(details.cause === undefined ? {} : { cause: details.cause }),
      }),
  );
}
