/** The command line. Each command is in `commands/`, and is loaded when it is asked for: the whole of it takes a second to load. */
import { Command } from 'commander';
import { SettingsError } from './settings.ts';
import { version } from './version.ts';

export interface Group {
  readonly names: readonly string[];
  readonly load: () => Promise<readonly Command[]>;
}

/** In the order of the help text. */
export const GROUPS: readonly Group[] = [
  { names: ['dev'], load: async () => [(await import('./commands/dev-command.ts')).devCommand()] },
  { names: ['serve'], load: async () => [(await import('./commands/serve-command.ts')).serveCommand()] },
  { names: ['status'], load: async () => [(await import('./commands/status-command.ts')).statusCommand()] },
  {
    names: ['put', 'get', 'del', 'watch', 'lock', 'elect'],
    load: async () => (await import('./commands/keys.ts')).keyCommands(),
  },
  { names: ['member'], load: async () => [(await import('./commands/members.ts')).memberCommand()] },
  { names: ['snapshot'], load: async () => [(await import('./commands/snapshot.ts')).snapshotCommand()] },
  { names: ['check'], load: async () => [(await import('./commands/check-command.ts')).checkCommand()] },
  { names: ['sim'], load: async () => [(await import('./commands/sim-command.ts')).simCommand()] },
  { names: ['bench'], load: async () => [(await import('./commands/bench.ts')).benchCommand()] },
];

/** What can be typed: the commands of the group that `name` is in, or all of them when that is none. */
async function program(name: string | undefined): Promise<Command> {
  const root = new Command('quorate')
    .description('Distributed-systems patterns as production TypeScript, and the running cluster they add up to.')
    .version(version)
    .showHelpAfterError('(quorate --help shows what there is)')
    .enablePositionalOptions();
  const asked = GROUPS.filter(({ names }) => name !== undefined && names.includes(name));
  for (const { load } of asked.length > 0 ? asked : GROUPS) {
    for (const command of await load()) root.addCommand(command);
  }
  return root;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}

/** What is printed may get lost: that is said, and changes the exit status. When nobody reads any more what a command prints (`| head`), it ends in order and without a word, as if told to. */
function endWithoutReader(): void {
  let ending = false;
  let isLost = false;
  process.on('exit', () => {
    if (isLost) process.exitCode ||= 1;
  });
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') {
        // A full disk under a node's log is no reason for the node to stop; who was only to print has failed.
        if (!isLost && stream === process.stdout) process.stderr.write(`quorate: cannot print: ${error.message}\n`);
        isLost = true;
        return;
      }
      if (!ending) process.kill(process.pid, 'SIGTERM');
      ending = true;
    });
  }
}

/** Runs one command line; sets the process's exit status: 0 done, 1 failed, 2 could not be understood or set up. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithoutReader();
  try {
    const root = await program(argv[2]);
    throwInsteadOfExit(root);
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
