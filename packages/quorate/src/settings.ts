/**
 * A node's settings, one table: each key can stand in the configuration file, as a flag and as an environment variable. The
 * flag wins over the variable, the variable over the file, the file over the default.
 */
import { readFileSync } from 'node:fs';
import { findAddress } from '@quorate/cluster/client';

/** What `quorate serve` and `startNode` need to know. */
export interface NodeSettings {
  /** Unique within the cluster; the node's identity is derived from it and the cluster. */
  readonly name: string;
  /** One directory per node. */
  readonly dataDir: string;
  /** The address that everything listens on. */
  readonly host: string;
  /** Native protocol, for peers and clients. */
  readonly port: number;
  /** HTTP: health, readiness, status, metrics. */
  readonly httpPort: number;
  /** etcd v3. */
  readonly etcdPort: number;
  /** All founding members: name to `host:port` of the native protocol. Must be the same on each of them. */
  readonly initialCluster: Readonly<Record<string, string>>;
  /** Keeps clusters with the same members apart. */
  readonly clusterToken: string;
  /** Native addresses of an existing cluster that this node was added to. Then `initialCluster` is not used. */
  readonly join: readonly string[];
  /** What the others are told to connect to, when it is not `host:port`. */
  readonly advertise: string | undefined;
  /** Allows listening beyond this machine without TLS and authentication. */
  readonly insecure: boolean;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly reads: 'index' | 'lease';
  /** Log entries behind the last snapshot that bring on the next one. */
  readonly snapshotEntries: number;
  /** Bytes of keys, values and bookkeeping above which writes are refused. */
  readonly quotaBytes: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'pretty' | 'json';
}

const PORT_MAX = 65_535;

type Kind = 'text' | 'port' | 'count' | 'bytes' | 'flag' | 'list' | 'cluster' | readonly string[];

interface Setting {
  readonly kind: Kind;
  readonly help: string;
  /** Undefined: must be given. */
  readonly fallback: NodeSettings[keyof NodeSettings] | undefined;
  readonly optional?: boolean;
}

export const settingTable: { readonly [K in keyof NodeSettings]: Setting } = {
  name: { kind: 'text', help: 'name of this node, unique within the cluster', fallback: undefined },
  dataDir: { kind: 'text', help: 'directory of this node’s data', fallback: undefined },
  host: { kind: 'text', help: 'address to listen on', fallback: '127.0.0.1' },
  port: { kind: 'port', help: 'port of the native protocol, for peers and clients', fallback: 7410 },
  httpPort: { kind: 'port', help: 'port of health, status and metrics', fallback: 7411 },
  etcdPort: { kind: 'port', help: 'port of the etcd v3 API', fallback: 7412 },
  initialCluster: { kind: 'cluster', help: 'founding members: name=host:port,…', fallback: {} },
  clusterToken: { kind: 'text', help: 'keeps clusters with the same members apart', fallback: 'quorate' },
  join: { kind: 'list', help: 'native addresses of the cluster to join: host:port,…', fallback: [] },
  advertise: { kind: 'text', help: 'host:port that others connect to', fallback: undefined, optional: true },
  insecure: { kind: 'flag', help: 'allow listening beyond this machine without TLS', fallback: false },
  electionTimeoutMs: { kind: 'count', help: 'shortest silence before an election, in milliseconds', fallback: 300 },
  heartbeatIntervalMs: { kind: 'count', help: 'between a leader’s heartbeats, in milliseconds', fallback: 60 },
  reads: { kind: ['index', 'lease'], help: 'how linearizable reads are confirmed', fallback: 'index' },
  snapshotEntries: { kind: 'count', help: 'log entries between snapshots', fallback: 50_000 },
  quotaBytes: { kind: 'bytes', help: 'size of the key space above which writes are refused', fallback: 2 * 1024 ** 3 },
  logLevel: { kind: ['debug', 'info', 'warn', 'error'], help: 'least level that is logged', fallback: 'info' },
  logFormat: { kind: ['pretty', 'json'], help: 'how log lines look', fallback: 'pretty' },
};

/** A setting that cannot be used: the message names the key, where it came from, what it held and what is expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const settingKeys: readonly (keyof NodeSettings)[] = Object.keys(settingTable) as (keyof NodeSettings)[];

/** `electionTimeoutMs` → `election-timeout-ms`. */
export const flagName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
/** `electionTimeoutMs` → `QUORATE_ELECTION_TIMEOUT_MS`. */
export const variableName = (key: string): string => `QUORATE_${flagName(key).replaceAll('-', '_').toUpperCase()}`;

