import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import {
  ClockRegressionError,
  KsuidGenerator,
  ksuidFromBytes,
  ksuidTime,
  ksuidToBytes,
  type RandomFill,
  UlidGenerator,
  UlidOverflowError,
  UuidV7Generator,
  ulidFromBytes,
  ulidTime,
  ulidToBytes,
  uuidFromBytes,
  uuidToBytes,
  uuidV7Of,
  uuidV7Time,
} from './index.ts';

const at = WallTime.of;
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
/** Reproducible; good enough for tests. */
const seeded = (seed: number): RandomFill => {
  let state = seed;
  return (target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      target[i] = state >>> 24;
    }
  };
};
/** These 16-bit integers, and then zeros. */
const scripted = (...values: number[]): RandomFill => {
  let at = 0;
  return (target) => {
    for (let i = 0; i < target.length; i += 2) {
      const value = values[at++] ?? 0;
      target[i] = value >> 8;
      target[i + 1] = value & 255;
    }
  };
};

describe('ULID, by its specification', () => {
  /** A generator whose first ULID has the random part of this one. */
  const startingAt = (ulid: string, options = {}) => {
    const digits = hex(ulidToBytes(ulid))!.slice(12);
    const parts = [0, 5, 10, 15].map((i) => Number.parseInt(digits.slice(i, i + 5), 16));
    const rest = parts.reduce((nibbles, part) => nibbles * 16 + (part & 15), 0);
    return new UlidGenerator({ random: scripted(rest, ...parts.map((part) => part >> 4)), ...options });
  };
  test('the time of its examples, encoded and decoded', () => {
    expect(ulidTime('01ARZ3NDEKTSV4RRFFQ69G5FAV')).toBe(1469922850259);
    // The seed time in the README of ulid/javascript.
    expect(new UlidGenerator({ random: seeded(1) }).next(at(1469918176385)).slice(0, 10)).toBe('01ARYZ6S41');
    expect(ulidTime('7ZZZZZZZZZZZZZZZZZZZZZZZZZ')).toBe(281474976710655);
  });
  test('“the random component is incremented by 1 bit in the least significant bit position (with carrying)”', () => {
    const now = at(ulidTime('01BX5ZZKBKACTAV9WEVGEMMVRY')!);
    const generator = startingAt('01BX5ZZKBKACTAV9WEVGEMMVRY');
    expect([1, 2, 3, 4].map(() => generator.next(now))).toEqual([
      '01BX5ZZKBKACTAV9WEVGEMMVRY',
      '01BX5ZZKBKACTAV9WEVGEMMVRZ',
      '01BX5ZZKBKACTAV9WEVGEMMVS0',
      '01BX5ZZKBKACTAV9WEVGEMMVS1',
    ]);
  });
  test('carries through all parts', () => {
    const generator = startingAt('01BX5ZZKBK1ZZZZZZZZZZZZZZZ');
    const now = at(ulidTime('01BX5ZZKBK1ZZZZZZZZZZZZZZZ')!);
    expect([1, 2].map(() => generator.next(now))).toEqual(['01BX5ZZKBK1ZZZZZZZZZZZZZZZ', '01BX5ZZKBK2000000000000000']);
    const next = startingAt('01BX5ZZKBK12345678ZZZZZZZZ');
    expect([1, 2].map(() => next.next(now))[1]).toBe('01BX5ZZKBK1234567900000000');
  });
  test('“in the extremely unlikely event that … the random component overflows, the generation will fail”, or goes on in the next millisecond if told to', () => {
    const now = at(ulidTime('01BX5ZZKBKZZZZZZZZZZZZZZZY')!);
    const failing = startingAt('01BX5ZZKBKZZZZZZZZZZZZZZZY');
    expect([failing.next(now), failing.next(now)]).toEqual([
      '01BX5ZZKBKZZZZZZZZZZZZZZZY',
      '01BX5ZZKBKZZZZZZZZZZZZZZZZ',
    ]);
    expect(() => failing.next(now)).toThrow(UlidOverflowError);
    expect(() => failing.next(now)).toThrow(UlidOverflowError);
    expect(failing.next(at(now + 1)).slice(0, 10)).toBe('01BX5ZZKBM');
    const borrowing = startingAt('01BX5ZZKBKZZZZZZZZZZZZZZZZ', { onOverflow: 'borrow' });
    expect([1, 2, 3].map(() => borrowing.next(now))).toEqual([
      '01BX5ZZKBKZZZZZZZZZZZZZZZZ',
      '01BX5ZZKBM0000000000000000',
      '01BX5ZZKBM0000000000000001',
    ]);
  });
  test('“any attempt to decode a ULID larger than this should be rejected”', () => {
    expect(ulidToBytes('80000000000000000000000000')).toBeUndefined();
    expect(ulidTime('ZZZZZZZZZZZZZZZZZZZZZZZZZZ')).toBeUndefined();
    for (const bad of [
      '',
      '01ARZ3NDEKTSV4RRFFQ69G5FA',
      '01ARZ3NDEKTSV4RRFFQ69G5FAVV',
      '01ARZ3NDEKTSV4RRFFQ69G5FAU',
      '01ARZ3NDEKTSV4RRFFQ69G5FAé',
      'iARZ3NDEKTSV4RRFFQ69G5FAVi',
    ])
      expect(ulidToBytes(bad)).toBeUndefined();
  });
  test('bytes and text are the same 128 bits, in the same order, in either case', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(ulidToBytes(ulidFromBytes(a))).toEqual(a);
        expect(ulidToBytes(ulidFromBytes(a).toLowerCase())).toEqual(a);
        expect(Math.sign(Buffer.compare(a, b))).toBe(
          ulidFromBytes(a) < ulidFromBytes(b) ? -1 : ulidFromBytes(a) > ulidFromBytes(b) ? 1 : 0,
        );
      }),
    );
    expect(() => ulidFromBytes(new Uint8Array(15))).toThrow('16 bytes, not 15');
  });
});

