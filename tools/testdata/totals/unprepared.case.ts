import { beforeAll, describe, test } from 'vitest';

test('one', () => undefined);
describe('a group', () => {
  beforeAll(() => {
    throw new Error('nothing is ready');
  });
  test('two', () => undefined);
  test('three', () => undefined);
});
