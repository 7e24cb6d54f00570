import type { Random } from '../random.ts';
import { type ConformanceCase, expectEqual, expectThat } from './case.ts';

export interface RandomSubject {
  /** A new source with the same seed at every call. */
  seeded(): Random;
}

export const randomConformance: readonly ConformanceCase<RandomSubject>[] = [
  {
    name: 'a stream is a function of seed and name, and does not shift when others are drawn from',
    async run({ seeded }) {
      const [a, b] = [seeded(), seeded()];
      b.stream('other').uint32();
      const draw = (random: Random) => Array.from({ length: 20 }, () => random.stream('one').uint32());
      expectEqual(draw(a), draw(b), 'the draws');
      expectThat(seeded().stream('one').uint32() !== seeded().stream('two').uint32(), 'names must tell streams apart');
    },
  },
  {
    name: 'numbers are uniform integers within their bounds',
    async run({ seeded }) {
      const stream = seeded().stream('numbers');
      for (let i = 0; i < 1000; i++) {
        const [word, fraction] = [stream.uint32(), stream.float()];
        expectThat(Number.isInteger(word) && word >= 0 && word < 2 ** 32, `uint32 gave ${word}`);
        expectThat(fraction >= 0 && fraction < 1, `float gave ${fraction}`);
      }
      for (const bound of [1, 2, 3, 7, 1000, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
        for (let i = 0; i < 200; i++) {
          const drawn = stream.below(bound);
          expectThat(Number.isInteger(drawn) && drawn >= 0 && drawn < bound, `below(${bound}) gave ${drawn}`);
        }
      }
      const counts = [0, 0, 0, 0, 0];
      for (let i = 0; i < 10_000; i++) counts[stream.below(5)]! += 1;
      for (const count of counts) expectThat(Math.abs(count - 2000) < 250, `5 bins of 2,000 expected, got ${counts}`);
    },
  },
  {
    name: 'fill fills all of what it is given, and returns it',
    async run({ seeded }) {
      const stream = seeded().stream('bytes');
      for (const length of [0, 1, 3, 4, 5, 64, 1001]) {
        const target = new Uint8Array(length);
        expectThat(stream.fill(target) === target, 'fill must return its argument');
      }
      const many = stream.fill(new Uint8Array(100_000));
      const zeros = many.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
      expectThat(zeros > 200 && zeros < 600, `about 390 zeros expected among 100,000 bytes, got ${zeros}`);
      expectEqual(
        seeded().stream('x').fill(new Uint8Array(9)),
        seeded().stream('x').fill(new Uint8Array(9)),
        'the bytes',
      );
    },
  },
];