export interface SettingSources {
  /** Parsed command-line flags by key. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file?: string | undefined;
}

/** Merges and checks all sources. Throws `SettingsError` naming the offending key and its source. */
export function loadSettings(sources: SettingSources): NodeSettings {
  const file = sources.file === undefined ? {} : readSettingsFile(sources.file);
  const merged: Record<string, unknown> = {};
  for (const key of settingKeys) {
    const variable = sources.environment[variableName(key)];
    const [value, origin] =
      sources.flags[key] !== undefined
        ? [sources.flags[key], `--${flagName(key)}`]
        : variable !== undefined
          ? [variable, variableName(key)]
          : file[key] !== undefined
            ? [file[key], `"${key}" in ${sources.file}`]
            : [undefined, ''];
    merged[key] = value === undefined ? fallbackOf(key) : parseSetting(settingTable[key].kind, value, origin);
  }
  return checkTogether(merged as unknown as NodeSettings);
}

function fallbackOf(key: keyof NodeSettings): unknown {
  const { fallback, optional } = settingTable[key];
  if (fallback === undefined && optional !== true) {
    throw new SettingsError(
      `${key} is missing: give --${flagName(key)}, ${variableName(key)}, or "${key}" in the configuration file`,
    );
  }
  return fallback;
}

function readSettingsFile(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new SettingsError(`cannot read the configuration file ${path}: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SettingsError(`the configuration file ${path} must hold one JSON object`);
  }
  const known: readonly string[] = settingKeys;
  const strangers = Object.keys(parsed).filter((key) => !known.includes(key));
  if (strangers.length > 0) {
    throw new SettingsError(
      `unknown ${strangers.map((key) => `"${key}"`).join(', ')} in ${path}: known are ${known.join(', ')}`,
    );
  }
  return parsed as Record<string, unknown>;
}

function parseSetting(kind: Kind, value: unknown, origin: string): unknown {
  const fail = (expected: string): never => {
    throw new SettingsError(`${origin}: expected ${expected}, got ${JSON.stringify(value)}`);
  };
  if (typeof kind !== 'string') {
    return kind.includes(value as string) ? value : fail(`one of ${kind.join(', ')}`);
  }
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value.length > 0 ? value : fail('a text that is not empty');
    case 'port': {
      const port = wholeNumber(value);
      return port >= 0 && port <= PORT_MAX ? port : fail('a port from 0 to 65535');
    }
    case 'count': {
      const count = wholeNumber(value);
      return count > 0 ? count : fail('a whole number above 0');
    }
    case 'bytes':
      return parseBytes(String(value)) ?? fail('a number of bytes, like 1048576, 512MiB or 2GiB');
    case 'flag':
      if (value === true || value === 'true' || value === '1') return true;
      return value === false || value === 'false' || value === '0' ? false : fail('true or false');
    case 'list': {
      const items = Array.isArray(value)
        ? value.map(String)
        : String(value)
            .split(',')
            .filter((item) => item !== '');
      return items.every(isAddress) ? items : fail('host:port addresses, separated by commas');
    }
    case 'cluster':
      return parseCluster(value) ?? fail('name=host:port pairs, separated by commas (in a file: an object)');
  }
}

export const isAddress = (text: string): boolean => findAddress(text) !== undefined;

/** NaN when it is none: an empty text, null and true are not numbers here, whatever `Number` makes of them. */
function wholeNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : Number.NaN;
}

function parseBytes(text: string): number | undefined {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB)?$/.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }[(match[2] ?? 'B') as 'B'];
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

function parseCluster(value: unknown): Record<string, string> | undefined {
  const pairs: [string, string][] =
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([name, address]) => [name, String(address)])
      : String(value)
          .split(',')
          .filter((pair) => pair !== '')
          .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  if (pairs.some(([name, address]) => name === '' || !isAddress(address))) return undefined;
  const cluster = Object.fromEntries(pairs);
  return Object.keys(cluster).length === pairs.length ? cluster : undefined;
}

const loopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

function checkTogether(settings: NodeSettings): NodeSettings {
  if (!loopback(settings.host) && !settings.insecure) {
    throw new SettingsError(
      `host ${settings.host} is reachable from other machines, and this version has neither TLS nor authentication: listen on 127.0.0.1, or say --insecure if the network is trusted`,
    );
  }
  if (settings.join.length === 0) {
    const own = settings.initialCluster[settings.name];
    if (own === undefined) {
      throw new SettingsError(
        `initialCluster must name this node, ${settings.name}: it names ${Object.keys(settings.initialCluster).join(', ') || 'nobody'} (or use join to enter an existing cluster)`,
      );
    }
  }
  if (settings.heartbeatIntervalMs * 2 > settings.electionTimeoutMs) {
    throw new SettingsError(
      `heartbeatIntervalMs (${settings.heartbeatIntervalMs}) must be at most half of electionTimeoutMs (${settings.electionTimeoutMs})`,
    );
  }
  return settings;
}
