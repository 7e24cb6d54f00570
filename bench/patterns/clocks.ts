/** Hybrid logical clocks beside `@consento/hlc` (which counts nanoseconds in bigints), vector clocks beside `vectorclock`. */
import { deepStrictEqual, ok } from 'node:assert';
import Hlc from '@consento/hlc';
import { HybridClock, type HybridTimestamp, packHybrid, unpackHybrid, VectorClock } from '@quorate/patterns/time';
import vectorclock from 'vectorclock';
import type { Row, Rows } from './row.ts';

const TICKS = 2_000;
const ACTORS = 5;
const MERGES = 500;

const given = (timestamp: ReturnType<HybridClock['tick']>): HybridTimestamp => {
  if (timestamp.kind !== 'timestamp') throw new Error(`the clock refuses: ${timestamp.why}`);
  return timestamp;
};

const ticks = (): Row => {
  const own = new HybridClock();
  const theirs = new Hlc();
  return {
    measures: 'time',
    what: 'hybrid clock: timestamp of an event',
    ops: TICKS,
    sides: [
      {
        name: 'HybridClock',
        run: () => {
          let sum = 0;
          for (let i = 0; i < TICKS; i++) sum += given(own.tick(Date.now())).logical;
          return sum;
        },
      },
      {
        name: '@consento/hlc',
        run: () => {
          let sum = 0;
          for (let i = 0; i < TICKS; i++) sum += theirs.now().logical;
          return sum;
        },
      },
    ],
    verify: () => {
      const [a, b] = [given(own.tick(Date.now())), given(own.tick(Date.now()))];
      ok(a.wallMs < b.wallMs || (a.wallMs === b.wallMs && a.logical < b.logical));
      const [c, d] = [theirs.now(), theirs.now()];
      ok(c.compare(d) < 0);
      ok(Math.abs(Number(d.wallTime / 1_000_000n) - b.wallMs) < 1_000);
    },
  };
};

const receipts = (): Row => {
  const own = new HybridClock();
  const theirs = new Hlc();
  return {
    measures: 'time',
    what: 'hybrid clock: receive a timestamp, give one',
    ops: TICKS,
    sides: [
      {
        name: 'HybridClock',
        run: () => {
          const sender = new HybridClock();
          let remote = given(sender.tick(Date.now()));
          for (let i = 0; i < TICKS; i++) remote = given(own.receive(remote, Date.now()));
          return remote.logical >= 0;
        },
      },
      {
        name: '@consento/hlc',
        run: () => {
          let remote = new Hlc().now();
          for (let i = 0; i < TICKS; i++) {
            theirs.update(remote);
            remote = theirs.now();
          }
          return remote.logical >= 0;
        },
      },
    ],
  };
};

const codecs = (): Row => {
  const own = given(new HybridClock().tick(Date.now()));
  const theirs = new Hlc().now();
  return {
    measures: 'time',
    what: 'hybrid clock: to bytes and back',
    ops: TICKS,
    sides: [
      {
        name: 'packHybrid',
        run: () => {
          const bytes = new Uint8Array(8);
          let timestamp = own;
          for (let i = 0; i < TICKS; i++) {
            packHybrid(timestamp, bytes);
            timestamp = unpackHybrid(bytes);
          }
          deepStrictEqual(timestamp, own);
        },
      },
      {
        name: '@consento/hlc',
        run: () => {
          const bytes = new Uint8Array(12);
          let timestamp = theirs;
          for (let i = 0; i < TICKS; i++) {
            timestamp.encode(bytes);
            timestamp = Hlc.codec.decode(bytes);
          }
          deepStrictEqual(timestamp.wallTime, theirs.wallTime);
        },
      },
    ],
  };
};

type PlainClock = Record<string, number>;

/** Clocks of the same actors that differ in some counters: most pairs are concurrent, some equal, some ordered. */
const plainClocks = (count: number): PlainClock[] =>
  Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      Array.from({ length: ACTORS }, (_, a) => [`node-${a}`, 1 + ((i * (a + 3) * 7919) % (i % 3 === 0 ? 2 : 50))]),
    ),
  );

const advances = (): Row => ({
  measures: 'time',
  what: `vector clock of ${ACTORS} actors: advance`,
  ops: MERGES,
  sides: [
    {
      name: 'VectorClock',
      run: () => {
        let clock = VectorClock.of(Object.entries(plainClocks(1)[0]!));
        for (let i = 0; i < MERGES; i++) clock = clock.advance(`node-${i % ACTORS}`);
        return Object.fromEntries(clock.entries());
      },
    },
    {
      // Theirs changes the clock it is given; who sends or keeps a clock has to copy it, as the other side does by itself.
      name: 'vectorclock, copied',
      run: () => {
        let clock = plainClocks(1)[0]!;
        for (let i = 0; i < MERGES; i++) clock = vectorclock.increment({ ...clock }, `node-${i % ACTORS}`);
        return clock;
      },
    },
  ],
});

const merges = (): Row => {
  const plain = plainClocks(MERGES);
  const own = plain.map((clock) => VectorClock.of(Object.entries(clock)));
  return {
    measures: 'time',
    what: `vector clock of ${ACTORS} actors: merge`,
    ops: MERGES,
    sides: [
      {
        name: 'VectorClock',
        run: () => own.reduce((sum, clock, i) => sum + clock.merge(own[(i + 1) % MERGES]!).get('node-3'), 0),
      },
      {
        name: 'vectorclock',
        run: () =>
          plain.reduce((sum, clock, i) => sum + vectorclock.merge(clock, plain[(i + 1) % MERGES]!)['node-3']!, 0),
      },
    ],
  };
};

const compares = (): Row => {
  const plain = plainClocks(MERGES);
  const own = plain.map((clock) => VectorClock.of(Object.entries(clock)));
  const signs = { before: -1, after: 1, equal: 0, concurrent: 0 } as const;
  return {
    measures: 'time',
    what: `vector clock of ${ACTORS} actors: compare`,
    ops: MERGES,
    sides: [
      {
        name: 'VectorClock',
        run: () => own.map((clock, i) => signs[clock.compare(own[(i + 1) % MERGES]!)]),
      },
      {
        name: 'vectorclock',
        run: () => plain.map((clock, i) => vectorclock.compare(clock, plain[(i + 1) % MERGES]!)),
      },
    ],
  };
};

export const rows: Rows = [ticks, receipts, codecs, advances, merges, compares];
