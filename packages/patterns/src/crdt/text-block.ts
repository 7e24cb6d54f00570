/**
 * A block of text: what one actor typed in one go, character after character. Each character's place (block, index) is for ever, and each is at first
 * unseen, then present, then deleted: never back. So merging is the larger of three for each character, whatever came first, or twice.
 */
import type { Dot } from '../time/index.ts';

export interface TextBlock {
  readonly id: Dot;
  /** The block it hangs on, or undefined for the root. */
  readonly parent: Dot | undefined;
  /** Where on the parent: 2i is just before its character i, 2i + 1 just after. On the root, 1. */
  readonly offset: number;
  /** At least one. Ascending, without overlap; a gap is unseen. Neighbours that could be one are one. */
  readonly runs: readonly TextRun[];
}

export interface TextRun {
  /** Index in the block of the first character (UTF-16 unit). */
  readonly from: number;
  readonly length: number;
  /** Undefined: deleted. */
  readonly text: string | undefined;
}

export const ROOT_OFFSET: number = 1;

export function sameDot(a: Dot, b: Dot): boolean {
  return a === b || (a.counter === b.counter && a.actor === b.actor);
}

/** One past the last index that was seen. */
export function endOf(block: TextBlock): number {
  const last = block.runs[block.runs.length - 1]!;
  return last.from + last.length;
}

/** Whether all of it was seen, and all deleted. */
export function isGone(block: TextBlock): boolean {
  return block.runs.length === 1 && block.runs[0]!.from === 0 && block.runs[0]!.text === undefined;
}

/** Of each character the later state; `a` itself when `b` adds nothing. Both are of the same dot. O(runs). */
export function mergeBlocks(a: TextBlock, b: TextBlock): TextBlock {
  const runs = mergeRuns(a.runs, b.runs);
  return sameRuns(runs, a.runs) ? a : { ...a, runs };
}

function mergeRuns(a: readonly TextRun[], b: readonly TextRun[]): TextRun[] {
  const merged: TextRun[] = [];
  let at = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    const fromX = x === undefined ? Number.POSITIVE_INFINITY : Math.max(at, x.from);
    const fromY = y === undefined ? Number.POSITIVE_INFINITY : Math.max(at, y.from);
    const from = Math.min(fromX, fromY);
    const endX = x === undefined ? Number.POSITIVE_INFINITY : x.from + x.length;
    const endY = y === undefined ? Number.POSITIVE_INFINITY : y.from + y.length;
    // As far as the answer is the same: to the end of what covers `from`, or to where the other begins.
    at = Math.min(fromX === from ? endX : fromX, fromY === from ? endY : fromY);
    const isOfY = fromX > from || (fromY === from && y!.text === undefined);
    append(merged, from, at, isOfY ? y! : x!);
    if (at >= endX) i += 1;
    if (at >= endY) j += 1;
  }
  return merged;
}

/** Adds characters `from` to `end` of `source` to the last run if they fit there. */
function append(runs: TextRun[], from: number, end: number, source: TextRun): void {
  const text = source.text?.slice(from - source.from, end - source.from);
  const last = runs[runs.length - 1];
  if (last === undefined || last.from + last.length !== from || (last.text === undefined) !== (text === undefined)) {
    runs.push({ from, length: end - from, text });
    return;
  }
  const joined = text === undefined ? undefined : last.text! + text;
  runs[runs.length - 1] = { from: last.from, length: end - last.from, text: joined };
}

/** Whether two lists cover the same characters in the same states; what the characters are is decided by their places. */
export function sameRuns(a: readonly TextRun[], b: readonly TextRun[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ from, length, text }, at) => {
    const other = b[at]!;
    return from === other.from && length === other.length && (text === undefined) === (other.text === undefined);
  });
}

/** Siblings at one place order by offset, then by name: arbitrary, but the same everywhere. */
export function compareBlocks(a: TextBlock, b: TextBlock): number {
  if (a.offset !== b.offset) return a.offset - b.offset;
  if (a.id.actor !== b.id.actor) return a.id.actor < b.id.actor ? -1 : 1;
  return a.id.counter - b.id.counter;
}
