import { Command, Option } from 'commander';
import { flagName, settingKeys, settingTable } from '../settings.ts';
import { runServe } from './serve.ts';

export function serveCommand(): Command {
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
