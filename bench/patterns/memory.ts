import { setImmediate as turn } from 'node:timers/promises';
import type { HeldSide } from './row.ts';

/** Collections until nothing more is freed: some things go only with the one after the one that found them dead, buffers in a turn of their own. */
const COLLECTIONS_MAX = 30;
/** Held until it was measured. */
const held: unknown[] = [];

/** Bytes that stay after `hold`: the heap, what it keeps outside of it, and for WebAssembly, whose memory V8 does not count, what the process grew by. */
export async function memoryOf(side: HeldSide): Promise<number> {
  // Once before, so that code that is compiled on the way is not taken for what is held. It stays, so that nothing goes while the other is measured.
  held.push(await side.hold());
  const before = await settled();
  held.push(await side.hold());
  const after = await settled();
  const counted = after.counted - before.counted;
  const bytes = side.kind === 'WebAssembly' ? Math.max(counted, after.resident - before.resident) : counted;
  return bytes / (side.copies ?? 1);
}

interface Memory {
  readonly counted: number;
  readonly resident: number;
}

async function settled(): Promise<Memory> {
  let least = memory();
  for (let i = 0, still = 0; i < COLLECTIONS_MAX && still < 3; i++) {
    globalThis.gc?.();
    await turn();
    const now = memory();
    still = now.counted < least.counted ? 0 : still + 1;
    if (now.counted < least.counted) least = now;
  }
  return least;
}

function memory(): Memory {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { counted: heapUsed + external, resident: rss };
}
