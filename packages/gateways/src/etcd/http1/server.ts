/** What speaks HTTP/1.1 to the etcd port: health checks, version, metrics, and the JSON gateway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Core } from '@quorate/cluster/core';
import type { GrpcServerOptions } from '../grpc/server.ts';
import { isHealthy } from '../services/health.ts';
import { ETCD_CLUSTER_VERSION, etcdVersion } from '../version.ts';
import { sendJson, serveJson } from './json-gateway.ts';
import { metricsText } from './metrics.ts';
import { JSON_ROUTES } from './routes.ts';

const HEALTH_TIMEOUT_MS = 1000;

/** A server that does not listen: connections are given to it with `emit('connection', socket)`. */
export function createHttp1Server(core: Core, options: GrpcServerOptions): Server {
  return createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0]!;
    const grpcPath = JSON_ROUTES.get(path.replace(/^\/v3(alpha|beta)\//, '/v3/'));
    if (grpcPath !== undefined) {
      if (request.method === 'POST') serveJson(request, response, options.methods.get(grpcPath)!, options);
      else refuse(response, 405, `${path} takes POST, not ${request.method}`);
    } else {
      plain(core, path, request, response);
    }
  });
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
