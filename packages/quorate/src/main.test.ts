import { expect, test } from 'vitest';
import { GROUPS } from './main.ts';

test.each(GROUPS)('$names are the commands that are loaded for these names', async ({ names, load }) => {
  expect((await load()).map((command) => command.name())).toEqual(names);
});
test('no two groups have a command of the same name', () => {
  const names = GROUPS.flatMap((group) => group.names);
  expect(new Set(names).size).toBe(names.length);
});
