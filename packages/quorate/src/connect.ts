import { type Client, type ClientOptions, connect as connectOver } from '@quorate/cluster/client';
import { createNodeEnv, type NodeEnv } from '@quorate/env/node';

let shared: NodeEnv | undefined;

/**
 * A client of a running cluster, on this process's own network and clock. Resolves when a member answers; rejects with a
 * `CoreError`, when none does within `timeoutMs`, saying why.
 */
export function connect(options: Omit<ClientOptions, 'env'>): Promise<Client> {
  shared ??= createNodeEnv();
  return connectOver({ ...options, env: shared });
}
