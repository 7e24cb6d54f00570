/** Decodes HPACK's Huffman-coded strings (RFC 7541, section 5.2 and appendix B). */
import { ConnectionError, ErrorCode } from './protocol.ts';

/** Code length in bits of each byte value; the code is canonical, so the lengths say it all. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
];
const LENGTH_MAX = 30;

interface Codes {
  /** By the next 8 bits: symbol × 16 + length for codes of at most 8 bits, otherwise 0. */
  readonly short: Uint16Array;
  /** By length: the first code of that length, how many there are, and where their symbols start. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

function buildCodes(): Codes {
  const short = new Uint16Array(256);
  const first = new Int32Array(LENGTH_MAX + 1);
  const count = new Int32Array(LENGTH_MAX + 1);
  const offset = new Int32Array(LENGTH_MAX + 1);
  const symbols = new Uint8Array(256);
  let code = 0;
  let used = 0;
  for (let length = 1; length <= LENGTH_MAX; length++) {
    code <<= 1;
    first[length] = code;
    offset[length] = used;
    for (let symbol = 0; symbol < 256; symbol++) {
      if (LENGTHS[symbol] !== length) continue;
      symbols[used++] = symbol;
      if (length <= 8) short.fill(symbol * 16 + length, code << (8 - length), (code + 1) << (8 - length));
      code += 1;
    }
    count[length] = used - offset[length]!;
  }
  return { short, first, count, offset, symbols };
}

const CODES: Codes = buildCodes();
const CHARACTERS: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** The string coded in `buffer` from `start` to `end`, one character per byte. */
export function decodeHuffman(buffer: Uint8Array, start: number, end: number): string {
  let out = '';
  const endBit = end * 8;
  let bit = start * 8;
  while (bit < endBit) {
    const at = bit >>> 3;
    const next = at + 1 < end ? buffer[at + 1]! : 0xff;
    const window = (((buffer[at]! << 8) | next) >>> (8 - (bit & 7))) & 0xff;
    const hit = CODES.short[window]!;
    if (hit !== 0 && (hit & 15) <= endBit - bit) {
      out += CHARACTERS[hit >>> 4]!;
      bit += hit & 15;
      continue;
    }
    if (endBit - bit < 8 && isPadding(window, endBit - bit)) return out;
    const long = decodeLong(buffer, bit, endBit);
    out += CHARACTERS[long & 0xff]!;
    bit += long >>> 8;
  }
  return out;
}

/** A string ends with up to 7 bits of ones. */
function isPadding(window: number, bits: number): boolean {
  return window >>> (8 - bits) === (1 << bits) - 1;
}

/** Length × 256 + symbol of a code longer than 8 bits. */
function decodeLong(buffer: Uint8Array, start: number, endBit: number): number {
  let code = 0;
  for (let length = 1; length <= LENGTH_MAX && start + length <= endBit; length++) {
    const bit = start + length - 1;
    code = (code << 1) | ((buffer[bit >>> 3]! >>> (7 - (bit & 7))) & 1);
    const index = code - CODES.first[length]!;
    if (index >= 0 && index < CODES.count[length]!) return length * 256 + CODES.symbols[CODES.offset[length]! + index]!;
  }
  throw new ConnectionError(ErrorCode.compression, 'a Huffman-coded header string does not end on a symbol');
}
