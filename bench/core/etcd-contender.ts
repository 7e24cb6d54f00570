import type { Address } from '@quorate/env';
import { GrpcClient, PUT, RANGE, WATCH } from '@quorate/gateways/etcd/client';
import type { Contender } from './contender.ts';

const encoder = new TextEncoder();
const putRequest = PUT.request.create();
const rangeRequest = RANGE.request.create();
const watchCreate = { ...WATCH.request.create() };

/** Connections that the calls are spread over: what a service with several workers would open. */
const CONNECTIONS = 8;

/** etcd's protocol against one member, with the same client for both sides. */
export class EtcdContender implements Contender {
  readonly name: string;
  readonly #clients: readonly GrpcClient[];
  #next = 0;

  private constructor(name: string, clients: readonly GrpcClient[]) {
    this.name = name;
    this.#clients = clients;
  }

  static async connect(name: string, address: Address): Promise<EtcdContender> {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => GrpcClient.connect(address)));
    return new EtcdContender(name, clients);
  }

  put(key: string, value: Uint8Array): Promise<unknown> {
    return this.#client().unary(PUT, { ...putRequest, key: encoder.encode(key), value });
  }

  get(key: string): Promise<unknown> {
    return this.#client().unary(RANGE, { ...rangeRequest, key: encoder.encode(key) });
  }

  async watch(key: string, count: number, seen: () => void): Promise<() => Promise<void>> {
    const streams = await Promise.all(
      this.#clients.map((client, at) => this.#stream(client, key, share(count, at), seen)),
    );
    return async () => {
      for (const cancel of streams) cancel();
    };
  }

  /** Several watches share a stream, as etcd's own client does it. Resolves when all of them are established. */
  #stream(client: GrpcClient, key: string, count: number, seen: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let created = 0;
      const stream = client.stream(WATCH, {
        message: (response) => {
          if (response.created) created += 1;
          if (response.created && created === count) resolve(() => stream.cancel());
          for (let i = 0; i < response.events.length; i++) seen();
        },
        ended: (error) => reject(error ?? new Error('the watch ended')),
      });
      const range = { key: encoder.encode(key), rangeEnd: new Uint8Array(), startRevision: 0, progressNotify: false };
      const createRequest = { ...range, filters: [], prevKv: false, watchId: 0, fragment: false };
      for (let i = 0; i < count; i++) stream.send({ ...watchCreate, createRequest });
    });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
  }

  #client(): GrpcClient {
    this.#next = (this.#next + 1) % this.#clients.length;
    return this.#clients[this.#next]!;
  }
}

function share(count: number, at: number): number {
  return Math.floor(count / CONNECTIONS) + (at < count % CONNECTIONS ? 1 : 0);
}
