import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import {
  type ClockPolicy,
  DISCORD_LAYOUT,
  Snowflake,
  SnowflakeId,
  type SnowflakeLayout,
  type SnowflakeOutcome,
  SONYFLAKE_LAYOUT,
  snowflakeParts,
  TWITTER_LAYOUT,
} from './index.ts';

const at = WallTime.of;
const idOf = (outcome: SnowflakeOutcome): SnowflakeId => {
  expect(outcome.kind).toBe('id');
  return outcome as SnowflakeId;
};

describe('published ids', () => {
  test.each<[string, string, SnowflakeLayout, string, number, number]>([
    ['discord-snowflake (npm)', '90339695967350784', DISCORD_LAYOUT, '2015-09-07T06:57:41.949Z', (0 << 5) | 3, 0],
    ['pcordjs/snowflake', '937847820382261308', DISCORD_LAYOUT, '2022-01-31T23:12:24.749Z', (1 << 5) | 5, 60],
  ])('%s: %s', (_source, text, layout, time, worker, sequence) => {
    const parts = snowflakeParts(SnowflakeId.parse(text)!, layout);
    expect({ ...parts, time: new Date(parts.time).toISOString() }).toEqual({ time, worker, sequence });
    // And made again: the generator gives that id as its (sequence + 1)th of that millisecond.
    const generator = new Snowflake({ worker, layout });
    let id: SnowflakeOutcome = generator.next(parts.time);
    for (let i = 0; i < sequence; i++) id = generator.next(parts.time);
    expect(String(id)).toBe(text);
  });
});

test.each<[string, string, SnowflakeLayout, string]>([
  [
    'discord.js',
    '266241948824764416',
    DISCORD_LAYOUT,
    '000000111011000111100001101001000101000000 00001 00000 000000000000',
  ],
  [
    'Wikipedia, “Snowflake ID”',
    '1541815603606036480',
    TWITTER_LAYOUT,
    '00 0001 0101 0110 0101 1010 0001 0001 1111 0110 0010 00 01 0111 1010 0000 0000 0000',
  ],
])('%s: %s is made of the bits printed there', (_source, text, layout, printed) => {
  // Wikipedia prints two zeros more in front than fit.
  const bits = printed.replaceAll(' ', '').replace(/^0+/, '').padStart(64, '0');
  const id = SnowflakeId.parse(text)!;
  expect(id.toBigInt().toString(2).padStart(64, '0')).toBe(bits);
  expect(snowflakeParts(id, layout)).toEqual({
    time: layout.epochMs + Number.parseInt(bits.slice(0, 42), 2),
    worker: Number.parseInt(bits.slice(42, 52), 2),
    sequence: Number.parseInt(bits.slice(52), 2),
  });
});

describe('an id is a 64-bit integer', () => {
  const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 999_999, 1_000_000), fc.nat(2 ** 32 - 1));
  test('and its text is that of the integer', () => {
    fc.assert(
      fc.property(word, word, (high, low) => {
        const id = new SnowflakeId(high, low);
        const value = (BigInt(high) << 32n) | BigInt(low);
        expect(id.toString()).toBe(value.toString());
        expect(id.toBigInt()).toBe(value);
        expect(JSON.stringify({ id })).toBe(`{"id":"${value}"}`);
        expect(SnowflakeId.parse(value.toString())).toEqual(id);
      }),
      { numRuns: 500 },
    );
  });
  test('and ids compare as the integers do', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        const [x, y] = [new SnowflakeId(a, b), new SnowflakeId(c, d)];
        const difference = x.toBigInt() - y.toBigInt();
        expect(Math.sign(x.compare(y))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });
  test('and other text is none', () => {
    for (const bad of [
      '',
      '-1',
      '01',
      '1.0',
      '1e3',
      ' 1',
      '18446744073709551616',
      '99999999999999999999',
      '123456789012345678901',
      'x',
    ])
      expect(SnowflakeId.parse(bad)).toBeUndefined();
    expect(SnowflakeId.parse('18446744073709551615')).toEqual(new SnowflakeId(2 ** 32 - 1, 2 ** 32 - 1));
  });
});

