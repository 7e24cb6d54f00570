/**
 * One of three ordinary Node processes of an application. Each embeds a node; together they elect a leader, share configuration
 * and take turns under a lock, with nothing else running. `run.ts` starts all three.
 *
 *   node app.js a|b|c DATA_DIRECTORY [BASE_PORT]
 */
import { put, startNode, toText } from 'quorate';

const [name = 'a', dataDirectory = './data', basePort = '7500'] = process.argv.slice(2);
const initialCluster = Object.fromEntries(
  ['a', 'b', 'c'].map((each, at) => [each, `127.0.0.1:${Number(basePort) + 10 * (at + 1)}`]),
);
const say = (text: string): boolean => process.stdout.write(`${name}: ${text}\n`);

const node = await startNode({
  name,
  dataDir: `${dataDirectory}/${name}`,
  port: Number(initialCluster[name]?.split(':')[1]),
  initialCluster,
  logLevel: 'warn',
});
const client = await node.client();

// One leader among the three. Whoever it is writes the configuration; the guard makes sure that only a leader in office can.
void (async () => {
  const leadership = await client.election('app/leader').campaign(name);
  say(`leads, with token ${leadership.token}`);
  await client.txn({ if: [leadership.guard], then: [put('app/config/greeting', `hello from ${name}`)] });
})();

// Shared configuration: everybody sees it, as soon as it is there.
for await (const { events } of client.watch('app/config/greeting', { fromRevision: 1 })) {
  const last = events.at(-1);
  if (last === undefined) continue;
  say(`the greeting is "${toText(last.kv.value)}"`);
  break;
}

// Turns under a lock: a read and a write of the same key, which without it would lose updates.
for (let turn = 0; turn < 5; turn++) {
  await using lock = await client.lock('app/turns/lock');
  const before = Number(toText((await client.get('app/turns/count'))?.value ?? new Uint8Array()));
  const { succeeded } = await client.txn({ if: [lock.guard], then: [put('app/turns/count', String(before + 1))] });
  if (!succeeded) throw new Error('the lock was lost before the write');
  say(`takes turn ${before + 1}`);
}

// Everybody is needed for a majority until the others are done, too.
await client.doubleBarrier('app/done', 3).enter();
say('done');
process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)));
process.send?.('done');
