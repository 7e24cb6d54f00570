/** One node in this process: the core over the real outside world, with its faces. */
import { resolve } from 'node:path';
import type { Client, CoreStatus } from '@quorate/cluster/client';
import { type CoreNode, startCoreNode } from '@quorate/cluster/node';
import { createNodeEnv } from '@quorate/env/node';
import { startEtcdGateway } from '@quorate/gateways/etcd';
import { startHttpGateway } from '@quorate/gateways/http';
import { loadSettings, type NodeSettings } from './settings.ts';
import { version } from './version.ts';

/** Settings as an application gives them: what is left out has its default; a port of `false` leaves that face out. */
export type StartNodeSettings = Partial<Omit<NodeSettings, 'httpPort' | 'etcdPort'>> &
  Pick<NodeSettings, 'name' | 'dataDir'> & {
    /** HTTP: health, readiness, status, metrics. Default: none. */
    readonly httpPort?: number | false;
    /** etcd v3. Default: none. */
    readonly etcdPort?: number | false;
  };

export interface RunningNode extends AsyncDisposable {
  readonly name: string;
  /** A client of the cluster, by way of this node first. The caller closes it; it ends with the node. */
  client(): Promise<Client>;
  readonly status: CoreStatus;
  /** Where its faces listen. */
  readonly addresses: { readonly http: string | undefined; readonly etcd: string | undefined };
  /** Resolves with the reason when the disk failed: what is not known to be on disk never will be, and the process should end. */
  readonly fatal: Promise<Error>;
  /** Resolves when this node was removed from its cluster: it serves nothing any more, and its data is of no further use. */
  readonly removed: Promise<void>;
  /** Hands the leadership over, finishes what is under way, closes. Idempotent. */
  stop(): Promise<void>;
}

/** Rejects, naming what is wrong, when a setting cannot be used, a port is taken, or the data belongs to another node or process. */
export async function startNode(given: StartNodeSettings): Promise<RunningNode> {
  const { httpPort, etcdPort, ...rest } = given;
  const settings = loadSettings({ flags: rest, environment: {} });
  const env = createNodeEnv({ log: { level: settings.logLevel, format: settings.logFormat } });
  const { host } = settings;
  const started: { close(): Promise<void> }[] = [];
  let node: CoreNode | undefined;
  try {
    node = await startCoreNode(env, {
      name: settings.name,
      version,
      dataDirectory: resolve(settings.dataDir),
      listen: { host, port: settings.port },
      advertise: settings.advertise,
      clientUrls: typeof etcdPort === 'number' && etcdPort > 0 ? [`http://${host}:${etcdPort}`] : [],
      clusterToken: settings.clusterToken,
      quotaBytes: settings.quotaBytes,
      ...(settings.join.length > 0 ? { join: settings.join } : { initialCluster: settings.initialCluster }),
      raft: {
        electionTimeoutMs: settings.electionTimeoutMs,
        heartbeatIntervalMs: settings.heartbeatIntervalMs,
        reads: settings.reads,
        snapshotEntries: settings.snapshotEntries,
      },
    });
    const addresses: { http: string | undefined; etcd: string | undefined } = { http: undefined, etcd: undefined };
    if (typeof httpPort === 'number') {
      const http = await startHttpGateway(node.core, { host, port: httpPort, log: env.log });
      started.push(http);
      addresses.http = `${http.address.host}:${http.address.port}`;
    }
    if (typeof etcdPort === 'number') {
      const etcd = await startEtcdGateway(node.core, { host, port: etcdPort, log: env.log });
      started.push(etcd);
      addresses.etcd = `${etcd.address.host}:${etcd.address.port}`;
    }
    return running(node, started, addresses, env);
  } catch (error) {
    for (const face of started) await face.close();
    await node?.stop();
    env[Symbol.dispose]();
    throw error;
  }
}

function running(
  node: CoreNode,
  faces: readonly { close(): Promise<void> }[],
  addresses: RunningNode['addresses'],
  env: Disposable,
): RunningNode {
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // The faces first: they answer nothing that the node could no longer keep.
    await Promise.all(faces.map((face) => face.close()));
    await node.stop();
    env[Symbol.dispose]();
  };
  return {
    name: node.core.status.name,
    client: () => node.client(),
    get status() {
      return node.core.status;
    },
    addresses,
    fatal: node.fatal,
    removed: node.removed,
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  };
}
