import type { HeldSide } from './row.ts';

/** Some things are freed only by the collection after the one that found them dead. */
const COLLECTIONS = 4;
/** Held until it was measured. */
const held: unknown[] = [];

/** Bytes that stay after `hold`: the heap, what it keeps outside of it, and for WebAssembly, whose memory V8 does not count, what the process grew by. */
export async function memoryOf(side: HeldSide): Promise<number> {
  // Once for nothing, so that code that is compiled on the way is not taken for what is held.
  held.push(await side.hold());
  held.length = 0;
  const before = settled();
  held.push(await side.hold());
  const after = settled();
  const bytes = after.counted - before.counted;
  return side.kind === 'WebAssembly' ? Math.max(bytes, after.resident - before.resident) : bytes;
}

function settled(): { readonly counted: number; readonly resident: number } {
  for (let i = 0; i < COLLECTIONS; i++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { counted: heapUsed + external, resident: rss };
}
