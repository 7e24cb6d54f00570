/** A node's HTTP face: liveness, readiness, status and metrics, for people, probes and Prometheus. Reads only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Core } from '@quorate/cluster/core';
import type { Log } from '@quorate/env';
import { formatMetrics, type Metric } from './metrics.ts';
import { coreMetrics, nodeStatus } from './status.ts';

export interface HttpGatewayOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
  /** Further metric families, read anew for every scrape. */
  readonly metrics?: () => readonly Metric[];
}

export interface HttpGateway {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: 'application/json' | 'text/plain; version=0.0.4; charset=utf-8' | 'text/plain; charset=utf-8';
  readonly body: string;
}

const json = (value: unknown, status = 200): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value, null, 2)}\n`,
});

const paths = ['/health', '/ready', '/status', '/metrics'];

/** Ready: knows a leader, holds a sound log and has applied all it knows to be committed but for what is in flight. */
function readiness(core: Core): Page {
  const { raft, alarms, removed } = core.status;
  const reasons: string[] = [];
  if (removed === true) reasons.push('this node was removed from the cluster');
  if (raft.leader === undefined) reasons.push('no leader is known');
  if (raft.damaged) reasons.push('the log is damaged and being repaired from peers');
  if (raft.commitIndex - raft.appliedIndex > 10_000) reasons.push('catching up with the log');
  for (const { alarm, memberId } of alarms) reasons.push(`alarm ${alarm} is raised by member ${memberId}`);
  return json({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
}

function page(path: string, core: Core, options: HttpGatewayOptions): Page {
  switch (path) {
    case '/health':
      return json({ health: 'true' });
    case '/ready':
      return readiness(core);
    case '/status':
      return json(nodeStatus(core, process.pid));
    case '/metrics': {
      const families = [...coreMetrics(nodeStatus(core, process.pid)), ...(options.metrics?.() ?? [])];
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: formatMetrics(families) };
    }
    default:
      return { status: 404, type: 'text/plain; charset=utf-8', body: `nothing at ${path}: try ${paths.join(', ')}\n` };
  }
}

/** Proxies ask for `http://host/path`. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/';
}

function answer(request: IncomingMessage, response: ServerResponse, core: Core, options: HttpGatewayOptions): void {
  let shown: Page;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    shown = {
      status: 405,
      type: 'text/plain; charset=utf-8',
      body: `${request.method ?? 'this method'} is not served here: use GET\n`,
    };
  } else {
    shown = page(pathOf(request.url ?? '/'), core, options);
  }
  response.writeHead(shown.status, { 'content-type': shown.type, 'content-length': Buffer.byteLength(shown.body) });
  response.end(request.method === 'HEAD' ? undefined : shown.body);
}

/** To what is not a request, or not a whole one. */
function refusal(error: NodeJS.ErrnoException): string {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  const body = `${error.message}: this port speaks HTTP/1.1; try GET ${paths.join(', ')}\n`;
  const head = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}`;
  return `HTTP/1.1 ${status}\r\nconnection: close\r\n${head}\r\n\r\n${body}`;
}

/** Rejects when the address cannot be bound, with an error that names it. */
export async function startHttpGateway(core: Core, options: HttpGatewayOptions): Promise<HttpGateway> {
  const server = createServer((request, response) => answer(request, response, core, options));
  server.requestTimeout = 10_000;
  server.on('clientError', (error, socket) => {
    options.log.debug('http: malformed request', { reason: error.message });
    if (socket.writable) socket.end(refusal(error));
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: options.host, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: HttpGatewayOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
      reject(new Error(`cannot listen for HTTP on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, () => resolve());
  });
}
