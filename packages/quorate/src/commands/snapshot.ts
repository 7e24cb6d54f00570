/** `snapshot save | status | restore`: copies of the state, and new clusters from them. */
import { resolve } from 'node:path';
import { type SnapshotSummary, summarizeSnapshot } from '@quorate/cluster/core/machine';
import { restoreDataDirectory } from '@quorate/cluster/node';
import { createNodeEnv } from '@quorate/env/node';
import { Command } from 'commander';
import { loadSettings } from '../settings.ts';
import { saveSnapshotFile, verifySnapshotFile } from './snapshot-file.ts';
import { formatBytes } from './status.ts';
import { type ClientFlags, endpointsOption, timeoutOption, withClient } from './with-client.ts';

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

function saveCommand(): Command {
  return new Command('save')
    .description('write the whole state of a running cluster to a file')
    .argument('<file>')
    .addOption(endpointsOption())
    .addOption(timeoutOption())
    .action(async (file: string, flags: ClientFlags) => {
      process.exitCode = await withClient(flags, async (client, signal) => {
        print(`${await saveSnapshotFile(file, client.cluster.snapshot({ signal }))} bytes in ${file}`);
        return 0;
      });
    });
}

function statusCommand(): Command {
  return new Command('status')
    .description('verify a snapshot and say what is in it; exit status 1 when it is damaged')
    .argument('<file>')
    .option('--json', 'machine-readable', false)
    .action(async (file: string, flags: { json: boolean }) => {
      const { fileBytes, digest, chunks } = await verifySnapshotFile(file);
      const summary = await summarizeSnapshot(chunks());
      print(
        flags.json ? JSON.stringify({ ...summary, fileBytes, digest }, null, 2) : table(summary, fileBytes, digest),
      );
    });
}

function table(summary: SnapshotSummary, fileBytes: number, digest: string): string {
  const { revision, compactRevision, keys, leases, sizeBytes, appliedIndex, leaseEpoch, hash } = summary;
  const compacted = compactRevision < 0 ? 'never compacted' : `compacted to ${compactRevision}`;
  const rows: [string, string][] = [
    ['revision', `${revision} (${compacted})`],
    ['keys', String(keys)],
    ['leases', String(leases)],
    ['size', `${formatBytes(sizeBytes)} in memory, ${formatBytes(fileBytes)} in the file`],
    ['log', `index ${appliedIndex}, term ${leaseEpoch} or later`],
    ['hash', hash.toString(16).padStart(8, '0')],
    ['sha256', digest],
  ];
  return rows.map(([name, value]) => `${name.padEnd(9)} ${value}`).join('\n');
}

interface RestoreFlags {
  readonly config?: string;
  readonly name?: string;
  readonly dataDir?: string;
  readonly initialCluster?: string;
  readonly clusterToken?: string;
}

function restoreCommand(): Command {
  return new Command('restore')
    .description('make the data directory of a founding member of a new cluster that begins with this state')
    .argument('<file>', 'the same one for every founding member')
    .option('--config <file>', 'JSON file of settings, as for serve')
    .option('--name <text>', 'name of the member')
    .option('--data-dir <directory>', 'its data directory; must be empty, or not exist')
    .option('--initial-cluster <cluster>', 'all founding members: name=host:port,…')
    .option('--cluster-token <text>', 'keeps clusters with the same members apart')
    .action(async (file: string, { config, ...flags }: RestoreFlags) => {
      const settings = loadSettings({ flags, environment: {}, file: config });
      const { name, initialCluster, clusterToken } = settings;
      const { digest, chunks } = await verifySnapshotFile(file);
      using env = createNodeEnv({ log: { level: 'warn' } });
      const dataDirectory = resolve(settings.dataDir);
      const given = { name, dataDirectory, initialCluster, clusterToken, origin: digest };
      const { clusterId } = await restoreDataDirectory(env, given, chunks());
      print(`restored ${name} of the new cluster ${clusterId} in ${dataDirectory}`);
      print('do the same for every founding member, then start them with the same initial cluster and token');
    });
}

export function snapshotCommand(): Command {
  return new Command('snapshot')
    .description('copies of the state')
    .addCommand(saveCommand())
    .addCommand(statusCommand())
    .addCommand(restoreCommand());
}
