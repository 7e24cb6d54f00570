import { expect, test } from 'vitest';
import {
  compareHybrid,
  compareNodeTimestamps,
  HybridClock,
  type HybridClockOptions,
  type HybridRefusal,
  type HybridTimestamp,
  hybridFromBigInt,
  hybridFromText,
  hybridToBigInt,
  hybridToText,
  packHybrid,
  hybridTimestamp as ts,
  unpackHybrid,
} from './index.ts';

const show = (result: HybridTimestamp | HybridRefusal): string =>
  result.kind === 'refused' ? `refused: ${result.why}` : `${result.wallMs},${result.logical}`;

test('CockroachDB, TestHLCClock: sends, receives, a backward jump, and the wall clock catching up', () => {
  const clock = new HybridClock({ maxOffsetMs: 1000 });
  const send = (physical: number): string => show(clock.tick(physical));
  // There, each receive of the test is preceded by a reading of the clock.
  const receive = (physical: number, wallMs: number, logical: number): string => {
    clock.tick(physical);
    return show(clock.receive(ts(wallMs, logical), physical));
  };
  expect(send(5)).toBe('5,0');
  expect(send(6)).toBe('6,0');
  expect(receive(10, 10, 5)).toBe('10,6');
  expect(send(7)).toBe('10,7');
  expect(receive(8, 10, 4)).toBe('10,9');
  expect(receive(10, 10, 99)).toBe('10,100');
  expect(receive(11, 10, 31)).toBe('11,1');
  expect(send(11)).toBe('11,2');
});

test('HLC paper, figure 5: the four cases of a receive', () => {
  const at = (wallMs: number, logical: number): HybridClock => {
    const clock = new HybridClock();
    clock.receive(ts(wallMs, logical - 1), 0);
    return clock;
  };
  expect(show(at(10, 3).last)).toBe('10,3');
  expect(show(at(10, 3).receive(ts(10, 7), 9))).toBe('10,8'); // l' = l = m.l: max(c, m.c) + 1
  expect(show(at(10, 7).receive(ts(10, 3), 9))).toBe('10,8');
  expect(show(at(10, 3).receive(ts(9, 7), 9))).toBe('10,4'); // l' = l: c + 1
  expect(show(at(10, 3).receive(ts(11, 7), 9))).toBe('11,8'); // l' = m.l: m.c + 1
  expect(show(at(10, 3).receive(ts(11, 7), 12))).toBe('12,0'); // l' = pt: 0
  expect(show(at(10, 3).receive(ts(11, 7), 11))).toBe('11,8');
  expect(show(at(10, 3).receive(ts(9, 7), 10))).toBe('10,4');
  expect(show(at(10, 3).tick(10))).toBe('10,4');
  expect(show(at(10, 3).tick(11.9))).toBe('11,0');
});

test('a remote time more than the maximum offset ahead is refused, says by how much, and changes nothing', () => {
  const clock = new HybridClock({ maxOffsetMs: 500 });
  clock.tick(1000);
  expect(show(clock.receive(ts(1500, 0), 1000))).toBe('1500,1');
  const other = new HybridClock({ maxOffsetMs: 500 });
  other.tick(1000);
  expect(other.receive(ts(1501, 0), 1000)).toEqual({ kind: 'refused', why: 'ahead', aheadMs: 501 });
  expect(show(other.last)).toBe('1000,0');
});

test('unless told otherwise, a remote time may be half a second ahead', () => {
  expect(show(new HybridClock().receive(ts(1500, 0), 1000))).toBe('1500,1');
  expect(new HybridClock().receive(ts(1501, 0), 1000)).toEqual({ kind: 'refused', why: 'ahead', aheadMs: 501 });
});

test('CockroachDB: a remote time 499 ms ahead is taken, one 1 s ahead is refused', () => {
  const clock = new HybridClock();
  expect(show(clock.receive(ts(1_000_499, 0), 1_000_000))).toBe('1000499,1');
  expect(show(clock.receive(ts(1_001_000, 0), 1_000_000))).toBe('refused: ahead');
});

test('a wall clock that jumps back makes time stand still, not go back, and is counted', () => {
  const clock = new HybridClock();
  clock.tick(1000);
  expect([clock.tick(400), clock.tick(401), clock.tick(1000), clock.tick(1001)].map(show)).toEqual([
    '1000,1',
    '1000,2',
    '1000,3',
    '1001,0',
  ]);
  expect(clock.backwardJumps).toBe(1);
  clock.tick(1001);
  expect(clock.backwardJumps).toBe(1);
  expect([clock.aheadMs(400.5), clock.aheadMs(1001), clock.aheadMs(2000)]).toEqual([601, 0, 0]);
});

