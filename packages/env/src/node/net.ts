import { connect, createServer, type Server } from 'node:net';
import type { Address, Connection, ConnectionHandler, DatagramSocket, Listener, Net } from '../net.ts';
import { netError } from './net-errors.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { Turn } from './turn.ts';
import { bindDatagramSocket } from './udp.ts';

const BACKLOG = 511;

export class NodeNet implements Net {
  readonly #turn: Turn;
  readonly #highWaterBytes: number;

  constructor(turn: Turn, highWaterBytes: number) {
    this.#turn = turn;
    this.#highWaterBytes = highWaterBytes;
  }

  connect(to: Address, handler: ConnectionHandler): Connection {
    const socket = connect({ host: to.host, port: to.port, allowHalfOpen: true });
    const connection = new TcpConnection(socket, to, this.#turn, this.#highWaterBytes);
    connection.attach(handler);
    return connection;
  }

  async listen(at: Address, accept: (connection: Connection) => ConnectionHandler | undefined): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const remote: Address = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      const connection = new TcpConnection(socket, remote, this.#turn, this.#highWaterBytes);
      // Unheard errors of a refused connection would end the process.
      socket.on('error', () => {});
      const handler = accept(connection);
      if (handler === undefined) socket.destroy();
      else connection.attach(handler);
    });
    await new Promise<void>((bound, failed) => {
      server.once('error', (cause) => failed(netError(`listen on ${at.host}:${at.port}`, cause)));
      server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => bound());
    });
    return new TcpListener(server);
  }

  bind(at: Address, receive: (from: Address, payload: Uint8Array) => void): Promise<DatagramSocket> {
    return bindDatagramSocket(at, receive);
  }
}

class TcpListener implements Listener {
  readonly address: Address;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new TypeError('a TCP listener must have an IP address');
    this.address = { host: bound.address, port: bound.port };
    server.removeAllListeners('error');
    // After binding, an accept may fail (out of descriptors); the listener goes on with the next one.
    server.on('error', () => {});
  }

  close(): Promise<void> {
    // `server.close` reports the end only when the last connection is gone; those stay, so its callback is not awaited.
    return new Promise((closed) => {
      if (!this.#server.listening) return closed();
      this.#server.close();
      setImmediate(closed);
    });
  }
}