/** A small one: 16 ms of time units of 1 ms, four workers, four ids per millisecond. */
const tiny: SnowflakeLayout = {
  epochMs: 1000,
  unitMs: 1,
  timeBits: 5,
  workerBits: 2,
  sequenceBits: 2,
  order: 'worker-sequence',
};

describe('layouts', () => {
  test.each([
    TWITTER_LAYOUT,
    DISCORD_LAYOUT,
    SONYFLAKE_LAYOUT,
    tiny,
    { ...tiny, order: 'sequence-worker' as const, unitMs: 7 },
  ])('%j: parts come back as they went in', (layout) => {
    const worker = 2 ** layout.workerBits - 2;
    const generator = new Snowflake({ worker, layout });
    for (const unit of [0, 1, Math.floor(2 ** layout.timeBits / 3), 2 ** layout.timeBits - 1]) {
      const time = at(layout.epochMs + unit * layout.unitMs);
      for (const sequence of [0, 1, 2])
        expect(snowflakeParts(idOf(generator.next(time)), layout)).toEqual({ time, worker, sequence });
    }
    expect(() => generator.next(at(layout.epochMs + 2 ** layout.timeBits * layout.unitMs))).toThrow(
      'bits of time since the epoch',
    );
    expect(() => generator.next(at(layout.epochMs - 1))).toThrow('bits of time since the epoch');
  });
  test('Sonyflake’s: 39 bits of 10 ms, 8 of sequence, 16 of machine', () => {
    const generator = new Snowflake({ worker: 0xabcd, layout: SONYFLAKE_LAYOUT });
    const now = at(SONYFLAKE_LAYOUT.epochMs + 25);
    generator.next(now);
    expect(idOf(generator.next(now)).toBigInt()).toBe((2n << 24n) | (1n << 16n) | 0xabcdn);
  });
  test('those that do not fit are refused', () => {
    const make =
      (layout: Partial<SnowflakeLayout>, worker = 0) =>
      () =>
        new Snowflake({ worker, layout: { ...tiny, ...layout } });
    expect(make({}, 4)).toThrow('worker must be an integer from 0 to 3, not 4');
    expect(make({ timeBits: 0 })).toThrow('timeBits must be a positive integer, not 0');
    expect(make({ workerBits: 20, sequenceBits: 13 })).toThrow('at most 32 bits, not 33');
    expect(make({ timeBits: 42, workerBits: 11, sequenceBits: 12 })).toThrow('an id 64, not 42 and 65');
    expect(make({ unitMs: 0.5 })).toThrow('unitMs must be at least 1, not 0.5');
    expect(() => new Snowflake({ worker: 0, clock: { kind: 'wait', maxMs: -1 } })).toThrow(
      'maxMs must not be negative',
    );
  });
});

describe('when the clock is behind, or a unit is used up', () => {
  const run = (clock: ClockPolicy, ...times: number[]) => {
    const generator = new Snowflake({ worker: 1, layout: tiny, clock });
    return times.map((ms) => {
      const outcome = generator.next(at(1000 + ms));
      if (outcome.kind !== 'id') return outcome;
      const { time, sequence } = snowflakeParts(outcome, tiny);
      return `${time - 1000}.${sequence}`;
    });
  };
  test('wait: says how long, and refuses what is too long', () => {
    expect(run({ kind: 'wait', maxMs: 3 }, 9, 9, 9, 9, 9, 10, 8, 7, 6, 10)).toEqual([
      '9.0',
      '9.1',
      '9.2',
      '9.3',
      { kind: 'wait', ms: 1 },
      '10.0',
      { kind: 'wait', ms: 2 },
      { kind: 'wait', ms: 3 },
      { kind: 'refused', why: 'clock', ms: 4 },
      '10.1',
    ]);
  });
  test('borrow: goes on ahead of the clock, and no further than it may', () => {
    expect(run({ kind: 'borrow', maxMs: 2 }, 9, 8, 7, 7, 7, 8, 8, 6, 10, 10)).toEqual([
      '9.0',
      '9.1',
      '9.2',
      '9.3',
      { kind: 'wait', ms: 3 },
      '10.0',
      '10.1',
      { kind: 'refused', why: 'clock', ms: 4 },
      '10.2',
      '10.3',
    ]);
    expect(run({ kind: 'borrow', maxMs: 2 }, ...Array.from({ length: 13 }, () => 5)).slice(-2)).toEqual([
      '7.3',
      { kind: 'wait', ms: 3 },
    ]);
  });
  test('refuse: refuses any step back, and waits for the next unit', () => {
    expect(run({ kind: 'refuse' }, 9, 8, 9, 9, 9, 9)).toEqual([
      '9.0',
      { kind: 'refused', why: 'clock', ms: 1 },
      '9.1',
      '9.2',
      '9.3',
      { kind: 'wait', ms: 1 },
    ]);
  });
  test('fractions of a unit are waited out exactly', () => {
    const generator = new Snowflake({ worker: 1, layout: { ...tiny, unitMs: 10, sequenceBits: 1 } });
    for (let i = 0; i < 2; i++) generator.next(at(1033));
    expect(generator.next(at(1033))).toEqual({ kind: 'wait', ms: 7 });
    expect(generator.next(at(1040)).kind).toBe('id');
  });
});