test('CockroachDB, TestHLCPhysicalClockJump: a jump of half the maximum offset or more is one; a jump back is not', () => {
  const jumped = (jumpMs: number, maxOffsetMs: number): boolean => {
    const clock = new HybridClock({ maxOffsetMs });
    clock.tick(10_000);
    return clock.jumpedForward(10_000 + jumpMs, 0);
  };
  expect(jumped(50, 500)).toBe(false);
  expect(jumped(249, 500)).toBe(false);
  expect(jumped(250, 500)).toBe(true);
  expect(jumped(400, 500)).toBe(true);
  expect(jumped(400, 900)).toBe(false);
  expect(jumped(-700, 500)).toBe(false);
  expect(new HybridClock().jumpedForward(1e12, 0)).toBe(false);
  const slept = new HybridClock();
  slept.tick(10_000);
  expect(slept.jumpedForward(11_000, 990)).toBe(false);
});

test('a clock that starts at the epoch, as a simulated one does, sees its first jump', () => {
  const clock = new HybridClock();
  expect(clock.jumpedForward(10_000, 0)).toBe(false);
  clock.tick(0);
  expect([clock.jumpedForward(249, 0), clock.jumpedForward(250, 0)]).toEqual([false, true]);
});

test('a full counter moves on by a millisecond instead of wrapping', () => {
  const clock = new HybridClock();
  clock.receive(ts(10, 65_533), 10);
  expect([clock.tick(10), clock.tick(10), clock.tick(10), clock.tick(11)].map(show)).toEqual([
    '10,65535',
    '11,0',
    '11,1',
    '11,2',
  ]);
  expect(show(new HybridClock().receive(ts(10, 65_535), 3))).toBe('11,0');
});

test('beyond 48 bits of milliseconds the clock refuses rather than wraps', () => {
  expect(new HybridClock().tick(2 ** 48)).toEqual({ kind: 'refused', why: 'exhausted', aheadMs: 0 });
  expect(show(new HybridClock().tick(2 ** 48 - 1))).toBe(`${2 ** 48 - 1},0`);
});

test('beyond 48 bits no bound helps: a clock that keeps one says so, rather than ask for it for ever', () => {
  const clock = new HybridClock({ reserveMs: 400 });
  clock.persisted(clock.wantedBoundMs(2 ** 48)!);
  expect(show(clock.tick(2 ** 48))).toBe('refused: exhausted');
  expect(show(clock.tick(2 ** 48 - 1))).toBe(`${2 ** 48 - 1},0`);
});

const bounded = (persistedBoundMs: number): HybridClock =>
  new HybridClock({ maxOffsetMs: 500, reserveMs: 400, persistedBoundMs });

test('with a bound, nothing above it is given out before it is durable', () => {
  const clock = bounded(0);
  expect(clock.tick(1000)).toEqual({ kind: 'refused', why: 'unpersisted', aheadMs: 0 });
  expect(show(clock.receive(ts(900, 0), 1000))).toBe('refused: unpersisted');
  expect(show(clock.last)).toBe('0,0');
  expect(clock.wantedBoundMs(1000)).toBe(1400);
  clock.persisted(1400);
  expect(show(clock.tick(1000))).toBe('1000,0');
  expect(show(clock.tick(1400))).toBe('1400,0');
  expect(show(clock.tick(1401))).toBe('refused: unpersisted');
  clock.persisted(1300);
  expect(show(clock.tick(1401))).toBe('refused: unpersisted');
  expect(show(clock.tick(1400))).toBe('1400,1');
});

test('a new bound is wanted when half of it is used up, and none when no bound is kept', () => {
  const clock = bounded(0);
  clock.persisted(1400);
  expect([clock.wantedBoundMs(1199), clock.wantedBoundMs(1200)]).toEqual([undefined, 1600]);
  expect(new HybridClock().wantedBoundMs(1e9)).toBeUndefined();
});

test('the bound that is wanted lies one reserve above the timestamps to come, in whole milliseconds', () => {
  const clock = bounded(0);
  clock.persisted(1400);
  expect(clock.wantedBoundMs(1200.9)).toBe(1600);
  clock.tick(1300);
  expect(clock.wantedBoundMs(1100)).toBe(1700);
});

test('the least reserve keeps a bound, and the least bound is one', () => {
  const clock = new HybridClock({ reserveMs: 1, persistedBoundMs: 1 });
  expect(show(clock.tick(0))).toBe('refused: unpersisted');
  clock.persisted(clock.wantedBoundMs(0)!);
  expect(show(clock.tick(0))).toBe('2,0');
});

test('a new clock has given out nothing', () => {
  expect(show(new HybridClock().last)).toBe('0,0');
});

test('after a restart everything is later than all before it, though the wall clock was set back', () => {
  const before = bounded(0);
  before.persisted(1400);
  before.tick(1399);
  before.receive(ts(1400, 65_534), 1399);
  const clock = bounded(1400);
  const wanted = clock.wantedBoundMs(700);
  expect(wanted).toBe(1801);
  clock.persisted(wanted!);
  expect(show(before.last)).toBe('1400,65535');
  expect(show(clock.tick(700))).toBe('1401,0');
});

