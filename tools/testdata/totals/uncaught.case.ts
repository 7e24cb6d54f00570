import { test } from 'vitest';

test('one', () => {
  void Promise.reject(new Error('nobody catches this'));
});
