import { createServer, type Server, type Socket } from 'node:net';
import type { Core } from '@quorate/cluster/core';
import type { Log } from '@quorate/env';
import type { Method } from './grpc/method.ts';
import { createGrpcServer } from './grpc/server.ts';
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
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

/** Serves etcd's v3 protocol for `core`. Rejects when the port cannot be had. */
export async function startEtcdGateway(core: Core, options: EtcdGatewayOptions): Promise<EtcdGateway> {
  const headerOf: HeaderOf = (revision) => {
    const { clusterId, memberId, raft } = core.status;
    return { clusterId, memberId, revision, raftTerm: raft.term };
  };
  const methods = new Map<string, Method>(kvService(core, headerOf));
  const grpc = createGrpcServer({ methods, maxMessageBytes: MAX_MESSAGE_BYTES, translateError: toGrpcError });
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    grpc.emit('connection', socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address() as { address: string; port: number };
  return {
    address: { host: address.address, port: address.port },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
