import { expect, test } from 'vitest';
import { clear } from './index.ts';

test('a cleared list is empty, and can be filled again', () => {
  const list = [1, 2, 3];
  clear(list);
  expect(list).toEqual([]);
  list.push(4);
  expect(list).toEqual([4]);
});
