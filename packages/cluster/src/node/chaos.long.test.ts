import { expect, test } from 'vitest';
import { runChaos } from './chaos.fixture.ts';

const FIRST = BigInt(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['SEEDS'] ?? 60);

test.each(Array.from({ length: COUNT }, (_, i) => FIRST + BigInt(i)))(
  'seed %s: writes count once, guards hold, watches are whole, leases are not believed in too long',
  async (seed) => {
    const { violations, acknowledged, faults } = await runChaos(seed, 15_000, seed % 4n === 0n ? 5 : 3);
    expect(violations).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
    expect(faults).toBeGreaterThan(0);
  },
  120_000,
);
