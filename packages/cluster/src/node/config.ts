import type { Address } from '@quorate/env';
import { parseAddress } from '../client/endpoints.ts';
import type { CreateKernel, GroupOptions } from '../raft/index.ts';
import type { LogStoreOptions } from '../storage/index.ts';

/** How one node of the consistent core is to be run. */
export interface CoreNodeConfig {
  /** Unique within the cluster. With the cluster's id it makes the node's identity, so it must not be given to another node later. */
  readonly name: string;
  /** An absolute path; one directory per node. */
  readonly dataDirectory: string;
  /** Where peers and native clients connect to. Port 0 lets the system choose, which only a single node can do. */
  readonly listen: Address;
  /** `host:port` that the others are told, when it is not that of `listen`. */
  readonly advertise?: string | undefined;
  /** URLs of this node's etcd face, for etcd clients that ask for the members. */
  readonly clientUrls?: readonly string[];
  /** The founding members, name to `host:port`, this one included and the same on all of them. Absent with `join`. */
  readonly initialCluster?: Readonly<Record<string, string>>;
  /** Keeps clusters with the same founders apart. Default `quorate`. */
  readonly clusterToken?: string;
  /** Native addresses of a running cluster, to become a member of it. Not looked at again once there is data. */
  readonly join?: readonly string[];
  /** What becomes of a node that joins, once it has caught up. Default `voter`. */
  readonly joinAs?: 'voter' | 'learner';
  /** Bytes of keys, values and bookkeeping above which writes are refused. Default 2 GiB. */
  readonly quotaBytes?: number;
  readonly raft?: GroupOptions;
  /** Default: `Raft` of the patterns. Simulations put one in its place that is watched. */
  readonly createKernel?: CreateKernel;
  readonly storage?: Omit<LogStoreOptions, 'clusterId' | 'nodeId'>;
  /** What `status` says of this program. Default that of this package. */
  readonly version?: string;
}

/** A configuration that cannot be used. The message names the key, what it held, and what is expected. */
export class NodeConfigError extends Error {
  override readonly name = 'NodeConfigError';
  readonly key: keyof CoreNodeConfig;
  constructor(key: keyof CoreNodeConfig, message: string) {
    super(`${key}: ${message}`);
    this.key = key;
  }
}

/** Throws `NodeConfigError` naming the first key that is wrong. */
export function checkConfig(config: CoreNodeConfig): void {
  const { listen, advertise, initialCluster, join, quotaBytes } = config;
  checkPlace(config);
  if (!isPort(listen?.port) || listen.host === '') fail('listen', 'expected a host and a port from 0 to 65535');
  if (advertise !== undefined) checkAddress('advertise', advertise);
  if (quotaBytes !== undefined && !(quotaBytes > 0)) fail('quotaBytes', `expected a number above 0, got ${quotaBytes}`);
  if (join !== undefined && join.length > 0) {
    if (initialCluster !== undefined && Object.keys(initialCluster).length > 0) {
      fail('join', 'cannot be used together with initialCluster: a node either founds a cluster or joins one');
    }
    for (const address of join) checkAddress('join', address);
  } else {
    checkFounders(config);
    if (listen.port === 0 && Object.keys(initialCluster ?? {}).length > 1) {
      fail('listen', 'port 0 is for a single node: the other founders could not find this one');
    }
  }
}

/** Throws `NodeConfigError` when no founding member can be made of this. */
export function checkFounding(config: Pick<CoreNodeConfig, 'name' | 'dataDirectory' | 'initialCluster'>): void {
  checkPlace(config);
  checkFounders(config);
}

function fail(key: keyof CoreNodeConfig, message: string): never {
  throw new NodeConfigError(key, message);
}

function checkPlace({ name, dataDirectory }: Pick<CoreNodeConfig, 'name' | 'dataDirectory'>): void {
  if (typeof name !== 'string' || name.length === 0) fail('name', 'expected a text that is not empty');
  if (typeof dataDirectory !== 'string' || !dataDirectory.startsWith('/')) {
    fail('dataDirectory', `expected an absolute path, got ${JSON.stringify(dataDirectory)}`);
  }
}

function checkFounders({ name, initialCluster }: Pick<CoreNodeConfig, 'name' | 'initialCluster'>): void {
  const founders = Object.entries(initialCluster ?? {});
  for (const [, address] of founders) checkAddress('initialCluster', address);
  if (initialCluster?.[name] === undefined) {
    const given = founders.map(([other]) => other).join(', ') || 'nobody';
    throw new NodeConfigError('initialCluster', `must name this node, ${name}: it names ${given}`);
  }
  if (new Set(founders.map(([, address]) => address)).size !== founders.length) {
    throw new NodeConfigError('initialCluster', 'two members have the same address');
  }
}

function checkAddress(key: keyof CoreNodeConfig, text: string): void {
  try {
    parseAddress(text);
  } catch (error) {
    throw new NodeConfigError(key, (error as Error).message);
  }
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535;
}
