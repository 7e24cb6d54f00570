/** Registers without a leader: two programs change the same values, kept by three nodes of which one may be away; and one value is deleted for good. */
import { Instant } from '@quorate/patterns/base';
import {
  majorityConfiguration,
  NodeId,
  newRegisterProposer,
  RegisterAdministrator,
  RegisterServer,
  Registers,
} from '@quorate/patterns/consensus/paxos';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const keepers = [11, 12, 13].map(NodeId.of);
const programs = [1, 2].map(NodeId.of);
const operator = NodeId.of(50);

// A network that takes its time, and a keeper that may be away. Disks here answer at once.
const receivers = new Map<NodeId, (from: NodeId, message: never) => void>();
let away: NodeId | undefined;
let messages = 0;
const sender =
  (from: NodeId) =>
  (to: NodeId, message: object): void => {
    messages += 1;
    if (to !== away && from !== away) setTimeout(() => receivers.get(to)?.(from, message as never), 1);
  };
const time = {
  clock: { monotonic: () => Instant.of(performance.now()) },
  timers: {
    at: (when: Instant, run: () => void): Disposable => {
      const timer = setTimeout(run, when - performance.now());
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  },
};

const servers = keepers.map((id) => {
  const failed = (reason: unknown): void => void say(`keeper ${id}: ${reason}`);
  const server = new RegisterServer<number>({ write: async () => {}, send: sender(id), failed });
  receivers.set(id, (from, message) => server.receive(from, message));
  return server;
});
const [one, two] = programs.map((self) => {
  const record = newRegisterProposer(majorityConfiguration(1, keepers));
  const registers = new Registers<number>({
    self,
    record,
    save: async () => {},
    send: sender(self),
    time,
    random: Math.random,
  });
  receivers.set(self, (from, message) => registers.receive(from, message));
  return registers;
}) as [Registers<number>, Registers<number>];
const administrator = new RegisterAdministrator({ proposers: programs, time, send: sender(operator) });
receivers.set(operator, (from, message) => administrator.receive(from, message));

const counted = async <Result>(what: string, call: () => Promise<Result>): Promise<void> => {
  messages = 0;
  const result = await call();
  say(`${what}: ${result ?? 'nothing'} (${messages} messages)`);
};
const increment = (visits: number | undefined): number => (visits ?? 0) + 1;

await counted('one decides on the seed', () => one.decideOnce('seed', 4711));
await counted('two would have another, and hears', () => two.decideOnce('seed', 1234));

await counted('one counts, in two round trips', () => one.change('visits', increment));
await counted('one counts again, in one', () => one.change('visits', increment));
away = keepers[2];
await counted('a keeper is away, and two counts as well', () => two.change('visits', increment));
await counted('one reads', () => one.read('visits'));
away = undefined;

const both = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? one : two).change('visits', increment));
await counted('both count five times at once', async () =>
  Math.max(...(await Promise.all(both)).map((visits) => visits ?? 0)),
);

const tombstone = await one.delete('visits');
say(`deleted; the keepers still know of ${[...servers[0]!.keys()].join(', ')}`);
const { erased } = await administrator.collect([tombstone], keepers, (key) => one.rewrite(key, 'everywhere'));
say(`erased ${erased.join()}; they know of ${[...servers[0]!.keys()].join(', ')}`);
