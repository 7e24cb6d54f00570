import type { ServeMessage } from '../dev/supervisor.ts';
import { loadSettings, type NodeSettings, type SettingSources, SettingsError } from '../settings.ts';
import { type RunningNode, startNode } from '../start-node.ts';

const REMOVED = 'removed';

/** Runs one node until it is told to stop, is removed from its cluster, or its disk fails. Resolves with the exit status. */
export async function runServe(sources: SettingSources): Promise<number> {
  try {
    return await serve(sources);
  } finally {
    // Listening to the channel keeps a process alive, also one that has nothing left to do.
    if (process.connected) process.disconnect();
  }
}

async function serve(sources: SettingSources): Promise<number> {
  const settings = loadSettings(sources);
  expectPortsApart(settings);
  const stopped = untilToldToStop();
  let node: RunningNode;
  try {
    const started = await Promise.race([startNode(settings), stopped]);
    // Nobody has been told anything yet: whatever is on disk by now, the next start finds it as after a crash.
    if (started === undefined) process.exit(0);
    node = started;
  } catch (error) {
    process.stderr.write(`quorate: cannot start ${settings.name}: ${(error as Error).message}\n`);
    return 2;
  }
  process.send?.({ kind: 'ready' } satisfies ServeMessage);
  const end = await Promise.race([stopped.then(() => undefined), node.fatal, node.removed.then(() => REMOVED)]);
  if (end === REMOVED) {
    const why = 'it was removed from the cluster for good; to join again it needs an empty data directory';
    process.stderr.write(`quorate: ${settings.name} stops: ${why}\n`);
    process.send?.({ kind: 'removed' } satisfies ServeMessage);
  } else if (end instanceof Error) {
    // What this process believes to be on disk may not be: only a new process, which reads the disk, may go on.
    process.stderr.write(
      `quorate: ${settings.name} stops, because it can no longer keep its promises: ${end.message}\n`,
    );
    process.exit(70);
  }
  await node.stop();
  return 0;
}

function expectPortsApart({ port, httpPort, etcdPort }: NodeSettings): void {
  const taken = [port, httpPort, etcdPort].filter((each) => each !== 0);
  if (new Set(taken).size === taken.length) return;
  throw new SettingsError(
    `port (${port}), httpPort (${httpPort}) and etcdPort (${etcdPort}) must differ: give each face a port of its own`,
  );
}

function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let told = 0;
    const stop = (): void => {
      told += 1;
      if (told > 1) process.exit(130);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    // Started by `quorate dev`, whose process is gone.
    process.once('disconnect', () => resolve());
  });
}
