import { Client } from '@quorate/cluster/client';
import { createNodeEnv } from '@quorate/env/node';
import { Option } from 'commander';
import { addresses, seconds } from './arguments.ts';

/** What all commands that speak to a cluster accept. */
export interface ClientFlags {
  readonly endpoints: string;
  readonly timeout: number;
  /** Any node will do: no leader is waited for. */
  readonly serializable?: boolean;
}

export const endpointsOption: () => Option = () =>
  new Option('--endpoints <list>', 'native addresses of the cluster, host:port,…')
    .env('QUORATE_ENDPOINTS')
    .argParser(addresses)
    .default('127.0.0.1:7410,127.0.0.1:7420,127.0.0.1:7430');

export const timeoutOption: () => Option = () =>
  new Option('--timeout <seconds>', 'how long one call may take').argParser(seconds).default(5);

/** Connects, runs, and closes whatever happened. `work` gets a signal that aborts on Ctrl-C. Resolves with the exit status. */
export function withClient(
  flags: ClientFlags,
  work: (client: Client, signal: AbortSignal) => Promise<number | undefined>,
): Promise<number> {
  return withClients(flags, 1, ([client], signal) => work(client!, signal));
}

/** The same with several clients, each with a connection of its own. */
export async function withClients(
  flags: ClientFlags,
  count: number,
  work: (clients: readonly Client[], signal: AbortSignal) => Promise<number | undefined>,
): Promise<number> {
  const env = createNodeEnv({ log: { level: 'warn' } });
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const clients: Client[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const endpoints = flags.endpoints.split(',').filter((endpoint) => endpoint !== '');
      const client = new Client({ env, endpoints, timeoutMs: flags.timeout * 1000 });
      clients.push(client);
      if (flags.serializable !== true) await Promise.race([client.ready(), rejectsOn(interrupted.signal)]);
    }
    return (await work(clients, interrupted.signal)) ?? 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    throw error;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function rejectsOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
