import type { Socket } from 'node:net';
import type { Core } from '@quorate/cluster/core';
import type { Log } from '@quorate/env';
import type { Method } from './grpc/method.ts';
import { type GrpcServerOptions, serveGrpc } from './grpc/server.ts';
import type { Http2Connection } from './h2/connection.ts';
import { Http1Server } from './http1/server.ts';
import { OpenStreams } from './open-streams.ts';
import { listen } from './port.ts';
import { Headers } from './services/answers.ts';
import { clusterService } from './services/cluster.ts';
import { healthService } from './services/health.ts';
import { kvService } from './services/kv.ts';
import { leaseService } from './services/lease.ts';
import { maintenanceService } from './services/maintenance.ts';
import { watchService } from './services/watch.ts';
import { toGrpcError } from './translate/errors.ts';

export interface EtcdGatewayOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
  /** How often an idle watcher that asked for it hears of progress. Default 600,000. */
  readonly progressIntervalMs?: number;
  /** How long streams that require a leader outlive its loss. Default 3,000. */
  readonly leaderLossToleranceMs?: number;
}

export interface EtcdGateway {
  /** Where it listens; the port is the one the system chose when 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** Accepts no more, ends all streams, gives calls under way up to a second, then closes every connection. Idempotent. */
  close(): Promise<void>;
}

/** etcd's limit of 1.5 MiB on requests, plus the allowance of 512 KiB that etcd makes for what surrounds them. */
const MESSAGE_MAX_BYTES = 2 * 1024 * 1024;
const CONCURRENT_STREAMS_MAX = 10_000;
const LEADER_LOSS_TOLERANCE_MS = 3000;
const CLOSE_GRACE_MS = 1000;

/** Serves etcd's v3 protocol (gRPC and HTTP/1.1 on one port) for `core`. Rejects when the port cannot be had. */
export async function startEtcdGateway(core: Core, options: EtcdGatewayOptions): Promise<EtcdGateway> {
  const streams = new OpenStreams(core, options.leaderLossToleranceMs ?? LEADER_LOSS_TOLERANCE_MS);
  const grpc: GrpcServerOptions = {
    methods: methodsOf(core, streams, options),
    messageMaxBytes: MESSAGE_MAX_BYTES,
    concurrentStreamsMax: CONCURRENT_STREAMS_MAX,
    admit: streams.admit,
    translateError: (error, context) => toGrpcError(error, context, options.log),
  };
  const http1 = new Http1Server(core, grpc);
  const connections = new Set<Http2Connection>();
  const http2 = (socket: Socket, head: Buffer): void => {
    const connection = serveGrpc(socket, grpc, (reason) => {
      connections.delete(connection);
      if (reason !== undefined) logEnd(options.log, socket, reason);
    });
    connections.add(connection);
    connection.receive(head);
  };
  const { host, port: wanted, log } = options;
  const port = await listen({
    host,
    port: wanted,
    log,
    http2,
    http1: (socket, head) => http1.take(socket, head),
  }).catch((error: unknown) => {
    streams[Symbol.dispose]();
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = port.close();
    // Watches never end by themselves.
    streams[Symbol.dispose]();
    await closeConnections(connections, http1);
    await closed;
  };
  return {
    address: port.address,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function methodsOf(core: Core, streams: OpenStreams, options: EtcdGatewayOptions): ReadonlyMap<string, Method> {
  const headers = new Headers(core);
  const { progressIntervalMs } = options;
  const methods = [
    ...kvService(core, headers),
    ...watchService(core, headers, progressIntervalMs === undefined ? {} : { progressIntervalMs }),
    ...leaseService(core, headers),
    ...clusterService(core, headers),
    ...maintenanceService(core, headers),
    ...healthService(core),
  ];
  return new Map(methods.map(([path, method]) => [path, streams.guard(method)]));
}

function logEnd(log: Log, socket: Socket, reason: Error): void {
  // A client that was killed is no news.
  if ((reason as NodeJS.ErrnoException).code === 'ECONNRESET') return;
  log.warn('etcd connection ended', { peer: `${socket.remoteAddress}:${socket.remotePort}`, reason: reason.message });
}

/** Lets calls under way end for a moment, then cuts what is left. */
async function closeConnections(connections: ReadonlySet<Http2Connection>, http1: Http1Server): Promise<void> {
  for (const connection of [...connections]) connection.closeGently();
  const deadline = performance.now() + CLOSE_GRACE_MS;
  while (connections.size + http1.connectionCount > 0 && performance.now() < deadline) {
    http1.closeIdle();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const connection of [...connections]) connection.destroy();
  http1.closeAll();
}
