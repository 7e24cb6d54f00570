import { Command } from 'commander';
import { wholeNumber } from './arguments.ts';
import { runDev } from './dev.ts';

export function devCommand(): Command {
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
