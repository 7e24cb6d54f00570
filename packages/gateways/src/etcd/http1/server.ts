/** What speaks HTTP/1.1 to the etcd port: health checks, version, metrics, and the JSON gateway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Core } from '@quorate/cluster/core';
import type { GrpcServerOptions } from '../grpc/server.ts';
import { isHealthy } from '../services/health.ts';
import { ETCD_CLUSTER_VERSION, etcdVersion } from '../version.ts';
import { sendJson, serveJson } from './json-gateway.ts';
import { metricsText } from './metrics.ts';
import { JSON_ROUTES } from './routes.ts';

const HEALTH_TIMEOUT_MS = 1000;
const INACTIVITY_TIMEOUT_MS = 120_000;

/** Answers requests on connections that it is given. */
export class Http1Server {
  readonly #server: Server;
  /** Every connection, with the requests that are being answered on it. */
  readonly #sockets = new Map<Socket, number>();

  constructor(core: Core, options: GrpcServerOptions) {
    this.#server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
      this.#count(request.socket, 1);
      response.once('close', () => this.#count(request.socket, -1));
      answer(core, options, request, response);
    });
    this.#server.timeout = INACTIVITY_TIMEOUT_MS;
  }

  #count(socket: Socket, change: 1 | -1): void {
    const active = this.#sockets.get(socket);
    if (active !== undefined) this.#sockets.set(socket, active + change);
  }

  /** `head` is what was read from the socket already. */
  take(socket: Socket, head: Buffer): void {
    this.#sockets.set(socket, 0);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#server.emit('connection', socket);
    socket.unshift(head);
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Closes the connections on which nothing is being answered. */
  closeIdle(): void {
    for (const [socket, active] of this.#sockets) if (active === 0) socket.destroy();
  }
  closeAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}

function answer(core: Core, options: GrpcServerOptions, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '').split('?', 1)[0]!;
  const grpcPath = JSON_ROUTES.get(path.replace(/^\/v3(alpha|beta)\//, '/v3/'));
  const method = grpcPath === undefined ? undefined : options.methods.get(grpcPath);
  if (method === undefined) {
    plain(core, path, request, response);
  } else if (request.method === 'POST') {
    // A stream may be silent for long.
    if (method.kind === 'stream') request.socket.setTimeout(0);
    serveJson(request, response, method, options);
  } else {
    refuse(response, 405, `${path} takes POST, not ${request.method}`);
  }
}

function plain(core: Core, path: string, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, path === '/health' || path === '/version' || path === '/metrics' ? 405 : 404, 'not found');
    return;
  }
  switch (path) {
    case '/health':
      void answerHealth(core, response);
      return;
    case '/version':
      sendJson(response, 200, { etcdserver: etcdVersion(core.status.version), etcdcluster: ETCD_CLUSTER_VERSION });
      return;
    case '/metrics':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(metricsText(core));
      return;
    default:
      refuse(response, 404, `nothing is at ${path}: there are /health, /version, /metrics and /v3/…`);
  }
}

async function answerHealth(core: Core, response: ServerResponse): Promise<void> {
  const healthy = isHealthy(core) && (await canRead(core));
  sendJson(response, healthy ? 200 : 503, { health: String(healthy) });
}

/** A linearizable read of a key that need not exist: passes only while a majority answers. */
function canRead(core: Core): Promise<boolean> {
  const key = Buffer.from('health');
  return core.range({ kind: 'range', key, countOnly: true }, { timeoutMs: HEALTH_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

function refuse(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: message, message, code: status });
}