describe('UUID version 7, by RFC 9562', () => {
  test('the example of appendix A.6', () => {
    const tail = Uint8Array.of(0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f);
    expect(uuidV7Of(0x017f22e279b0, tail).toUpperCase()).toBe('017F22E2-79B0-7CC3-98C4-DC0C0C07398F');
    expect(uuidV7Time('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
  });
  test('section 5.7: version, variant and time in their places, whatever is random', () => {
    const generator = new UuidV7Generator({ random: seeded(3) });
    for (let ms = 0; ms < 400; ms++) {
      const id = generator.next(at(1645557742000 + (ms >> 1)));
      expect(id).toMatch(/^017f22e2-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(uuidV7Time(id)).toBe(1645557742000 + (ms >> 1));
    }
  });
  test('section 6.2, method 1: the counter starts at a random value whose first bit is 0, and grows by 1', () => {
    const generator = new UuidV7Generator({ random: scripted(0xffff, 0xffff, 0xfffe) });
    expect([1, 2, 3].map(() => generator.next(at(5)))).toEqual([
      '00000000-0005-77ff-bfff-fffe00000000',
      '00000000-0005-77ff-bfff-ffff00000000',
      '00000000-0005-7800-8000-000000000000',
    ]);
  });
  test('other text is not a UUID, or not of version 7', () => {
    for (const bad of [
      '',
      '017F22E2-79B0-4CC3-98C4-DC0C0C07398F',
      '017F22E2-79B0-7CC3-18C4-DC0C0C07398F',
      '017F22E279B07CC398C4DC0C0C07398F',
      '017F22E2-79B0-7CC3-98C4-DC0C0C07398G',
    ])
      expect(uuidV7Time(bad)).toBeUndefined();
    expect(uuidToBytes('017F22E2-79B0-7CC3-98C4-DC0C0C07398')).toBeUndefined();
    expect(() => uuidFromBytes(new Uint8Array(17))).toThrow('16 bytes, not 17');
    expect(() => uuidV7Of(2 ** 48, new Uint8Array(10))).toThrow('48');
    expect(() => uuidV7Of(1, new Uint8Array(9))).toThrow('ten bytes were expected, not 9');
  });
  test('bytes and text are the same 128 bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(uuidToBytes(uuidFromBytes(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe.each([
  ['ULID', (options: object) => new UlidGenerator({ random: seeded(9), ...options }), ulidTime],
  ['UUID version 7', (options: object) => new UuidV7Generator({ random: seeded(9), ...options }), uuidV7Time],
] as const)('a generator of %s', (_name, make, timeOf) => {
  test('rises always, whatever the clock does within the permitted step', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 2, maxLength: 40 }), (times) => {
        const generator = make({ backMaxMs: 9 });
        const ids = times.map((ms) => generator.next(at(1e12 + ms)));
        for (let i = 1; i < ids.length; i++) expect(ids[i]! > ids[i - 1]!).toBe(true);
        expect(timeOf(ids.at(-1)!)).toBe(1e12 + Math.max(...times));
      }),
    );
  });
  test('beyond it, refuses, or starts anew from the clock, as it is told', () => {
    const refusing = make({});
    refusing.next(at(1_000_000));
    expect(timeOf(refusing.next(at(990_000)))).toBe(1_000_000);
    expect(() => refusing.next(at(989_999))).toThrow(ClockRegressionError);
    expect(() => refusing.next(at(989_999))).toThrow('10001 ms behind');
    const restarting = make({ backMaxMs: 5, beyond: 'restart' });
    restarting.next(at(1000));
    expect([995, 994, 995].map((ms) => timeOf(restarting.next(at(ms))))).toEqual([1000, 994, 995]);
  });
  test('takes fractions of a millisecond as the millisecond, and no time that does not fit', () => {
    const generator = make({});
    expect(timeOf(generator.next(at(77.9)))).toBe(77);
    for (const bad of [-1, 2 ** 48, Number.NaN])
      expect(() => generator.next(at(bad))).toThrow('must be from 0 to 2^48 − 1 ms');
    expect(() => make({ backMaxMs: -1 })).toThrow('backMaxMs must not be negative');
  });
});

