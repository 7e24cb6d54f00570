/**
 * `npm run bench -- shuffle-sharding`: how much hands have in common, measured against the closed form; how many customers are hit; how many hands a
 * promise leaves room for. As the tables of docs/tables/shuffle-sharding.md.
 */
import {
  AssignedShards,
  blastRadius,
  type Deck,
  handCount,
  handsAtMost,
  overlapShares,
  type ShardWorker,
  ShuffleShards,
} from '@quorate/patterns/cells';

export interface ShuffleShardingSize {
  /** Hands that are dealt, and pairs of them that are compared. */
  readonly hands: number;
  readonly pairs: number;
  /** Customers that a promise is tried with. */
  readonly customers: number;
}

const DECKS: readonly { readonly name: string; readonly deck: Deck }[] = [
  { name: '8 workers, 2 in a hand', deck: { zones: [8], perZone: 2 } },
  { name: '8 workers, 4 in a hand', deck: { zones: [8], perZone: 4 } },
  { name: '100 workers, 5 in a hand', deck: { zones: [100], perZone: 5 } },
  { name: '3 zones of 10 workers, 1 of each in a hand', deck: { zones: [10, 10, 10], perZone: 1 } },
  { name: '3 zones of 10 workers, 2 of each in a hand', deck: { zones: [10, 10, 10], perZone: 2 } },
  { name: '2,048 workers, 4 in a hand', deck: { zones: [2_048], perZone: 4 } },
];

const PROMISES: readonly { readonly workers: number; readonly size: number; readonly overlapMax: number }[] = [
  { workers: 8, size: 2, overlapMax: 1 },
  { workers: 16, size: 4, overlapMax: 1 },
  { workers: 16, size: 4, overlapMax: 2 },
  { workers: 64, size: 4, overlapMax: 1 },
  { workers: 64, size: 4, overlapMax: 2 },
  { workers: 100, size: 5, overlapMax: 1 },
  { workers: 100, size: 5, overlapMax: 2 },
];

/** Prints the tables. The exit code: 0. */
export function benchShuffleSharding(size: ShuffleShardingSize, say: (text: string) => void): number {
  sayOverlaps(size, say);
  sayBlastRadius(say);
  sayPromises(size, say);
  return 0;
}

function workersOf({ zones }: Deck): ShardWorker[] {
  return zones.flatMap((workers, zone) =>
    Array.from({ length: workers }, (_, i) => ({ id: `worker-${zone}-${i}`, zone: `zone-${zone}` })),
  );
}

function sayOverlaps({ hands, pairs }: ShuffleShardingSize, say: (text: string) => void): void {
  say(
    `## Overlap: closed form, and measured on ${pairs.toLocaleString('en')} pairs of ${hands.toLocaleString('en')} customers`,
  );
  say('');
  say('| deck | hands | shared | of all pairs | measured |');
  say('|---|---|---|---|---|');
  for (const { name, deck } of DECKS) {
    const expected = overlapShares(deck);
    const measured = measure(ShuffleShards.of(workersOf(deck), deck), hands, pairs, expected.length);
    expected.forEach((share, j) => {
      const first = j === 0 ? `${name} | ${handCount(deck).toLocaleString('en')}` : ' | ';
      say(`| ${first} | ${j} | ${percent(share)} | ${percent(measured[j]! / pairs)} |`);
    });
  }
  say('');
}

/** How many pairs share so many workers. Pairs of customers that are next to each other, then one further apart, and so on. */
function measure(shards: ShuffleShards, count: number, pairs: number, kinds: number): number[] {
  const hands = Array.from({ length: count }, (_, i) => shards.handOf(`customer-${i}`));
  const shared = new Array<number>(kinds).fill(0);
  for (let pair = 0; pair < pairs; pair++) {
    const one = hands[pair % count]!;
    const other = hands[(pair + 1 + Math.floor(pair / count)) % count]!;
    let both = 0;
    for (const worker of one) if (other.includes(worker)) both += 1;
    shared[both]! += 1;
  }
  return shared;
}

function sayBlastRadius(say: (text: string) => void): void {
  say('## Blast radius: one customer takes down all workers of its hand, beside 10,000 others');
  say('');
  say(
    '| deck | without shards | plain shards | shuffled | customers hit | any at all | customers hit that need half of their hand |',
  );
  say('|---|---|---|---|---|---|---|');
  for (const { name, deck } of DECKS) {
    const workers = deck.zones.reduce((sum, zone) => sum + zone, 0);
    const size = deck.zones.length * deck.perZone;
    const { share, customers, any } = blastRadius(deck, 10_000);
    const half = blastRadius(deck, 10_000, Math.ceil(size / 2)).customers;
    say(
      `| ${name} | 100 % | ${percent(size / workers)} | ${percent(share)} | ${amount(customers)} | ${percent(any)} | ${amount(half)} |`,
    );
  }
  say('');
}

function sayPromises({ customers }: ShuffleShardingSize, say: (text: string) => void): void {
  say(`## Hands with a promise: of ${customers.toLocaleString('en')} customers, how many get one`);
  say('');
  say('| workers | in a hand | shared at most | cannot be more than | dealt | until | one hand took |');
  say('|---|---|---|---|---|---|---|');
  for (const { workers, size, overlapMax } of PROMISES) {
    const assigned = new AssignedShards(workersOf({ zones: [workers], perZone: size }), { perZone: size, overlapMax });
    const started = performance.now();
    let end = 'all have one';
    let asked = 0;
    for (; asked < customers; asked++) {
      const { kind } = assigned.assign(`customer-${asked}`);
      if (kind === 'assigned') continue;
      end = kind === 'exhausted' ? 'there are no more' : 'the search was given up';
      break;
    }
    const ms = (performance.now() - started) / Math.max(1, asked);
    const bound = handsAtMost(workers, size, overlapMax).toLocaleString('en');
    say(
      `| ${workers} | ${size} | ${overlapMax} | ${bound} | ${assigned.size.toLocaleString('en')} | ${end} | ${ms.toFixed(2)} ms |`,
    );
  }
}

function percent(part: number): string {
  if (part === 0) return '0 %';
  return part * 100 >= 0.01 ? `${(part * 100).toFixed(2)} %` : `${(part * 100).toPrecision(2)} %`;
}

function amount(customers: number): string {
  return customers >= 10 ? Math.round(customers).toLocaleString('en') : customers.toPrecision(2);
}
