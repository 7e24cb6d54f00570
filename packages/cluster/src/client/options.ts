import type { Address, ConnectionHandler, Env } from '@quorate/env';
import { CoreError } from '../core/errors.ts';
import { parseAddress } from './endpoints.ts';
import type { Dial } from './server-link.ts';

export type ClientEnv = Pick<Env, 'clock' | 'timers' | 'tasks' | 'random' | 'net'>;

export interface ClientOptions {
  readonly env: ClientEnv;
  /** `host:port` of one or more members; the others are learnt from them. */
  readonly endpoints: readonly (string | Address)[];
  /** How long a call may take unless it says otherwise, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Calls without an answer beyond which more are refused with `too-many-requests`. Default 65,536. */
  readonly inFlightMax?: number;
  /** Refuses servers of any other cluster. Default: the cluster of the first server reached. */
  readonly clusterId?: number;
  /** Shown in the servers' logs. Default: random. */
  readonly name?: string;
  /** How connections are made. Default `env.net.connect`. */
  readonly dial?: Dial;
}

export interface ResolvedClientOptions {
  readonly env: ClientEnv;
  readonly endpoints: readonly Address[];
  readonly timeoutMs: number;
  readonly inFlightMax: number;
  readonly clusterId: number;
  readonly name: string;
  readonly dial: Dial;
}

/** Throws `invalid-request` naming the option that cannot be used. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const { env } = options;
  if (options.endpoints.length === 0) {
    throw new CoreError('invalid-request', 'endpoints is empty: give host:port of at least one member');
  }
  return {
    env,
    endpoints: options.endpoints.map((endpoint) => (typeof endpoint === 'string' ? parseAddress(endpoint) : endpoint)),
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? 5000),
    inFlightMax: positive('inFlightMax', options.inFlightMax ?? 65_536),
    clusterId: options.clusterId ?? 0,
    name: options.name ?? `client-${env.random.stream('client-name').uint32().toString(16).padStart(8, '0')}`,
    dial: options.dial ?? ((to: Address, handler: ConnectionHandler) => env.net.connect(to, handler)),
  };
}

function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new CoreError('invalid-request', `${name} must be a number above 0, not ${value}`);
}
