import { expect, test } from 'vitest';
import { assert, InvariantError } from './index.ts';

test('a broken invariant throws an InvariantError that says what was expected', () => {
  expect(() => assert(false, 'term must not fall')).toThrow(new InvariantError('term must not fall'));
  expect(() => assert(true, 'unused')).not.toThrow();
});
