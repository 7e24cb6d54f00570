/** Many seeds; each is printed with the command that replays it when it fails. */

import { FAULT_FAMILIES } from '@quorate/sim/nemesis';
import { runSeed } from 'quorate/sim';
import { expect, test } from 'vitest';

const SEEDS = 300;
const FIRST = 100_000;

test.each([3, 5])('seeds on %s nodes keep their promises', async (nodes) => {
  const broken: string[] = [];
  for (let nth = 0; nth < SEEDS; nth++) {
    const seed = String(FIRST + nth);
    const { violations } = await runSeed({ seed, nodes, families: FAULT_FAMILIES, seconds: 10 });
    const [first] = violations;
    if (first === undefined) continue;
    broken.push(
      `quorate sim core --seeds 1 --seed ${seed} --nodes ${nodes} --faults all: ${first.check}, ${first.what}`,
    );
  }
  expect(broken).toEqual([]);
});
