import { setImmediate as turn } from 'node:timers/promises';
import type { HeldSide } from './row.ts';

/** Some things are freed only by the collection after the one that found them dead, buffers in a turn of their own. */
const COLLECTIONS = 4;
/** Held until it was measured. */
const held: unknown[] = [];

/** Bytes that stay after `hold`: the heap, what it keeps outside of it, and for WebAssembly, whose memory V8 does not count, what the process grew by. */
export async function memoryOf(side: HeldSide): Promise<number> {
  await rehearse(side);
  const before = await settled();
  held.push(await side.hold());
  const after = await settled();
  const bytes = after.counted - before.counted;
  return side.kind === 'WebAssembly' ? Math.max(bytes, after.resident - before.resident) : bytes;
}

/** Once for nothing, so that code that is compiled on the way is not taken for what is held. A frame of its own, so that nothing of it stays. */
async function rehearse(side: HeldSide): Promise<void> {
  await side.hold();
}

async function settled(): Promise<{ readonly counted: number; readonly resident: number }> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { counted: heapUsed + external, resident: rss };
}
