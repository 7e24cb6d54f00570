/**
 * A hybrid logical timestamp, and its 64-bit form: 48 bits of milliseconds since the epoch (to the year 10889), then 16 bits of logical counter,
 * most significant first. Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks", OPODIS 2014, section 6 (the same split of 64 bits).
 *
 * Packed bytes and packed text order as the timestamps do. No bigint but in the two functions that name it.
 */
import { assert } from '../base/index.ts';

export interface HybridTimestamp {
  readonly kind: 'timestamp';
  /** Milliseconds since the epoch, an integer from 0 to 2^48 − 1. */
  readonly wallMs: number;
  /** From 0 to 65,535. */
  readonly logical: number;
}

export const WALL_MS_MAX: number = 2 ** 48 - 1;
export const LOGICAL_MAX: number = 0xffff;

/** Throws when a part is out of range. */
export function hybridTimestamp(wallMs: number, logical: number = 0): HybridTimestamp {
  expectHybrid(wallMs, logical);
  return { kind: 'timestamp', wallMs, logical };
}

export function expectHybrid(wallMs: number, logical: number): void {
  assert(
    Number.isInteger(wallMs) && wallMs >= 0 && wallMs <= WALL_MS_MAX,
    'wallMs must be an integer from 0 to 2^48 − 1',
  );
  assert(
    Number.isInteger(logical) && logical >= 0 && logical <= LOGICAL_MAX,
    'logical must be an integer from 0 to 65535',
  );
}

/** Negative when `a` is earlier. */
export function compareHybrid(a: HybridTimestamp, b: HybridTimestamp): number {
  return a.wallMs !== b.wallMs ? a.wallMs - b.wallMs : a.logical - b.logical;
}

/** Writes 8 bytes, big-endian. */
export function packHybrid(at: HybridTimestamp, bytes: Uint8Array, offset: number = 0): void {
  const high = Math.floor(at.wallMs / 0x1_0000);
  const middle = at.wallMs % 0x1_0000;
  // A byte keeps the lowest eight bits, so it does not matter that these shifts take the highest of 32 for a sign.
  bytes[offset] = high >> 24;
  bytes[offset + 1] = high >> 16;
  bytes[offset + 2] = high >> 8;
  bytes[offset + 3] = high;
  bytes[offset + 4] = middle >> 8;
  bytes[offset + 5] = middle;
  bytes[offset + 6] = at.logical >> 8;
  bytes[offset + 7] = at.logical;
}

/** Reads 8 bytes. Every 8 bytes are a timestamp. Throws when there are fewer. */
export function unpackHybrid(bytes: Uint8Array, offset: number = 0): HybridTimestamp {
  assert(offset >= 0 && offset + 8 <= bytes.length, 'a packed timestamp takes 8 bytes');
  const high =
    bytes[offset]! * 0x100_0000 + ((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!);
  const wallMs = high * 0x1_0000 + ((bytes[offset + 4]! << 8) | bytes[offset + 5]!);
  return { kind: 'timestamp', wallMs, logical: (bytes[offset + 6]! << 8) | bytes[offset + 7]! };
}

/** 16 lower-case hexadecimal digits: a key that sorts. */
export function hybridToText(at: HybridTimestamp): string {
  return at.wallMs.toString(16).padStart(12, '0') + at.logical.toString(16).padStart(4, '0');
}

/** Undefined unless `text` is what `hybridToText` gives. */
export function hybridFromText(text: string): HybridTimestamp | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) return undefined;
  return hybridTimestamp(Number.parseInt(text.slice(0, 12), 16), Number.parseInt(text.slice(12), 16));
}

/** For interfaces that take 64-bit integers. Slow: not for hot paths. */
export function hybridToBigInt(at: HybridTimestamp): bigint {
  return (BigInt(at.wallMs) << 16n) | BigInt(at.logical);
}

/** Throws unless `packed` is an unsigned 64-bit integer. */
export function hybridFromBigInt(packed: bigint): HybridTimestamp {
  return hybridTimestamp(Number(packed >> 16n), Number(packed & 0xffffn));
}
