/** The part of xxHash64 that takes 32 bytes at a time, in WebAssembly, which multiplies 64-bit numbers in one instruction. */
import { type Code, code, I32, I64, i32, i64, instantiate, local, loopWhile } from './wasm-code.ts';

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P4 = 0x85ebca77c2b2ae63n;
const STRIPE_BYTES = 32;
const LANES = [0, 1, 2, 3] as const;
/** In memory: four accumulators, what they become, and from here on the input. */
const RESULT = 32;
const INPUT = 64;
/** So much of the input is in the kernel's memory at once. */
const PIECE_BYTES = 32 * 1024;

/** Takes `bytes[from, end)`, whole stripes and not none, into four accumulators, and makes their result of them. */
export type Stripes = (bytes: Uint8Array, from: number, end: number) => void;

/** In WebAssembly where there is any, else `plain`. Accumulators and result are in `lanes`, in halves, the low ones first. */
export function stripesKernelOr(plain: Stripes, lanes: Int32Array): Stripes {
  let stripes: Stripes | undefined;
  return (bytes, from, end) => {
    // Compiled when it is first needed: many programs hash short keys only.
    stripes ??= stripesKernel(lanes) ?? plain;
    stripes(bytes, from, end);
  };
}

function stripesKernel(lanes: Int32Array): Stripes | undefined {
  const kernel = instantiate({ parameters: [I32], locals: [I32, I64, I64, I64, I64], body: kernelBody() });
  if (kernel === undefined) return undefined;
  const { memory, run } = kernel;
  const state = new DataView(memory.buffer);
  return (bytes, from, end) => {
    for (let i = 0; i < 8; i++) state.setInt32(4 * i, lanes[i]!, true);
    for (let at = from; at < end; at += PIECE_BYTES) {
      const until = Math.min(at + PIECE_BYTES, end);
      memory.set(until - at === bytes.length ? bytes : bytes.subarray(at, until), INPUT);
      run(until - at);
    }
    for (let i = 8; i < 10; i++) lanes[i] = state.getInt32(4 * i, true);
  };
}

/** Takes the input's length. The accumulators go on from where memory has them. */
function kernelBody(): Code {
  const [length, at] = [local(0), local(1)];
  const lanes = [local(2), local(3), local(4), local(5)] as const;
  const none = i32.constant(0);
  const turns = [1, 7, 12, 18] as const;
  const times = (prime: bigint): Code => code(i64.constant(prime), i64.multiply);
  const rotated = (by: number): Code => code(i64.constant(BigInt(by)), i64.rotateLeft);
  return code(
    ...LANES.map((i) => code(none, i64.load(8 * i), lanes[i].set)),
    loopWhile(
      code(at.get, length.get, i32.lessUnsigned),
      code(
        ...LANES.map((i) =>
          code(
            code(at.get, i64.load(INPUT + 8 * i), times(P2), lanes[i].get, i64.add),
            code(rotated(31), times(P1), lanes[i].set),
          ),
        ),
        code(at.get, i32.constant(STRIPE_BYTES), i32.add, at.set),
      ),
    ),
    ...LANES.map((i) => code(none, lanes[i].get, i64.store(8 * i))),
    none,
    ...LANES.map((i) => code(lanes[i].get, rotated(turns[i]))),
    code(i64.add, i64.add, i64.add),
    ...LANES.map((i) =>
      code(lanes[i].get, times(P2), rotated(31), times(P1), i64.xor, times(P1), i64.constant(P4), i64.add),
    ),
    i64.store(RESULT),
    none,
  );
}
