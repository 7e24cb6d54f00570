import type { Operation } from '../operation.ts';
import type { PartResult } from '../part-run.ts';

/** Operations drawn of one part; of a longer one, those around the error. */
const DRAWN_MAX = 1000;

export interface Box {
  readonly operation: number;
  readonly row: number;
  /** Columns. A box without an answer goes to the end of the picture. */
  readonly from: number;
  readonly to: number;
  readonly isAnswered: boolean;
  /** Its place in the longest order, from 0. */
  readonly place: number | undefined;
}

export interface Point {
  readonly column: number;
  readonly row: number;
}

export interface Layout {
  readonly rows: readonly string[];
  readonly columns: number;
  readonly boxes: readonly Box[];
  /** Through the boxes in the longest order. */
  readonly line: readonly Point[];
  /** Operations of the part that are left out before and after those drawn. */
  readonly omitted: { readonly before: number; readonly after: number };
  /** Where an instant of the history lies, in columns. */
  columnOf(time: number): number;
}

interface Event {
  readonly operation: number;
  readonly time: number;
  readonly isReturn: boolean;
}

/**
 * Places a part's operations: a row per client, and a column per call or return, so that the picture is true in order and not in
 * duration. Columns follow the checker's rule for ties: calls come before returns.
 */
export function layOut(history: readonly Operation<unknown, unknown>[], part: PartResult): Layout {
  const at = (index: number): Operation<unknown, unknown> => history[index] as Operation<unknown, unknown>;
  const { drawn, omitted } = choose(part, (index) => at(index).call);
  const events = drawn
    .flatMap((operation): Event[] => [
      { operation, time: at(operation).call, isReturn: false },
      { operation, time: at(operation).return, isReturn: true },
    ])
    .filter((event) => event.time !== Infinity)
    .sort((a, b) => a.time - b.time || Number(a.isReturn) - Number(b.isReturn) || a.operation - b.operation);
  const columns = events.length;
  const [from, to] = [new Map<number, number>(), new Map<number, number>()];
  for (const [column, event] of events.entries()) (event.isReturn ? to : from).set(event.operation, column);
  const rows = [...new Set(drawn.map((index) => at(index).client))].sort(byNumberThenName);
  const places = new Map(part.longest.map((operation, place) => [operation, place]));
  const boxes = drawn.map((operation) => ({
    operation,
    row: rows.indexOf(at(operation).client),
    from: from.get(operation) as number,
    to: to.get(operation) ?? columns,
    isAnswered: to.has(operation),
    place: places.get(operation),
  }));
  return { rows: rows.map(String), columns, boxes, line: lineThrough(boxes), omitted, columnOf: scale(events) };
}

function choose(
  part: PartResult,
  callOf: (index: number) => number,
): { readonly drawn: readonly number[]; readonly omitted: Layout['omitted'] } {
  const sorted = [...part.operations].sort((a, b) => callOf(a) - callOf(b) || a - b);
  const centre = part.refused === undefined ? 0 : sorted.indexOf(part.refused);
  const first = Math.max(0, Math.min(centre - DRAWN_MAX / 2, sorted.length - DRAWN_MAX));
  const drawn = sorted.slice(first, first + DRAWN_MAX);
  return { drawn, omitted: { before: first, after: sorted.length - first - drawn.length } };
}

const byNumberThenName = (a: number | string, b: number | string): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en');

/**
 * A point in each box of the order, from left to right. An operation takes effect no earlier than its own call and the calls of
 * those before it; the points that fall between the same two columns share the space.
 */
function lineThrough(boxes: readonly Box[]): readonly Point[] {
  const ordered = boxes
    .filter((box) => box.place !== undefined)
    .sort((a, b) => (a.place as number) - (b.place as number));
  let column = 0;
  const columns = ordered.map((box) => {
    column = Math.max(column, box.from);
    return column;
  });
  const sharing = new Map<number, number>();
  for (const each of columns) sharing.set(each, (sharing.get(each) ?? 0) + 1);
  const used = new Map<number, number>();
  return ordered.map((box, index) => {
    const base = columns[index] as number;
    const nth = (used.get(base) ?? 0) + 1;
    used.set(base, nth);
    return { column: base + nth / ((sharing.get(base) as number) + 1), row: box.row };
  });
}

function scale(events: readonly Event[]): (time: number) => number {
  return (time) => {
    const after = events.findIndex((event) => event.time >= time);
    if (after === -1) return events.length;
    return events[after]?.time === time ? after : Math.max(0, after - 0.5);
  };
}