test('a clock that cannot work is refused', () => {
  const make = (options: HybridClockOptions) => () => new HybridClock(options);
  expect(make({ maxOffsetMs: 0 })).toThrow(/maxOffsetMs/);
  expect(make({ maxOffsetMs: Number.POSITIVE_INFINITY })).toThrow(/maxOffsetMs/);
  expect(show(make({ maxOffsetMs: 0.5 })().receive(ts(10), 10))).toBe('10,1');
  expect(make({ maxOffsetMs: 10, reserveMs: 11 })).toThrow(/reserveMs/);
  expect(make({ reserveMs: -1 })).toThrow(/reserveMs/);
  // The bound would not be a whole number, and the next start would refuse it.
  expect(make({ reserveMs: 1.5 })).toThrow(/reserveMs/);
  expect(make({ persistedBoundMs: -1 })).toThrow(/wallMs/);
  expect(() => new HybridClock().tick(Number.NaN)).toThrow(/wall clock/);
});

const some = [ts(0, 0), ts(0, 1), ts(1, 0), ts(0xffff, 0xffff), ts(0x1_0000, 0), ts(1_700_000_000_000, 7), ts(2 ** 48 - 1, 65_535)]; // biome-ignore format: ascending

test('packed: 48 bits of milliseconds, 16 of counter, most significant first', () => {
  const bytes = new Uint8Array(9);
  packHybrid(ts(0x0123_4567_89ab, 0xcdef), bytes, 1);
  expect([...bytes]).toEqual([0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
  expect(hybridToText(ts(0x0123_4567_89ab, 0xcdef))).toBe('0123456789abcdef');
  expect(hybridToBigInt(ts(0x0123_4567_89ab, 0xcdef))).toBe(0x0123_4567_89ab_cdefn);
});

test('each packed form is read back, and orders as the timestamps do', () => {
  for (const [i, a] of some.entries()) {
    const bytes = new Uint8Array(8);
    packHybrid(a, bytes);
    expect(unpackHybrid(bytes)).toEqual(a);
    expect(hybridFromText(hybridToText(a))).toEqual(a);
    expect(hybridFromBigInt(hybridToBigInt(a))).toEqual(a);
    for (const [j, b] of some.entries()) {
      expect(Math.sign(compareHybrid(a, b))).toBe(Math.sign(i - j));
      expect(hybridToText(a) < hybridToText(b)).toBe(i < j);
    }
  }
});

test('a wall time alone is the first timestamp of its millisecond', () => {
  expect(ts(7)).toEqual({ kind: 'timestamp', wallMs: 7, logical: 0 });
});

test('what is no timestamp is refused', () => {
  expect(() => ts(2 ** 48)).toThrow(/wallMs/);
  expect(() => ts(0.5)).toThrow(/wallMs/);
  expect(() => ts(0, 65_536)).toThrow(/logical/);
  expect(() => ts(0, 0.5)).toThrow(/logical/);
  expect(() => ts(0, -1)).toThrow(/logical/);
  expect(() => unpackHybrid(new Uint8Array(9), 2)).toThrow(/8 bytes/);
  expect(() => unpackHybrid(new Uint8Array(9), -1)).toThrow(/8 bytes/);
  expect(() => hybridFromBigInt(-1n)).toThrow(/wallMs/);
  expect([hybridFromText('0123456789abcde'), hybridFromText('0123456789ABCDEF')]).toEqual([undefined, undefined]);
});

test('with the node beside it, no two timestamps tie', () => {
  const stamp = (wallMs: number, node: string) => ({ at: ts(wallMs), node });
  expect(compareNodeTimestamps(stamp(1, 'b'), stamp(2, 'a'))).toBeLessThan(0);
  expect(compareNodeTimestamps(stamp(1, 'b'), stamp(1, 'a'))).toBeGreaterThan(0);
  expect(compareNodeTimestamps(stamp(1, 'a'), stamp(1, 'b'))).toBeLessThan(0);
  expect(compareNodeTimestamps(stamp(1, 'a'), stamp(1, 'a'))).toBe(0);
});

test('a remote time with parts that are none is refused by throwing, and changes nothing', () => {
  const clock = new HybridClock();
  clock.tick(1000);
  for (const [wallMs, logical] of [[Number.NaN, 0], [1000, Number.NaN], [1000.5, 0], [1000, 65_536], [-1, 0]] as const) // biome-ignore format: one line
    expect(() => clock.receive({ kind: 'timestamp', wallMs, logical }, 1000)).toThrow(/must be an integer/);
  expect(show(clock.tick(1000))).toBe('1000,1');
});
