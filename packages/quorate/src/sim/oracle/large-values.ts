/**
 * Values of up to many KiB, which the oracle keeps, compares and shows by name. `v12*8192` stands for the 8192 bytes that only write 12 makes: the
 * name, then bytes that follow from the mark and from their place, so that a piece of another value, or of another place in this one, is noticed.
 */
import type { Bytes } from '@quorate/cluster/client';

/** Shorter values are text and stand for themselves. */
export const LARGE_VALUE_BYTES_MIN = 100;
export const LARGE_VALUE_BYTES_MAX: number = 1024 * 1024;
/** Room for the name and the space behind it. */
const NAME_BYTES_MAX = 40;
/** Of those asked for last: each is looked at many times. */
const KEPT_MAX = 64;
const NAME = /^v(\d+)\*(\d+)$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const kept = new Map<string, Uint8Array>();

/** `sizeBytes`: from `LARGE_VALUE_BYTES_MIN` to `LARGE_VALUE_BYTES_MAX`. */
export function largeValueName(mark: number, sizeBytes: number): string {
  return `v${mark}*${sizeBytes}`;
}

/** What to write under that name, O(its size), not to be changed. Other text stands for itself. */
export function valueOf(name: string): Bytes {
  return contentOf(name) ?? name;
}

/** The name of a value, O(its size): of a large one that is not what it should be, what is wrong with it. */
export function nameOf(value: Uint8Array): string {
  if (value.length < LARGE_VALUE_BYTES_MIN) return decoder.decode(value);
  const name = decoder.decode(value.subarray(0, NAME_BYTES_MAX)).split(' ', 1)[0]!;
  const expected = contentOf(name);
  if (expected === undefined) return `${value.length} bytes that no write makes`;
  if (Buffer.compare(value, expected) === 0) return name;
  const wrong = value.findIndex((byte, i) => byte !== expected[i]);
  return `${name} of ${value.length} bytes, wrong from ${wrong < 0 ? value.length : wrong} on`;
}

/** Undefined when it is not the name of a large value. */
function contentOf(name: string): Uint8Array | undefined {
  const known = kept.get(name);
  if (known !== undefined) return known;
  const [, mark, sizeBytes] = NAME.exec(name) ?? [];
  const bytes = Number(sizeBytes);
  if (mark === undefined || bytes < LARGE_VALUE_BYTES_MIN || bytes > LARGE_VALUE_BYTES_MAX) return undefined;
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value!);
  const content = madeFor(name, Number(mark), bytes);
  kept.set(name, content);
  return content;
}

function madeFor(name: string, mark: number, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  for (let i = 0; i < words.length; i++) words[i] = mixed(mark, i);
  const content = new Uint8Array(words.buffer, 0, sizeBytes);
  content.set(encoder.encode(`${name} `));
  return content;
}

/** 32 bits that look like chance. */
function mixed(mark: number, place: number): number {
  let x = Math.imul(mark, 0x9e37_79b1) + Math.imul(place, 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2_ae35);
  return x ^ (x >>> 13);
}
