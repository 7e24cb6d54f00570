/** Filters and heavy hitters. A filter has no right answer but never to forget, and to be wrong as seldom as it promised: that is verified for each. */
import { deepStrictEqual, ok } from 'node:assert';
import {
  BloomFilter,
  bloomSize,
  CountingBloomFilter,
  QuotientFilter,
  quotientSize,
  SpaceSaving,
  SplitBlockBloomFilter,
  spaceSavingCounters,
  splitBlockBlocks,
} from '@quorate/patterns/sketches';
import peers from 'bloom-filters';
import { BloomFilter as Mnemonist } from 'mnemonist';
import { AIM, type HeldSide, type PeerName, type Row, type Rows } from './row.ts';

const RATE = 0.01;
const KEYS = 2_000;
/** Of the filters whose memory is measured. */
const MANY = 100_000;
const COPIES = 10;
/** By chance more than the promise; by a wrong filter much more. */
const RATE_MAX = 2.5 * RATE;

interface Filter {
  add(key: string): unknown;
  has(key: string): boolean;
}

interface FilterKind extends PeerName {
  readonly create: (items: number) => Filter;
}

const keysOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}:${(i * 7919) % 1_000_003}:session`);
const PRESENT = keysOf('user', KEYS);
const ABSENT = keysOf('guest', KEYS);

const bloom: FilterKind = {
  name: 'BloomFilter',
  create: (items) => new BloomFilter(bloomSize(items, RATE)),
};
const splitBlock: FilterKind = {
  name: 'SplitBlockBloomFilter',
  create: (items) => new SplitBlockBloomFilter(splitBlockBlocks(items, RATE)),
};
const theirBloom: FilterKind = {
  name: 'bloom-filters',
  create: (items) => peers.BloomFilter.create(items, RATE),
};
const mnemonist: FilterKind = {
  name: 'mnemonist',
  create: (items) => {
    const filter = new Mnemonist({ capacity: items, errorRate: RATE });
    return { add: (key) => filter.add(key), has: (key) => filter.test(key) };
  },
};
const counting: FilterKind = {
  name: 'CountingBloomFilter',
  create: (items) => new CountingBloomFilter(bloomSize(items, RATE)),
};
/** Their cuckoo filter would be the nearer relative of the quotient filter, but in small tables it forgets keys that were added. */
const theirCounting: FilterKind = {
  name: 'bloom-filters, counting',
  create: (items) => peers.CountingBloomFilter.create(items, RATE),
};
const quotient: FilterKind = {
  name: 'QuotientFilter',
  create: (items) => new QuotientFilter(quotientSize(items, RATE)),
};
function expectGood(filter: Filter, name: string): void {
  for (const key of PRESENT) ok(filter.has(key), `${name} has forgotten ${key}`);
  const wrong = ABSENT.filter((key) => filter.has(key)).length / ABSENT.length;
  ok(wrong <= RATE_MAX, `${name} says yes to ${wrong} of what it has not`);
}

const filled = (kind: FilterKind): Filter => {
  const filter = kind.create(KEYS);
  for (const key of PRESENT) filter.add(key);
  return filter;
};

const verified = (kinds: readonly FilterKind[]) => (): void => {
  for (const kind of kinds) expectGood(filled(kind), kind.name);
};

const fills = (what: string, kinds: readonly FilterKind[]): Row => ({
  measures: 'time',
  what: `${what}: add`,
  ops: KEYS,
  sides: kinds.map((kind) => ({ ...kind, run: () => filled(kind) })),
  verify: verified(kinds),
});

/** Half of the keys are there. */
const asks = (what: string, kinds: readonly FilterKind[]): Row => ({
  measures: 'time',
  what: `${what}: has`,
  ops: 2 * KEYS,
  sides: kinds.map((kind) => {
    const filter = filled(kind);
    return {
      ...kind,
      run: () => {
        let found = 0;
        for (const key of PRESENT) if (filter.has(key)) found += 1;
        for (const key of ABSENT) if (filter.has(key)) found += 1;
        return found;
      },
    };
  }),
  verify: verified(kinds),
});

/** `aim`: where both keep the same bits by the same formula, nobody can have twice as few. */
const memory = (what: string, kinds: readonly FilterKind[], aim: number): Row => ({
  measures: 'memory',
  aim,
  what: `${what}: memory for ${MANY} keys at ${RATE * 100} %`,
  sides: kinds.map(
    (kind): HeldSide => ({
      ...kind,
      copies: COPIES,
      // All of them take their memory when they are made.
      hold: () => Array.from({ length: COPIES }, () => kind.create(MANY)),
    }),
  ),
});

const encoded = (): Row => {
  const own = filled(bloom) as BloomFilter;
  const theirs = filled(theirBloom) as peers.BloomFilter;
  return {
    measures: 'bytes',
    aim: 1,
    what: `Bloom filter: ${KEYS} keys, saved`,
    sides: [
      { name: 'encode', bytes: () => own.encode().length },
      { name: 'bloom-filters, JSON', bytes: () => JSON.stringify(theirs.saveAsJSON()).length },
    ],
  };
};

/** The i-th key comes about 1/i as often as the first. */
function skewed(length: number, distinct: number): string[] {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return `item:${Math.floor(distinct ** (state / 0x7fff_ffff))}`;
  });
}

const hitters = (): Row => {
  const stream = skewed(KEYS, 10_000);
  const own = (): string[] => {
    const summary = new SpaceSaving<string>(spaceSavingCounters(0.005));
    for (const key of stream) summary.add(key);
    return summary.top(3).map(({ key }) => key);
  };
  const theirs = (): string[] => {
    const summary = new peers.TopK(10, 0.005, 0.99);
    for (const key of stream) summary.add(key);
    return summary.values().map(({ value }) => value);
  };
  return {
    measures: 'time',
    what: 'heavy hitters: add, error 0.5 %',
    ops: stream.length,
    sides: [
      { name: 'SpaceSaving', run: own },
      { name: 'bloom-filters, TopK', run: theirs },
    ],
    // Theirs lets chance put rare keys among the frequent ones, but must have the frequent ones as well.
    verify: () => {
      deepStrictEqual(own(), ['item:1', 'item:2', 'item:3']);
      const found = new Set(theirs());
      ok(own().every((key) => found.has(key)));
    },
  };
};

export const rows: Rows = [
  () => fills('Bloom filter', [bloom, theirBloom, mnemonist]),
  () => asks('Bloom filter', [bloom, theirBloom, mnemonist]),
  () => memory('Bloom filter', [bloom, theirBloom, mnemonist], 0.95),
  encoded,
  () => fills('split-block Bloom filter', [splitBlock, theirBloom, mnemonist]),
  () => asks('split-block Bloom filter', [splitBlock, theirBloom, mnemonist]),
  () => fills('counting Bloom filter', [counting, theirCounting]),
  () => asks('counting Bloom filter', [counting, theirCounting]),
  () => memory('counting Bloom filter', [counting, theirCounting], AIM),
  () => fills('set that can forget: quotient filter', [quotient, theirCounting]),
  () => asks('set that can forget: quotient filter', [quotient, theirCounting]),
  () => memory('set that can forget: quotient filter', [quotient, theirCounting], AIM),
  hitters,
];
