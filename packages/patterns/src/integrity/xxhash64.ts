import type { Hash64 } from './hash64.ts';
import { type Stripes, stripesKernelOr } from './xxhash64-kernel.ts';
import { lanes, plainStripes, xxHash64By } from './xxhash64-plain.ts';

/** From here on a copy into the memory of a kernel is worth it. */
const LONG_BYTES = 128;

const longStripes: Stripes = /* @__PURE__ */ stripesKernelOr(plainStripes, lanes);
const stripes: Stripes = (bytes, from, end) =>
  end - from < LONG_BYTES ? plainStripes(bytes, from, end) : longStripes(bytes, from, end);

/**
 * The hash of `bytes[from, to)` into `out`. `seed` is an integer from 0 to 2^53 − 1. O(to − from); allocates nothing. Most of a long input is taken
 * by `xxhash64-kernel.ts`, the rest as `xxhash64-plain.ts` has it.
 */
export function xxHash64(
  bytes: Uint8Array,
  out: Hash64,
  seed: number = 0,
  from: number = 0,
  to: number = bytes.length,
): void {
  xxHash64By(stripes, bytes, out, seed, from, to);
}
