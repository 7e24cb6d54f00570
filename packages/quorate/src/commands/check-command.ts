import { Command, Option } from 'commander';
import { seconds } from './arguments.ts';
import { runCheck } from './check.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('decide whether recorded histories are linearizable: exit 0 yes, 1 no, 2 unknown or unreadable')
    .argument('<file...>')
    .addOption(
      new Option('--model <model>', 'what the history is of').choices(['register', 'kv']).makeOptionMandatory(),
    )
    .option('--html <file>', 'draw the first history that is not linearizable, or else the first one')
    .option('--timeout <seconds>', 'give up on a history after this long', seconds, 60)
    .action(async (files: string[], options: { model: string; html?: string; timeout: number }) => {
      const { model, html, timeout } = options;
      process.exitCode = await runCheck(
        files,
        { model, html, timeoutSeconds: timeout },
        {
          out: (line) => process.stdout.write(`${line}\n`),
          err: (line) => process.stderr.write(`${line}\n`),
        },
      );
    });
}
