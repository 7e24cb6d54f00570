/**
 * Byte strings as map keys: one UTF-16 unit per byte (0 to 255), so that comparing, hashing and equality of strings are those
 * of the bytes, at the speed of the engine's strings and with half the memory of arrays. Never for text or for display.
 */

/** Runs up to this length become one flat string in one call; longer ones are concatenated from such runs. */
const RUN = 128;
/** One argument array per length, reused: `fromCharCode.apply` on a plain array of the right length is the fastest way there is. */
const runs: number[][] = Array.from({ length: RUN + 1 }, (_, length) => new Array<number>(length).fill(0));

function run(bytes: Uint8Array, start: number, length: number): string {
  const units = runs[length]!;
  for (let i = 0; i < length; i++) units[i] = bytes[start + i]!;
  return String.fromCharCode.apply(null, units);
}

/** The bytes from `start` to `end` as a binary string. O(length), copies. */
export function binaryFromBytes(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  if (end - start <= RUN) return run(bytes, start, end - start);
  let text = '';
  for (let at = start; at < end; at += RUN) text += run(bytes, at, Math.min(RUN, end - at));
  return text;
}

/** The bytes of short text, if all of them are ASCII: at most `RUN`. What takes a loop to put together costs again when it is first used as a key. */
export function asciiFromBytes(bytes: Uint8Array, start: number, length: number): string | undefined {
  const units = runs[length]!;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    if (byte >= 0x80) return undefined;
    units[i] = byte;
  }
  return String.fromCharCode.apply(null, units);
}

/** The bytes of a binary string. A unit above 255 loses its high byte. */
export function bytesFromBinary(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
