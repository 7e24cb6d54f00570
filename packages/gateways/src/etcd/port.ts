/** One port for gRPC (HTTP/2 with prior knowledge) and HTTP/1.1, told apart by the first bytes a client sends. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '@quorate/env';
import { PREFACE } from './h2/protocol.ts';

/** Takes a connection with the bytes already read from it. */
export type TakeConnection = (socket: Socket, head: Buffer) => void;

export interface PortOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly http2: TakeConnection;
  readonly http1: TakeConnection;
}

export interface Port {
  readonly address: { readonly host: string; readonly port: number };
  /** Accepts no more. Connections that have not said what they are are closed; the others are their takers' business. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 10_000;
const FIRST_BYTES_TIMEOUT_MS = 10_000;
const METHODS: readonly string[] = ['GET ', 'POST ', 'HEAD ', 'PUT ', 'DELETE ', 'OPTIONS ', 'PATCH '];

type Verdict = 'http2' | 'http1' | 'unclear' | 'foreign';

/** What the first bytes say; `unclear` while they are too few. */
export function recognise(head: Buffer): Verdict {
  const text = head.toString('latin1', 0, PREFACE.length);
  const preface = PREFACE.toString('latin1');
  // The first line of the preface is enough: no HTTP/1.1 method is called PRI.
  if (text.startsWith('PRI * HTTP/2')) return 'http2';
  if (METHODS.some((method) => text.startsWith(method))) return 'http1';
  if (preface.startsWith(text) || METHODS.some((method) => method.startsWith(text))) return 'unclear';
  return 'foreign';
}

/** Names what spoke to us, for the log. */
export function describeForeign(head: Buffer): string {
  if (head[0] === 0x16 && head[1] === 0x03) return 'a TLS handshake (this port speaks plain text: use http://)';
  if (head[0] === 0x2a || head.toString('latin1', 0, 4) === 'PING') return 'Redis commands';
  return `bytes that are neither HTTP/2 nor HTTP/1.1: ${JSON.stringify(head.toString('latin1', 0, 24))}`;
}

export async function listen(options: PortOptions): Promise<Port> {
  const undecided = new Set<Socket>();
  const server: Server = createServer({ noDelay: true, keepAlive: true }, (socket) =>
    sniff(socket, undecided, options),
  );
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => options.log.error('etcd port failed', { error: String(error) }));
  const address = server.address() as { address: string; port: number };
  return {
    address: { host: address.address, port: address.port },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of undecided) socket.destroy();
      return closed;
    },
  };
}

function sniff(socket: Socket, undecided: Set<Socket>, options: PortOptions): void {
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const verdict = recognise(head);
    if (verdict === 'unclear') return;
    settle();
    if (verdict === 'foreign') refuse(socket, head, options.log);
    else options[verdict](socket, head);
  };
  const drop = (): void => {
    settle();
    socket.on('error', () => {});
    socket.destroy();
  };
  // Only what was added here: a socket has listeners of its own.
  const settle = (): void => {
    undecided.delete(socket);
    socket.setTimeout(0, drop);
    socket.off('data', onData).off('error', drop).off('close', drop);
  };
  undecided.add(socket);
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, drop);
  socket.on('data', onData).on('error', drop).on('close', drop);
}

function refuse(socket: Socket, head: Buffer, log: Log): void {
  log.warn('etcd port: closed a connection that does not speak its protocol', {
    peer: `${socket.remoteAddress}:${socket.remotePort}`,
    received: describeForeign(head),
  });
  socket.on('error', () => {});
  socket.destroy();
}
