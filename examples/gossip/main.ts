/** A hundred members without a centre: news reaches all of them, and each learns their mean and their number. */
import { Instant } from '@quorate/patterns/base';
import { PushSum, pushSumStart, type RumourEffect, type RumourMessage, RumourMonger } from '@quorate/patterns/gossip';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const members = Array.from({ length: 100 }, (_, at) => `n${at}`);

// Any source of uniform numbers does; this one gives the same story each time.
let state = 7;
const random = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};

const nodes = new Map(
  members.map((self) => {
    const options = { self, members, random, intervalMs: 100, mode: 'push-pull', k: 3 } as const;
    return [self, new RumourMonger<string>(options, Instant.of(0))] as const;
  }),
);
nodes.get('n0')?.step({ kind: 'spread', rumour: { id: '1', body: 'the bell rings' } }, Instant.of(0), []);
const know = (): number => [...nodes.values()].filter((node) => node.knows('1')).length;
for (let round = 1; know() < members.length && round < 30; round++) {
  const mail: { from: string; to: string; message: RumourMessage<string> }[] = [];
  const collect = (from: string, out: readonly RumourEffect<string>[]): void => {
    for (const effect of out) if (effect.kind === 'send') mail.push({ from, to: effect.to, message: effect.message });
  };
  for (const [name, node] of nodes) {
    const out: RumourEffect<string>[] = [];
    node.step({ kind: 'tick' }, Instant.of(round * 100), out);
    collect(name, out);
  }
  for (let next = mail.shift(); next !== undefined; next = mail.shift()) {
    const out: RumourEffect<string>[] = [];
    nodes.get(next.to)?.step({ kind: 'message', from: next.from, message: next.message }, Instant.of(round * 100), out);
    collect(next.to, out);
  }
  say(`after round ${round}, ${know()} know`);
}

const loads = members.map((_, at) => new PushSum(pushSumStart.mean(at)));
const counts = members.map((_, at) => new PushSum(pushSumStart.count(at === 0 ? 'root' : 'other')));
for (let round = 0; round < 30; round++)
  for (const all of [loads, counts])
    for (const one of all) all[Math.floor(random() * all.length)]?.receive(one.share());
say(`n42 thinks the mean load is ${loads[42]?.estimate?.toFixed(2)}, of ${counts[42]?.estimate?.toFixed(2)} members`);
