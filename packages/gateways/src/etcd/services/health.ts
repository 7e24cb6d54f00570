import type { Core } from '@quorate/cluster/core';
import type { Method, ServerStream, StreamMethod, UnaryMethod } from '../grpc/method.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import * as pb from '../messages/health.ts';

const POLL_MS = 1000;
const SERVICES = new Set(['', 'etcdserverpb.KV', 'etcdserverpb.Watch', 'etcdserverpb.Lease']);

/** Serving means that a leader is known and this member's data is sound. */
export function isHealthy(core: Core): boolean {
  const { raft, alarms } = core.status;
  return raft.leader !== undefined && !raft.damaged && alarms.length === 0;
}

/** `grpc.health.v1.Health`. */
export function healthService(core: Core): [path: string, method: Method][] {
  const statusOf = (service: string): number => {
    if (!SERVICES.has(service)) return pb.ServingStatus.serviceUnknown;
    return isHealthy(core) ? pb.ServingStatus.serving : pb.ServingStatus.notServing;
  };
  const check: UnaryMethod<pb.HealthCheckRequest, pb.HealthCheckResponse> = {
    kind: 'unary',
    request: pb.HealthCheckRequest,
    response: pb.HealthCheckResponse,
    async handle({ service }) {
      const status = statusOf(service);
      if (status === pb.ServingStatus.serviceUnknown) throw new GrpcError(GrpcCode.notFound, 'unknown service');
      return { status };
    },
  };
  const watch: StreamMethod<pb.HealthCheckRequest, pb.HealthCheckResponse> = {
    kind: 'stream',
    request: pb.HealthCheckRequest,
    response: pb.HealthCheckResponse,
    open(stream) {
      let timer: NodeJS.Timeout | undefined;
      return {
        message({ service }) {
          clearInterval(timer);
          timer = follow(stream, () => statusOf(service));
        },
        // The client asks once and listens from then on.
        ended() {},
        closed: () => clearInterval(timer),
        drained() {},
      };
    },
  };
  return [
    ['/grpc.health.v1.Health/Check', check],
    ['/grpc.health.v1.Health/Watch', watch],
  ];
}

/** Sends the status now and whenever it has changed. */
function follow(stream: ServerStream<pb.HealthCheckResponse>, statusOf: () => number): NodeJS.Timeout {
  let last = statusOf();
  stream.send({ status: last });
  return setInterval(() => {
    const status = statusOf();
    if (status === last) return;
    last = status;
    stream.send({ status });
  }, POLL_MS);
}
