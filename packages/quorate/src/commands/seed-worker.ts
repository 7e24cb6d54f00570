/** A process that runs seeds for `seed-pool.ts`: one at a time, as they come. */
import { runSeed, type SeedOptions } from '../sim/index.ts';
import type { Reply } from './seed-pool.ts';

// Whoever started this process decides when it ends: an interrupt from the terminal reaches both.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.on('message', (run: SeedOptions) => {
  const before = process.cpuUsage();
  runSeed(run).then(
    (result) => {
      const { user, system } = process.cpuUsage(before);
      send({ kind: 'done', result, cpuMs: (user + system) / 1000 });
    },
    (error: unknown) =>
      send({ kind: 'failed', why: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

function send(reply: Reply): void {
  process.send?.(reply);
}
