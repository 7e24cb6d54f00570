import { expect, test } from 'vitest';
import { firstToken } from './follower-reads.ts';

test('the tokens of two lives are a million apart, whole numbers, and the same for signed and unsigned random bits', () => {
  expect([firstToken(() => 0), firstToken(() => 1), firstToken(() => 2)]).toEqual([0, 1_048_576, 2_097_152]);
  expect(firstToken(() => -1)).toBe((2 ** 32 - 1) * 2 ** 20);
  expect(Number.isSafeInteger(firstToken(() => -1) + 2 ** 20)).toBe(true);
});
