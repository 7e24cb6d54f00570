/** How many copies must answer, and what that buys. */
import {
  availability,
  checkIntersection,
  describeReadWrite,
  FlexibleQuorum,
  failuresTolerated,
  GridQuorum,
  kFreshness,
  ReadWriteQuorum,
  readWriteFacts,
  simulateStaleness,
  sloppyQuorum,
} from '@quorate/patterns/quorum';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

// What do three numbers mean?
for (const [copies, read, write] of [
  [3, 2, 2],
  [3, 1, 1],
] as const) {
  say(`N = ${copies}, R = ${read}, W = ${write}:`);
  for (const sentence of describeReadWrite(readWriteFacts(copies, read, write))) say(`  ${sentence}`);
}

// If reads may be stale: how stale?
say(
  `\nwith R = W = 1 of 3, ${(kFreshness(3, 1, 1, 3) * 100).toFixed(0)} % of reads return one of the three latest versions`,
);
let state = 1;
const random = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const delay = (meanMs: number) => (): number => -meanMs * Math.log(random());
const delays = { write: delay(10), acknowledge: delay(1), read: delay(1), respond: delay(1) };
const staleness = simulateStaleness({ copies: 3, read: 1, write: 1, delays, rounds: 20_000 });
say(
  `if writes take 10 ms, 99 % of reads see one that was acknowledged ${staleness.visibilityMs(0.99).toFixed(0)} ms ago`,
);

// Which members must be up?
const members = Array.from({ length: 9 }, (_, i) => `n${i + 1}`);
for (const [name, system] of [
  ['majority', new ReadWriteQuorum(members, 5, 5)],
  ['grid', new GridQuorum(members)],
  ['flexible', new FlexibleQuorum({ members, prepare: 7, accept: 3 })],
] as const) {
  const up = (kind: 'read' | 'write'): string => (availability(system, kind, 0.95) * 100).toFixed(3);
  say(
    `${name} of 9: reads are up ${up('read')} % of the time, writes ${up('write')} %; any ${failuresTolerated(system, 'write')} may fail before writes stop`,
  );
}

// Somebody configured this by hand. Is it safe?
const { counterexample } = checkIntersection(new ReadWriteQuorum(['a', 'b', 'c', 'd'], 2, 2));
say(
  `\nR = W = 2 of 4 is not: ${counterexample?.[0].join(' and ')} can be read while ${counterexample?.[1].join(' and ')} were written`,
);

// A home node is down. Who stands in?
const { targets } = sloppyQuorum(['a', 'b', 'c', 'd', 'e'], 3, (node) => node !== 'b');
say(
  targets
    .map(({ node, standsInFor }) => (standsInFor === undefined ? node : `${node} with a hint for ${standsInFor}`))
    .join(', '),
);
