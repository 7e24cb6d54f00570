/** Two nodes, a server `s` and a client `c`, and what their ends of a connection hear. */
import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { World, type WorldOptions } from '../world/index.ts';
import type { LinkQuality } from './index.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);
export const sleep = (env: Env, ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(Instant.add(env.clock.monotonic(), ms), resolve);
  });

export const make = (quality: Partial<LinkQuality> = {}, options: Partial<WorldOptions> = {}): World =>
  new World({ seed: 11n, ...options, net: { quality, ...options.net } });

/** What one end has heard. */
export interface End {
  connection: Connection;
  received: string;
  chunks: number;
  events: string[];
}

export function handlerOf(
  end: End,
  extra: { ended?: () => void } = {},
): {
  connected(): void;
  data(chunk: Uint8Array): void;
  drained(): void;
  closed(error: { code: string } | undefined): void;
} {
  return {
    connected: () => end.events.push('connected'),
    data: (chunk) => {
      end.received += text(chunk);
      end.chunks += 1;
    },
    drained: () => end.events.push('drained'),
    closed: (error) => end.events.push(error === undefined ? 'closed' : `closed: ${error.code}`),
    ...extra,
  };
}

export const endOf = (connection?: Connection): End => ({
  connection: connection!,
  received: '',
  chunks: 0,
  events: [],
});

/** Connects client `c` with server `s`, and gives both ends. */
export async function connected(world: World): Promise<{ client: End; server: End }> {
  const client = endOf();
  const server = endOf();
  world.node('s').start((env) =>
    env.net.listen({ host: 's', port: 1 }, (connection) => {
      server.connection = connection;
      return handlerOf(server);
    }),
  );
  await world.run({ forMs: 1 });
  world.node('c').start((env) => {
    client.connection = env.net.connect({ host: 's', port: 1 }, handlerOf(client));
  });
  await world.run({ until: () => server.connection !== undefined, forMs: 5000 });
  return { client, server };
}

/** Writes as code of the client's process. */
export const write = (world: World, node: string, end: End, content: string): Promise<void> =>
  world.settle(world.node(node).call(() => end.connection.write(bytes(content))));
