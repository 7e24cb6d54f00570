import type { Client } from '../client.ts';
import { absent, put } from '../operations.ts';
import { firstDeletion } from './place-in-line.ts';

/** While it is raised, those who come wait. It stays raised, whoever raised it, until somebody lowers it. */
export class Barrier {
  readonly key: string;
  readonly #client: Client;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.key = name;
  }

  /** Resolves with true when this call raised it, false when it was up already. */
  async raise(): Promise<boolean> {
    const { succeeded } = await this.#client.txn({ if: [absent(this.key)], then: [put(this.key, '')] });
    return succeeded;
  }

  /** Lets all who wait pass. Resolves with false when it was not up. */
  async lower(): Promise<boolean> {
    return (await this.#client.delete(this.key)).deleted > 0;
  }

  /** Resolves once it is not raised, or has been lowered meanwhile, also if somebody raised it again at once. */
  async wait(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    for (;;) {
      const { kvs, revision } = await this.#client.range(this.key, { keysOnly: true, signal: options.signal });
      if (kvs.length === 0) return;
      if (await firstDeletion(this.#client, this.key, revision, options.signal)) return;
    }
  }
}
