import { Instant } from '@quorate/patterns/base';
import { drawProfile, Nemesis, planFaults, worldOptions } from '@quorate/sim/nemesis';
import { World } from '@quorate/sim/world';

/** A node counts on its disk how often it has been started. */
export async function countStarts(seed: bigint): Promise<number> {
  const profile = drawProfile({ seed, nodes: ['a'], durationMs: 5000, families: ['kill', 'crash'] });
  const world = new World({ ...worldOptions(profile), trace: { last: 50 } });
  world.node('a').start(async (env) => {
    const file = (await env.disk.exists('/starts'))
      ? await env.disk.open('/starts', 'write')
      : await env.disk.open('/starts', 'create');
    await env.disk.syncDirectory('/');
    await file.writeDurably([Uint8Array.of(1)], await file.size());
    env.log.info('counted');
    env.timers.at(Instant.add(env.clock.monotonic(), 1000), () => env.log.info('lived for a second'));
  });
  const nemesis = new Nemesis(world, { nodes: profile.nodes, faults: planFaults(profile) });
  await world.run({ forMs: profile.durationMs });
  nemesis.heal();
  await world.run({ until: () => world.marks.has('lived for a second'), forMs: 5000 });
  return world.node('a').disk.volume.files().get('/starts')!.sizeBytes - world.marks.get('counted')!;
}
