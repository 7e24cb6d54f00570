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

/** The digest of `bytes`: four bytes per word of the state. O(bytes). */
export function digestBlocks(compression: Compression, bytes: Uint8Array): Uint8Array {
  const little = compression.byteOrder === 'little';
  const state = Int32Array.from(compression.initial);
  const words = new Int32Array(16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (; at + 64 <= bytes.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i, little);
    compression.compress(state, words);
  }
  const tail = lastBlocks(bytes, at, little);
  const tailView = new DataView(tail.buffer);
  for (let from = 0; from < tail.length; from += 64) {
    for (let i = 0; i < 16; i++) words[i] = tailView.getInt32(from + 4 * i, little);
    compression.compress(state, words);
  }
  const digest = new Uint8Array(state.length * 4);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < state.length; i++) out.setInt32(4 * i, state[i]!, little);
  return digest;
}

/** What is left from `at`, padded to one block, or to two when the length no longer fits into the first. */
function lastBlocks(bytes: Uint8Array, at: number, little: boolean): Uint8Array {
  const rest = bytes.length - at;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(at));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  const low = (bytes.length << 3) | 0;
  const high = Math.floor(bytes.length / 0x2000_0000);
  view.setInt32(tail.length - (little ? 8 : 4), low, little);
  view.setInt32(tail.length - (little ? 4 : 8), high, little);
  return tail;
}
