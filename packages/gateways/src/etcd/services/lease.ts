import type { Core } from '@quorate/cluster/core';
import { CoreError } from '@quorate/cluster/core';
import type { Method, ServerStream, StreamListener, StreamMethod, UnaryMethod } from '../grpc/method.ts';
import type { HeaderOnly } from '../messages/kv.ts';
import * as pb from '../messages/lease.ts';
import { callOptions, type Headers } from './answers.ts';

/** etcd's Lease service. Negative ids and those above 2^53 − 1 cannot be granted here; asked about, they are leases that do not exist. */
export function leaseService(core: Core, headers: Headers): [path: string, method: Method][] {
  const grant: UnaryMethod<pb.LeaseGrantRequest, pb.LeaseGrantResponse> = {
    kind: 'unary',
    request: pb.LeaseGrantRequest,
    response: pb.LeaseGrantResponse,
    async handle({ id, ttl }, context) {
      if (!isLeaseId(id)) throw badId(id);
      const ttlSeconds = Math.min(ttl, Number.MAX_SAFE_INTEGER);
      const granted = await core.grantLease({ id, ttlSeconds }, callOptions(context));
      return { header: headers.at(granted.revision), id: granted.id, ttl: granted.ttlSeconds, error: '' };
    },
  };
  const revoke: UnaryMethod<pb.LeaseId, HeaderOnly> = {
    kind: 'unary',
    request: pb.LeaseRevokeRequest,
    response: pb.LeaseRevokeResponse,
    async handle({ id }, context) {
      if (!isLeaseId(id)) throw new CoreError('lease-not-found', `lease ${id} does not exist`);
      const response = await core.write({ kind: 'lease-revoke', id }, callOptions(context));
      return { header: headers.at(response.revision) };
    },
  };
  const timeToLive: UnaryMethod<pb.LeaseTimeToLiveRequest, pb.LeaseTimeToLiveResponse> = {
    kind: 'unary',
    request: pb.LeaseTimeToLiveRequest,
    response: pb.LeaseTimeToLiveResponse,
    async handle({ id, keys }, context) {
      if (!isLeaseId(id)) return { header: headers.now(), id, ttl: -1, grantedTtl: 0, keys: [] };
      const status = await core.leaseStatus(id, { ...callOptions(context), keys });
      const { remainingSeconds, grantedSeconds } = status;
      const ttl = remainingSeconds < 0 ? -1 : Math.floor(remainingSeconds);
      return { header: headers.now(), id, ttl, grantedTtl: ttl === -1 ? 0 : grantedSeconds, keys: status.keys };
    },
  };
  const leases: UnaryMethod<pb.LeaseLeasesRequest, pb.LeaseLeasesResponse> = {
    kind: 'unary',
    request: pb.LeaseLeasesRequest,
    response: pb.LeaseLeasesResponse,
    async handle(_request, context) {
      const ids = await core.leases(callOptions(context));
      return { header: headers.now(), leases: ids.map((id) => ({ id })) };
    },
  };
  const keepAlive: StreamMethod<pb.LeaseId, pb.LeaseKeepAliveResponse> = {
    kind: 'stream',
    request: pb.LeaseKeepAliveRequest,
    response: pb.LeaseKeepAliveResponse,
    open: (stream) => new KeepAliveStream(core, headers, stream),
  };
  return [
    ['/etcdserverpb.Lease/LeaseGrant', grant],
    ['/etcdserverpb.Lease/LeaseRevoke', revoke],
    ['/etcdserverpb.Lease/LeaseTimeToLive', timeToLive],
    ['/etcdserverpb.Lease/LeaseLeases', leases],
    ['/etcdserverpb.Lease/LeaseKeepAlive', keepAlive],
  ];
}

function isLeaseId(id: number): boolean {
  return Number.isSafeInteger(id) && id >= 0;
}

function badId(id: number): CoreError {
  return new CoreError(
    'invalid-request',
    `lease id ${id} is not one that this server can keep: choose one from 1 to 2^53 - 1, or 0 to be given one`,
  );
}

/** Renewals of one stream under way at once. More than these wait, and meanwhile the client is given no more room to send. */
const PENDING_MAX = 1000;

/** Each request is renewed as it comes; answers go out as they come, each with its lease's id. */
class KeepAliveStream implements StreamListener<pb.LeaseId> {
  readonly #core: Core;
  readonly #headers: Headers;
  readonly #stream: ServerStream<pb.LeaseKeepAliveResponse>;
  #pending = 0;
  /** Not begun yet, from `#next` on; what fits into the stream's window at most. */
  #waiting: number[] = [];
  #next = 0;
  #ending = false;
  #closed = false;

  constructor(core: Core, headers: Headers, stream: ServerStream<pb.LeaseKeepAliveResponse>) {
    this.#core = core;
    this.#headers = headers;
    this.#stream = stream;
  }

  message({ id }: pb.LeaseId): void {
    this.#waiting.push(id);
    this.#work();
  }

  #work(): void {
    const waiting = this.#waiting;
    while (this.#next < waiting.length && this.#pending < PENDING_MAX && !this.#stream.congested && !this.#closed)
      this.#renew(waiting[this.#next++]!);
    if (this.#next < waiting.length) {
      this.#stream.hold();
      return;
    }
    this.#waiting = [];
    this.#next = 0;
    this.#stream.release();
    if (this.#ending && this.#pending === 0) this.#stream.end();
  }

  #renew(id: number): void {
    if (!isLeaseId(id)) {
      this.#answer(id, 0, this.#core.status.revision);
      return;
    }
    this.#pending += 1;
    this.#core.keepAlive(id).then(
      ({ ttlSeconds, revision }) => {
        this.#pending -= 1;
        this.#answer(id, ttlSeconds, revision);
        this.#work();
      },
      (error: unknown) => {
        this.#pending -= 1;
        this.#stream.fail(error);
      },
    );
  }

  #answer(id: number, ttl: number, revision: number): void {
    this.#stream.send({ header: this.#headers.at(revision), id, ttl });
  }

  ended(): void {
    this.#ending = true;
    this.#work();
  }
  closed(): void {
    this.#closed = true;
  }
  drained(): void {
    this.#work();
  }
}
