/** Where `quorate dev` keeps a cluster: one directory, with the cluster's shape, a configuration file and a data directory per node. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createNodeEnv } from '@quorate/env/node';
import { type NodeSettings, SettingsError } from '../settings.ts';

export interface DevOptions {
  readonly nodes: number;
  readonly directory: string;
  readonly basePort: number;
  /** Forget what an earlier run left. */
  readonly fresh: boolean;
}

export interface DevNode {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly etcdPort: number;
  readonly configFile: string;
}

interface ClusterFile {
  readonly version: 1;
  readonly nodes: number;
  readonly basePort: number;
}

const HOST = '127.0.0.1';
const CLUSTER_FILE = 'cluster.json';
/** The nodes’ data directories and configuration files. */
const OWN = /^n[1-9]\d*(\.json(\.tmp)?)?$/;
const PORT_MAX = 65_535;

/** Port of service `s` of the node with that ordinal, from 1: `basePort + 10·i + s`. */
export const portOf = (basePort: number, ordinal: number, service: number): number => basePort + 10 * ordinal + service;

/** Writes what the nodes need, or finds it from an earlier run. Throws `SettingsError` when the two do not fit. */
export function prepareDevCluster(options: DevOptions): readonly DevNode[] {
  const directory = resolve(options.directory);
  const clusterFile = join(directory, CLUSTER_FILE);
  const highest = portOf(options.basePort, options.nodes, 2);
  if (highest > PORT_MAX) {
    throw new SettingsError(
      `--base-port ${options.basePort}: node ${options.nodes} would listen on port ${highest}, and ${PORT_MAX} is the last one`,
    );
  }
  if (options.fresh) removeCluster(directory, clusterFile);
  const shape: ClusterFile = { version: 1, nodes: options.nodes, basePort: options.basePort };
  if (existsSync(clusterFile)) checkShape(clusterFile, shape);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new SettingsError(`--data: ${directory} cannot be made: ${(cause as Error).message}`, { cause });
  }
  const ordinals = Array.from({ length: options.nodes }, (_, at) => at + 1);
  const initialCluster = Object.fromEntries(
    ordinals.map((i) => [`n${i}`, `${HOST}:${portOf(options.basePort, i, 0)}`]),
  );
  const nodes = ordinals.map((ordinal) => writeNode(directory, options.basePort, ordinal, initialCluster));
  writeFileAtomically(clusterFile, shape);
  return nodes;
}

/** Throws `SettingsError` while a node of an earlier run still holds its data. */
export async function expectStopped(given: string): Promise<void> {
  const directory = resolve(given);
  if (!existsSync(join(directory, CLUSTER_FILE))) return;
  using env = createNodeEnv({ log: { level: 'warn' } });
  for (const name of readdirSync(directory)) {
    const lock = join(directory, name, 'lock');
    if (!existsSync(lock)) continue;
    try {
      await using _ = await env.disk.lock(lock);
    } catch (cause) {
      throw new SettingsError(`--fresh: the cluster in ${directory} is running: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

/** Only what this command has laid out is ever removed: whatever else is in the directory stays. */
function removeCluster(directory: string, clusterFile: string): void {
  if (existsSync(clusterFile)) {
    for (const name of readdirSync(directory)) if (OWN.test(name)) rmSync(join(directory, name), { recursive: true });
    rmSync(clusterFile);
  } else if (existsSync(directory)) {
    throw new SettingsError(
      `--fresh: ${directory} exists but has no ${CLUSTER_FILE}, so it is not a dev cluster and is left alone`,
    );
  }
}

function checkShape(clusterFile: string, wanted: ClusterFile): void {
  let found: Partial<ClusterFile>;
  try {
    found = (JSON.parse(readFileSync(clusterFile, 'utf8')) ?? {}) as Partial<ClusterFile>;
  } catch (cause) {
    throw new SettingsError(`cannot read ${clusterFile}: ${(cause as Error).message}`, { cause });
  }
  for (const key of ['version', 'nodes', 'basePort'] as const) {
    if (found[key] === wanted[key]) continue;
    throw new SettingsError(
      `the cluster in ${clusterFile} has ${key} ${found[key]}, this run asks for ${wanted[key]}: use --${key === 'basePort' ? 'base-port' : key} ${found[key]}, another --data directory, or --fresh to forget it`,
    );
  }
}

function writeNode(
  directory: string,
  basePort: number,
  ordinal: number,
  initialCluster: Record<string, string>,
): DevNode {
  const name = `n${ordinal}`;
  const settings = {
    name,
    dataDir: join(directory, name),
    host: HOST,
    port: portOf(basePort, ordinal, 0),
    httpPort: portOf(basePort, ordinal, 1),
    etcdPort: portOf(basePort, ordinal, 2),
    initialCluster,
  } satisfies Partial<NodeSettings>;
  const configFile = join(directory, `${name}.json`);
  writeFileAtomically(configFile, settings);
  return { ...settings, configFile };
}

function writeFileAtomically(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}
