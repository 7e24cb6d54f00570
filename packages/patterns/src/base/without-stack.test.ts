import { expect, test } from 'vitest';
import { withoutStack } from './index.ts';

function frames(error: Error): number {
  return (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at ')).length;
}

test('an error made without a stack has its message and its class, and no frames', () => {
  const error = withoutStack(() => new RangeError('too far'));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe('too far');
  expect(frames(error)).toBe(0);
});

test('errors made afterwards have their frames again, also when making one has failed', () => {
  expect(frames(new Error('before'))).toBeGreaterThan(0);
  withoutStack(() => new Error('without'));
  expect(frames(new Error('after'))).toBeGreaterThan(0);
  expect(() =>
    withoutStack(() => {
      throw new TypeError('cannot be made');
    }),
  ).toThrow('cannot be made');
  expect(frames(new Error('after that'))).toBeGreaterThan(0);
});