describe('KSUID, by segmentio/ksuid', () => {
  test.each([
    ['0ujtsYcgvSTl8PAuAdqWYSMnLOv', '0669f7efb5a1cd34b5f99d1154fb6853345c9735', 107608047],
    ['0ujzPyRiIAffKhBux4PvQdDqMHY', '066a029c73fc1aa3b2446246d6e89fcd909e8fe8', 107610780],
    ['000000000000000000000000000', '00'.repeat(20), 0],
    ['aWgEPTl1tmebfsQzFP4bxwgy80V', 'ff'.repeat(20), 2 ** 32 - 1],
  ])('%s is what its README and tests say', (text, raw, timestamp) => {
    expect(hex(ksuidToBytes(text))).toBe(raw);
    expect(ksuidFromBytes(Uint8Array.from(Buffer.from(raw, 'hex')))).toBe(text);
    expect(ksuidTime(text)).toBe((timestamp + 1_400_000_000) * 1000);
  });
  test('its issue 25: what is greater than the greatest, or no digit, is refused', () => {
    for (const bad of [
      'aaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'aWgEPTl1tmebfsQzFP4bxwgy80!',
      'aWgEPTl1tmebfsQzFP4bxwgy80W',
      '123',
      '',
    ])
      expect(ksuidToBytes(bad)).toBeUndefined();
    expect(ksuidTime('123')).toBeUndefined();
    expect(() => ksuidFromBytes(new Uint8Array(19))).toThrow('20 bytes, not 19');
  });
  test('bytes and text are the same 160 bits, in the same order', () => {
    const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(ksuidToBytes(ksuidFromBytes(a))).toEqual(a);
        expect(ksuidFromBytes(a) < ksuidFromBytes(b)).toBe(Buffer.compare(a, b) < 0);
      }),
    );
  });
  test('a generated one has its second and 128 random bits', () => {
    const generator = new KsuidGenerator({
      random: scripted(0xb5a1, 0xcd34, 0xb5f9, 0x9d11, 0x54fb, 0x6853, 0x345c, 0x9735),
    });
    expect(generator.next(at((107608047 + 1_400_000_000) * 1000 + 999))).toBe('0ujtsYcgvSTl8PAuAdqWYSMnLOv');
    expect(() => generator.next(at(1_399_999_999_999))).toThrow('from 2014 to 2150');
  });
});

test('a time below zero is refused, also the one that stands for no id yet', () => {
  const random = (target: Uint8Array) => target.fill(7);
  for (const ms of [-1, -2]) {
    expect(() => new UlidGenerator({ random }).next(WallTime.of(ms))).toThrow(RangeError);
    expect(() => new UuidV7Generator({ random }).next(WallTime.of(ms))).toThrow(RangeError);
  }
});
