import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { countStarts } from './example.fixture.ts';

test('the example of the README runs, and the README shows it as it is', async () => {
  for (let seed = 0n; seed < 20n; seed++) {
    // A start that was written durably but not yet told of is one more than was counted; none is ever missing.
    const surplus = await countStarts(seed);
    expect(surplus).toBeGreaterThanOrEqual(0);
  }
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const example = readFileSync(new URL('./example.fixture.ts', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
});
