import { type Client, connect } from '@quorate/cluster/client';
import type { Address } from '@quorate/env';
import { createNodeEnv, type NodeEnv } from '@quorate/env/node';
import type { Contender } from './contender.ts';

/** The native client: one connection, with exactly-once sessions as always. */
export class NativeContender implements Contender {
  readonly name = 'quorate, native';
  readonly #env: NodeEnv;
  readonly #client: Client;

  private constructor(env: NodeEnv, client: Client) {
    this.#env = env;
    this.#client = client;
  }

  static async connect(endpoints: readonly Address[]): Promise<NativeContender> {
    const env = createNodeEnv({ log: { level: 'error' } });
    return new NativeContender(env, await connect({ env, endpoints, timeoutMs: 30_000 }));
  }

  put(key: string, value: Uint8Array): Promise<unknown> {
    return this.#client.put(key, value);
  }

  get(key: string): Promise<unknown> {
    return this.#client.get(key);
  }

  async watch(key: string, count: number, seen: () => void): Promise<() => Promise<void>> {
    const watchers = Array.from({ length: count }, () => this.#client.watch(key));
    await Promise.all(watchers.map(({ started }) => started));
    for (const watcher of watchers) {
      void (async () => {
        for await (const { events } of watcher) for (let i = 0; i < events.length; i++) seen();
      })();
    }
    return async () => {
      await Promise.all(watchers.map((watcher) => watcher.close()));
    };
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.#env[Symbol.dispose]();
  }
}