test('whatever the clock and the policy do, ids rise, and are not further ahead of the clock than permitted', () => {
  const policy = fc.oneof(
    fc.record({ kind: fc.constantFrom('wait', 'borrow' as const), maxMs: fc.nat(4) }),
    fc.constant({ kind: 'refuse' as const }),
  );
  fc.assert(
    fc.property(policy, fc.array(fc.nat(8), { maxLength: 80 }), (clock, times) => {
      const generator = new Snowflake({ worker: 2, layout: tiny, clock });
      let last: SnowflakeId | undefined;
      for (const ms of times) {
        let now = 1000 + ms;
        let outcome = generator.next(at(now));
        // Once for the clock to catch up with the last id, and once more when its unit turns out to be used up.
        for (let turn = 0; outcome.kind === 'wait'; turn++) {
          expect(turn).toBeLessThan(2);
          expect(outcome.ms).toBeGreaterThan(0);
          now += outcome.ms;
          outcome = generator.next(at(now));
        }
        if (outcome.kind === 'refused') continue;
        if (last !== undefined) expect(outcome.compare(last)).toBeGreaterThan(0);
        last = outcome;
        const ahead = clock.kind === 'borrow' ? clock.maxMs : 0;
        expect(snowflakeParts(outcome, tiny).time - now).toBeLessThanOrEqual(ahead);
      }
    }),
    { numRuns: 300 },
  );
});

describe('a number that somebody had before', () => {
  test('starts behind what the last holder may have used, even if its clock is behind', () => {
    const first = new Snowflake({ worker: 1, layout: tiny });
    const used = idOf(first.next(at(1010)));
    expect(first.usedUntil).toBe(1010);
    const second = new Snowflake({ worker: 1, layout: tiny, notBefore: first.usedUntil! });
    expect(second.next(at(1007))).toEqual({ kind: 'wait', ms: 3 });
    expect(second.next(at(1010))).toEqual({ kind: 'wait', ms: 1 });
    expect(idOf(second.next(at(1011))).compare(used)).toBeGreaterThan(0);
    expect(new Snowflake({ worker: 1, layout: tiny, notBefore: at(5) }).usedUntil).toBeUndefined();
  });
  test('gets no later time than is reserved', () => {
    const generator = new Snowflake({
      worker: 1,
      layout: tiny,
      notAfter: at(1010),
      clock: { kind: 'borrow', maxMs: 9 },
    });
    for (let i = 0; i < 4; i++) expect(generator.next(at(1010)).kind).toBe('id');
    expect(generator.next(at(1010))).toEqual({ kind: 'refused', why: 'reserved', ms: 1 });
    expect(generator.next(at(1013))).toEqual({ kind: 'refused', why: 'reserved', ms: 3 });
    generator.reserve(at(1013));
    expect(generator.next(at(1013)).kind).toBe('id');
  });
});

test('a limit of time that is no number is refused: it would be none', () => {
  const nothing = WallTime.of(Number.NaN);
  expect(() => new Snowflake({ worker: 1, notAfter: nothing })).toThrow(
    'notAfter must be a time in milliseconds, not NaN',
  );
  expect(() => new Snowflake({ worker: 1, notBefore: nothing })).toThrow('notBefore must be a time');
  expect(() => new Snowflake({ worker: 1 }).reserve(nothing)).toThrow('notAfter must be a time');
});
