import { fileURLToPath } from 'node:url';
import { type DevNode, type DevOptions, expectStopped, prepareDevCluster } from '../dev/layout.ts';
import { HOPELESS_STATUS, Supervisor } from '../dev/supervisor.ts';

const script = fileURLToPath(new URL('../../bin/quorate.js', import.meta.url));
const colors = [36, 33, 35, 32, 34, 31];

/** Runs a cluster of processes on this machine until it is told to stop. Resolves with the exit status. */
export async function runDev(options: DevOptions): Promise<number> {
  if (options.fresh) await expectStopped(options.directory);
  const nodes = prepareDevCluster(options);
  const paint = process.stdout.isTTY === true;
  const width = Math.max(...nodes.map(({ name }) => name.length));
  const prefixes = new Map(
    nodes.map(({ name }, at) => {
      const label = `${name.padEnd(width)} |`;
      return [name, paint ? `\u001b[${colors[at % colors.length]}m${label}\u001b[0m` : label];
    }),
  );
  return await new Promise((resolve) => {
    const supervisor = new Supervisor({
      nodes: nodes.map(({ name, configFile }) => ({ name, arguments: ['serve', '--config', configFile] })),
      script,
      line: (node, text) => process.stdout.write(`${prefixes.get(node)} ${text}\n`),
      ready: () => process.stdout.write(banner(nodes, options)),
      hopeless: (node, status) => {
        process.stderr.write(
          `quorate dev: ${node} cannot start (status ${status}, see its last line above); stopping the others\n`,
        );
        finish(HOPELESS_STATUS);
      },
    });
    let stopping = false;
    const finish = (status: number): void => {
      if (stopping) {
        process.stderr.write('quorate dev: stopping at once\n');
        supervisor.kill();
        return;
      }
      stopping = true;
      void supervisor.stop().then(() => resolve(status));
    };
    const interrupted = (): void => {
      if (!stopping) process.stdout.write('\nstopping all nodes (once more to stop at once)\n');
      finish(0);
    };
    process.on('SIGINT', interrupted);
    process.on('SIGTERM', interrupted);
    process.on('SIGHUP', interrupted);
    supervisor.start();
  });
}

function banner(nodes: readonly DevNode[], options: DevOptions): string {
  const [first] = nodes as [DevNode];
  const last = nodes.at(-1) ?? first;
  const rows = nodes.map(({ name, host, port, httpPort, etcdPort }) => {
    return `  ${name}   native ${host}:${port}   http http://${host}:${httpPort}/status   etcd ${host}:${etcdPort}`;
  });
  const isDefault = options.basePort === 7400 && nodes.length === 3;
  const more = isDefault ? '' : ` --endpoints ${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  return [
    '',
    `Quorate is up: ${nodes.length} node${nodes.length === 1 ? '' : 's'}, one process each. Data: ${options.directory}`,
    '',
    ...rows,
    '',
    'Try, in another terminal:',
    `  etcdctl --endpoints ${first.host}:${first.etcdPort} put a 1`,
    `  etcdctl --endpoints ${last.host}:${last.etcdPort} get a`,
    `  npx quorate put a 1${more}`,
    `  npx quorate status${isDefault ? '' : ` --endpoints ${nodes.map((node) => `${node.host}:${node.httpPort}`).join(',')}`}`,
    `  kill -9 $(curl -s http://${first.host}:${first.httpPort}/status | grep -o '"pid": [0-9]*' | grep -o '[0-9]*')   # it comes back`,
    '',
    'Ctrl-C stops all nodes; the next start finds their data.',
    '',
    '',
  ].join('\n');
}
