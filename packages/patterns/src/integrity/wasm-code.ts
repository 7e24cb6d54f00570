/**
 * As much of WebAssembly's binary format as the kernels of this family need: WebAssembly core specification 2.0, chapter 5.
 *
 * An instruction is its bytes, and code is bytes one after the other; operands come before what takes them. What is made here has one
 * function and one memory of its own, so the format's indices are all 0.
 */
export type Code = readonly number[];

/** LEB128, as the format writes whole numbers. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const low = Number(value & 127n);
  return value >= -64n && value < 64n ? [low] : [low | 128, ...signed(value >> 7n)];
}

type AtOffset = (offsetBytes: number) => Code;
/** Memory is little-endian, and needs no alignment. */
const inMemory =
  (...opcode: Code): AtOffset =>
  (offsetBytes) => [...opcode, 0, ...unsigned(offsetBytes)];

export const code = (...parts: readonly Code[]): Code => parts.flat();

/** A variable of the function, its parameters first. */
export const local = (index: number): { readonly get: Code; readonly set: Code } => ({
  get: [0x20, index],
  set: [0x21, index],
});

export const I32: number = 0x7f;
export const I64: number = 0x7e;
export const V128: number = 0x7b;

export const i32: {
  readonly constant: (value: number) => Code;
  readonly load: AtOffset;
  readonly store: AtOffset;
  readonly lessUnsigned: Code;
  readonly add: Code;
  readonly and: Code;
  readonly xor: Code;
  readonly shiftLeft: Code;
  readonly shiftRightUnsigned: Code;
} = {
  constant: (value) => [0x41, ...signed(BigInt(value))],
  load: inMemory(0x28),
  store: inMemory(0x36),
  lessUnsigned: [0x49],
  add: [0x6a],
  and: [0x71],
  xor: [0x73],
  shiftLeft: [0x74],
  shiftRightUnsigned: [0x76],
};

export const i64: {
  readonly constant: (value: bigint) => Code;
  readonly load: AtOffset;
  readonly store: AtOffset;
  readonly add: Code;
  readonly multiply: Code;
  readonly xor: Code;
  readonly rotateLeft: Code;
} = {
  constant: (value) => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: inMemory(0x29),
  store: inMemory(0x37),
  add: [0x7c],
  multiply: [0x7e],
  xor: [0x85],
  rotateLeft: [0x89],
};

export const v128: {
  readonly zero: Code;
  readonly load: AtOffset;
  readonly store: AtOffset;
  readonly xor: Code;
  /** One of its four 32-bit words. */
  readonly word: (index: number) => Code;
} = {
  zero: [0xfd, 12, ...new Array<number>(16).fill(0)],
  load: inMemory(0xfd, 0),
  store: inMemory(0xfd, 11),
  xor: [0xfd, 81],
  word: (index) => [0xfd, 27, index],
};

/** `body` again and again, while `condition` leaves a number other than 0. */
export const loopWhile = (condition: Code, body: Code): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...[...condition, 0x45, 0x0d, 1],
  ...[...body, 0x0c, 0],
  ...[0x0b, 0x0b],
];

export interface Kernel {
  readonly memory: Uint8Array<ArrayBuffer>;
  /** Calls nobody, and remembers what it leaves in memory. */
  readonly run: (...parameters: number[]) => number;
}

export interface KernelOptions {
  /** It takes these and gives an `i32`. */
  readonly parameters: readonly number[];
  readonly locals: readonly number[];
  readonly body: Code;
}

/** A kernel with a memory of 64 KiB, all zero. `undefined` where WebAssembly or these instructions are missing or not allowed. */
export function instantiate(options: KernelOptions): Kernel | undefined {
  try {
    // Where a content security policy forbids it, this throws; so does a process whose address space is limited.
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(options)));
    const { run, memory } = exports as { run: Kernel['run']; memory: WebAssembly.Memory };
    return { run, memory: new Uint8Array(memory.buffer) };
  } catch {
    return undefined;
  }
}

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const named = (text: string): Code => sized(Array.from(text, (letter) => letter.charCodeAt(0)));

function moduleOf({ parameters, locals, body }: KernelOptions): Uint8Array<ArrayBuffer> {
  const declared = list(locals.map((type) => [1, type]));
  const section = (id: number, ...items: readonly Code[]): Code => [id, ...sized(list(items))];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, ...sized(parameters), 1, I32]),
    ...section(3, [0]),
    // One page, and never more: its size does not change under the view of it.
    ...section(5, [1, 1, 1]),
    ...section(7, [...named('run'), 0, 0], [...named('memory'), 2, 0]),
    ...section(10, sized([...declared, ...body, 0x0b])),
  ]);
}
