import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup as resolve } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';
import { type Address, DATAGRAM_MAX_BYTES, type DatagramSocket } from '../net.ts';
import { netError } from './net-errors.ts';

export async function bindDatagramSocket(
  at: Address,
  receive: (from: Address, payload: Uint8Array) => void,
): Promise<DatagramSocket> {
  const socket = createSocket({ type: isIPv6(at.host) ? 'udp6' : 'udp4', lookup });
  await new Promise<void>((bound, failed) => {
    socket.once('error', (cause) => failed(netError(`bind UDP ${at.host}:${at.port}`, cause)));
    socket.bind(at.port, at.host, () => bound());
  });
  socket.removeAllListeners('error');
  return new NodeDatagramSocket(socket, receive);
}

class NodeDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, receive: (from: Address, payload: Uint8Array) => void) {
    this.#socket = socket;
    const bound = socket.address();
    this.address = { host: bound.address, port: bound.port };
    socket.on('message', (payload: Uint8Array, from: RemoteInfo) => {
      if (!this.#closed) receive({ host: from.address, port: from.port }, payload);
    });
    // What a datagram socket reports after binding concerns single datagrams, and those may get lost.
    socket.on('error', ignore);
  }

  send(to: Address, payload: Uint8Array): void {
    if (payload.length > DATAGRAM_MAX_BYTES) {
      throw new RangeError(`datagram of ${payload.length} bytes: at most ${DATAGRAM_MAX_BYTES}, split it`);
    }
    if (!this.#closed) this.#socket.send(payload, to.port, to.host, ignore);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}

function ignore(): void {}

type LookupDone = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** A literal address needs no thread of the pool. */
function lookup(host: string, options: object, done: LookupDone): void {
  const family = isIP(host);
  if (family !== 0) done(null, host, family);
  else resolve(host, { ...options, all: false }, done);
}
