/**
 * What MD5, SHA-1 and SHA-256 share (Merkle and Damgård): the input in blocks of 64 bytes, padded with a one bit, zeros and its length in bits,
 * each block compressed into a state of 32-bit words.
 */
export interface Compression {
  /** The state before the first block. */
  readonly initial: readonly number[];
  readonly byteOrder: 'little' | 'big';
  /** Folds sixteen words of input into `state`. */
  compress(state: Int32Array, words: Int32Array): void;
}

const BLOCK_BYTES = 64;
/** Of the last block: the one bit, at least, and the length take nine. */
const LENGTH_AT = 56;
/** Reused, so that a short input costs its blocks and nothing else: nobody is called while they are in use but `compress`. */
const words: Int32Array = new Int32Array(16);
const tail: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);
const states: ReadonlyMap<number, Int32Array> = new Map([4, 5, 8].map((length) => [length, new Int32Array(length)]));

/** The digest of `bytes`: four bytes per word of the state. O(bytes). */
export function digestBlocks(compression: Compression, bytes: Uint8Array): Uint8Array {
  const state = states.get(compression.initial.length)!;
  state.set(compression.initial);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  compressAll(compression, state, bytes, whole);
  compressAll(compression, state, tail, fillTail(bytes, whole, compression.byteOrder));
  const digest = new Uint8Array(state.length * 4);
  for (let i = 0; i < state.length; i++) putWord(digest, 4 * i, state[i]!, compression.byteOrder);
  return digest;
}

function compressAll(compression: Compression, state: Int32Array, bytes: Uint8Array, end: number): void {
  const isBig = compression.byteOrder === 'big';
  for (let from = 0; from < end; from += BLOCK_BYTES) {
    for (let i = 0, at = from; i < 16; i++, at += 4) {
      const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
      words[i] = isBig ? (a << 24) | (b << 16) | (c << 8) | d : a | (b << 8) | (c << 16) | (d << 24);
    }
    compression.compress(state, words);
  }
}

/** What is left from `from` on, padded to one block, or to two when the length no longer fits into the first. How many bytes that are. */
function fillTail(bytes: Uint8Array, from: number, byteOrder: 'little' | 'big'): number {
  const rest = bytes.length - from;
  const end = rest < LENGTH_AT ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  tail.fill(0);
  for (let i = 0; i < rest; i++) tail[i] = bytes[from + i]!;
  tail[rest] = 0x80;
  const low = (bytes.length << 3) | 0;
  const high = Math.floor(bytes.length / 0x2000_0000);
  putWord(tail, end - 8, byteOrder === 'little' ? low : high, byteOrder);
  putWord(tail, end - 4, byteOrder === 'little' ? high : low, byteOrder);
  return end;
}

function putWord(bytes: Uint8Array, at: number, word: number, byteOrder: 'little' | 'big'): void {
  const isBig = byteOrder === 'big';
  for (let i = 0; i < 4; i++) bytes[at + i] = word >>> (8 * (isBig ? 3 - i : i));
}
