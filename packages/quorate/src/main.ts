/** The command line. Each command's work is in `commands/`; this file only says what can be typed. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { checkCommand } from './commands/check-command.ts';
import { runDev } from './commands/dev.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addMemberCommands } from './commands/members.ts';
import { runServe } from './commands/serve.ts';
import { simCommand } from './commands/sim-command.ts';
import { snapshotCommand } from './commands/snapshot.ts';
import { runStatus } from './commands/status.ts';
import { flagName, SettingsError, settingKeys, settingTable } from './settings.ts';
import { version } from './version.ts';

const DEFAULT_HTTP = '127.0.0.1:7411,127.0.0.1:7421,127.0.0.1:7431';

/** A whole number from `least` on, or an error that names the argument. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number from ${least} on.`);
    return value;
  };
}

function devCommand(): Command {
  return new Command('dev')
    .description('start a cluster of separate processes on this machine, and supervise it')
    .option('--nodes <count>', 'how many nodes', wholeNumber(1), 3)
    .option('--data <directory>', 'where the cluster keeps its data', '.quorate/dev')
    .option('--base-port <port>', 'node i listens from this + 10·i on', wholeNumber(1), 7400)
    .option('--fresh', 'forget the data of an earlier run', false)
    .action(async (options: { nodes: number; data: string; basePort: number; fresh: boolean }) => {
      process.exitCode = await runDev({ ...options, directory: options.data });
    });
}

function serveCommand(): Command {
  const command = new Command('serve')
    .description('run one node; every setting is also a QUORATE_… variable and a key of the configuration file')
    .option('--config <file>', 'JSON file of settings');
  for (const key of settingKeys) {
    const { kind, help, fallback } = settingTable[key];
    const shown =
      fallback === undefined || (typeof fallback === 'object' && Object.keys(fallback).length === 0)
        ? ''
        : ` (default ${String(fallback)})`;
    command.addOption(
      new Option(
        kind === 'flag'
          ? `--${flagName(key)}`
          : `--${flagName(key)} <${typeof kind === 'string' ? kind : kind.join('|')}>`,
        help + shown,
      ),
    );
  }
  return command.action(async (options: Record<string, unknown>) => {
    const { config, ...flags } = options;
    process.exitCode = await runServe({ flags, environment: process.env, file: config as string | undefined });
  });
}

function statusCommand(): Command {
  return new Command('status')
    .description('show every node: role, term, indexes, lag')
    .option('--endpoints <list>', 'HTTP addresses of the nodes, host:port,…', DEFAULT_HTTP)
    .option('--json', 'machine-readable', false)
    .option('--timeout <seconds>', 'how long to wait for a node', Number, 2)
    .action(async (options: { endpoints: string; json: boolean; timeout: number }) => {
      process.exitCode = await runStatus({
        endpoints: options.endpoints.split(',').filter((endpoint) => endpoint !== ''),
        json: options.json,
        timeoutMs: options.timeout * 1000,
      });
    });
}

export function program(): Command {
  const root = new Command('quorate')
    .description('Distributed-systems patterns as production TypeScript, and the running cluster they add up to.')
    .version(version)
    .showHelpAfterError('(quorate --help shows what there is)')
    .enablePositionalOptions();
  root.addCommand(devCommand()).addCommand(serveCommand()).addCommand(statusCommand());
  addKeyCommands(root);
  addMemberCommands(root);
  root.addCommand(snapshotCommand());
  root.addCommand(checkCommand()).addCommand(simCommand()).addCommand(benchCommand());
  return root;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}

/** When nobody reads any more what a command prints (`| head`), it ends in order and without a word, as if told to. */
function endWithoutReader(): void {
  let ending = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!ending) process.kill(process.pid, 'SIGTERM');
      ending = true;
    });
  }
}

/** Runs one command line; sets the process's exit status: 0 done, 1 failed, 2 could not be understood or set up. */
export async function main(argv: readonly string[]): Promise<void> {
  const root = program();
  throwInsteadOfExit(root);
  endWithoutReader();
  try {
    await root.parseAsync(argv);
  } catch (error) {
    const { code, exitCode } = error as { code?: string; exitCode?: number };
    if (code?.startsWith('commander.')) {
      process.exitCode = exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(`quorate: ${(error as Error).message}\n`);
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}
