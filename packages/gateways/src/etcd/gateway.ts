import type { Core } from '@quorate/cluster/core';
import type { Log } from '@quorate/env';
import type { Method } from './grpc/method.ts';
import { type GrpcServerOptions, serveGrpc } from './grpc/server.ts';
import type { Http2Connection } from './h2/connection.ts';
import { listen } from './port.ts';
import { kvService } from './services/kv.ts';
import { toGrpcError } from './translate/errors.ts';
import type { HeaderOf } from './translate/responses.ts';

export interface EtcdGatewayOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
}

export interface EtcdGateway {
  readonly address: { readonly host: string; readonly port: number };
  /** Accepts no more calls, lets those under way end for a moment, then closes every connection. */
  close(): Promise<void>;
}

/** etcd's limit on requests plus the same allowance for overhead that etcd makes. */
const MESSAGE_MAX_BYTES = 2 * 1024 * 1024;
const CONCURRENT_STREAMS_MAX = 10_000;

/** Serves etcd's v3 protocol for `core`. Rejects when the port cannot be had. */
export async function startEtcdGateway(core: Core, options: EtcdGatewayOptions): Promise<EtcdGateway> {
  const headerOf: HeaderOf = (revision) => {
    const { clusterId, memberId, raft } = core.status;
    return { clusterId, memberId, revision, raftTerm: raft.term };
  };
  const grpc: GrpcServerOptions = {
    methods: new Map<string, Method>(kvService(core, headerOf)),
    messageMaxBytes: MESSAGE_MAX_BYTES,
    concurrentStreamsMax: CONCURRENT_STREAMS_MAX,
    translateError: toGrpcError,
  };
  const connections = new Set<Http2Connection>();
  const port = await listen({
    host: options.host,
    port: options.port,
    log: options.log,
    http2(socket, head) {
      const connection = serveGrpc(socket, grpc, (reason) => {
        connections.delete(connection);
        if (reason !== undefined) options.log.warn('etcd connection failed', { reason: reason.message });
      });
      connections.add(connection);
      connection.receive(head);
    },
    http1: (socket) => socket.destroy(),
  });
  return {
    address: port.address,
    async close() {
      const closed = port.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}
