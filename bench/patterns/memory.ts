import { setImmediate as turn } from 'node:timers/promises';
import type { HeldSide } from './row.ts';

/** Collections until nothing more is freed: some things go only with the one after the one that found them dead, buffers in a turn of their own. */
const COLLECTIONS_MAX = 30;
/** Held until it was measured. */
const held: unknown[] = [];

/** Bytes that stay after `hold`: of the heap, and what it keeps outside of it. */
export async function memoryOf(side: HeldSide): Promise<number> {
  // Once before, so that code that is compiled on the way is not taken for what is held. It stays, so that nothing goes while the other is measured.
  held.push(await side.hold());
  const before = await settled();
  held.push(await side.hold());
  const after = await settled();
  return (after - before) / (side.copies ?? 1);
}

async function settled(): Promise<number> {
  let least = memory();
  for (let i = 0, still = 0; i < COLLECTIONS_MAX && still < 3; i++) {
    globalThis.gc?.();
    await turn();
    const now = memory();
    still = now < least ? 0 : still + 1;
    least = Math.min(least, now);
  }
  return least;
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
