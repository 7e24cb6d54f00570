import { Command } from 'commander';
import { addresses, seconds } from './arguments.ts';
import { runStatus } from './status.ts';

const DEFAULT_HTTP = '127.0.0.1:7411,127.0.0.1:7421,127.0.0.1:7431';

export function statusCommand(): Command {
  return new Command('status')
    .description('show every node: role, term, indexes, lag')
    .option('--endpoints <list>', 'HTTP addresses of the nodes, host:port,…', addresses, DEFAULT_HTTP)
    .option('--json', 'machine-readable', false)
    .option('--timeout <seconds>', 'how long to wait for a node', seconds, 2)
    .action(async (options: { endpoints: string; json: boolean; timeout: number }) => {
      process.exitCode = await runStatus({
        endpoints: options.endpoints.split(',').filter((endpoint) => endpoint !== ''),
        json: options.json,
        timeoutMs: Math.ceil(options.timeout * 1000),
      });
    });
}
