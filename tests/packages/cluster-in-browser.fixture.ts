import { connect, toText } from '@quorate/cluster/client';
import { type CoreNode, startCoreNode } from '@quorate/cluster/node';
import { World } from '@quorate/sim/world';

const NAMES = ['a', 'b', 'c'];
const addressOf = (name: string): string => `${name}:7410`;

/** Three nodes of the core in a simulated world; a client writes, the leader is killed, and the client reads what it wrote. */
export async function scenario(seed: bigint): Promise<{ read: string; killed: string; digest: string }> {
  const world = new World({ seed });
  const initialCluster = Object.fromEntries(NAMES.map((name) => [name, addressOf(name)]));
  const running = new Map<string, CoreNode>();
  for (const name of NAMES) {
    world.node(name).start(async (env) => {
      const listen = { host: name, port: 7410 };
      const node = await startCoreNode(env, { name, dataDirectory: '/data', listen, initialCluster });
      running.set(name, node);
      return node;
    });
  }
  const app = world.node('app');
  app.start(() => {});
  const settled = <T>(work: Promise<T>): Promise<T> => world.settle(work, 60_000);
  const client = await settled(app.call((env) => connect({ env, endpoints: NAMES.map(addressOf) })));
  await settled(app.call(() => client.put('greeting', 'hello')));
  const killed = NAMES.find((name) => running.get(name)?.status.raft.role === 'leader') ?? 'nobody';
  world.node(killed).kill();
  const found = await settled(app.call(() => client.get('greeting')));
  return { read: toText(found!.value), killed, digest: String(world.digest) };
}
