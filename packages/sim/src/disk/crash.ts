/**
 * What a power failure may leave of the changes that no sync had made durable: any subset of them in any order, and
 * of a write any of its sectors, with or without the growth of the file (Pillai et al., "All File Systems Are Not
 * Created Equal", OSDI 2014). A sector's bytes outside the write are never harmed.
 */
import type { SeededStream } from '../random/index.ts';
import type { NameChange } from './directory-image.ts';
import {
  type DurableBytes,
  type FileImage,
  type PendingTruncate,
  type PendingWrite,
  SECTOR_BYTES,
} from './file-image.ts';

/** One change that a power failure may take away. */
export type PendingOperation =
  | { readonly kind: 'write'; readonly sequence: number; readonly file: FileImage; readonly change: PendingWrite }
  | { readonly kind: 'truncate'; readonly sequence: number; readonly file: FileImage; readonly change: PendingTruncate }
  | { readonly kind: 'names'; readonly sequence: number; readonly change: NameChange };

export type Outcome = 'kept' | 'lost' | Torn;

/** A write of which only some sectors came to the device. */
export interface Torn {
  /** One letter per sector that the write touches: `n`ew bytes, `o`ld bytes, `z`eros in place of the write's bytes. */
  readonly sectors: string;
  /** The file's size afterwards: as if the write was whole, as far as new sectors reach, or as it was. */
  readonly size: 'whole' | 'reached' | 'old';
}

/** A fate for each pending operation, in their order. */
export interface CrashVariant {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}

export function sectorsOf(write: PendingWrite): number {
  const first = Math.floor(write.position / SECTOR_BYTES);
  const last = Math.floor((write.position + write.lengthBytes - 1) / SECTOR_BYTES);
  return last - first + 1;
}

/** Puts what survived of a write onto the durable bytes. */
export function replayTorn(onto: DurableBytes, write: PendingWrite, bytes: Uint8Array, torn: Torn): void {
  const sizeBefore = onto.size;
  const end = write.position + write.lengthBytes;
  const first = Math.floor(write.position / SECTOR_BYTES);
  for (let i = 0; i < torn.sectors.length; i++) {
    if (torn.sectors[i] === 'o') continue;
    const from = Math.max(write.position, (first + i) * SECTOR_BYTES);
    const to = Math.min(end, (first + i + 1) * SECTOR_BYTES);
    if (torn.size === 'old' && from >= sizeBefore) break;
    const part = bytes.subarray(from - write.position, to - write.position);
    onto.set(torn.sectors[i] === 'n' ? part : new Uint8Array(part.length), from);
  }
  if (torn.size === 'old' && onto.size > sizeBefore) onto.resize(sizeBefore);
  if (torn.size === 'whole' && onto.size < end) onto.resize(end);
}

/** Draws one fate as a seed decides: nothing kept, a prefix with a torn end, any subset, or all. */
export function drawCrash(pending: readonly PendingOperation[], random: SeededStream): CrashVariant {
  const style = random.below(8);
  if (pending.length === 0 || style === 0) return { name: 'nothing kept', outcomes: pending.map(() => 'lost') };
  if (style === 1) return { name: 'all kept', outcomes: pending.map(() => 'kept') };
  if (style <= 4) {
    const kept = random.below(pending.length + 1);
    const outcomes = pending.map((operation, i): Outcome => {
      if (i === kept && operation.kind === 'write') return drawTorn(operation.change, random);
      return i < kept ? 'kept' : 'lost';
    });
    return { name: `the first ${kept} of ${pending.length} kept, the next torn`, outcomes };
  }
  const outcomes = pending.map((operation): Outcome => {
    if (operation.kind === 'write' && random.below(3) === 0) return drawTorn(operation.change, random);
    return random.below(2) === 0 ? 'kept' : 'lost';
  });
  return { name: 'any of them kept, lost or torn', outcomes };
}

function drawTorn(write: PendingWrite, random: SeededStream): Torn {
  const letters = random.pick(['no', 'nz', 'noz', 'o']);
  const count = sectorsOf(write);
  let sectors = '';
  if (random.below(2) === 0) {
    const head = random.below(count + 1);
    sectors = 'n'.repeat(head) + random.pick(['o', 'z']).repeat(count - head);
  } else {
    for (let i = 0; i < count; i++) sectors += letters[random.below(letters.length)];
  }
  return { sectors, size: random.pick(['whole', 'reached', 'old'] as const) };
}
