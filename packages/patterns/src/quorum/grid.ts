/**
 * The grid: members stand in rows and columns. A read asks one member of each column; a write one of each column and all of one column. A read and a
 * write meet in the write's full column, two writes in either's. Quorums of about √n members instead of n/2: less load, and less that may fail in the
 * wrong place. Cheung, Ammar and Ahamad, "The Grid Protocol", IEEE TKDE 1992, section 3.
 *
 * The grid may have gaps in its last row; a column is full with all that it has.
 */
import { expectDistinct, type QuorumKind, type QuorumSystem } from './quorum-system.ts';

export class GridQuorum<Member> implements QuorumSystem<Member> {
  readonly members: readonly Member[];
  readonly columns: readonly (readonly Member[])[];

  /** Members fill row after row of so many columns, the nearest to a square when absent. `RangeError` without members, for one that
   * comes twice, and for more columns than members. */
  constructor(members: readonly Member[], columnCount: number = Math.floor(Math.sqrt(members.length))) {
    if (!Number.isInteger(columnCount) || columnCount < 1 || columnCount > members.length)
      throw new RangeError(`a grid has from 1 to as many columns as members (${members.length}), got ${columnCount}`);
    expectDistinct(members);
    this.members = [...members];
    this.columns = Array.from({ length: columnCount }, (_, column) =>
      members.filter((_member, place) => place % columnCount === column),
    );
  }

  /** O(members). */
  isQuorum(kind: QuorumKind, has: (member: Member) => boolean): boolean {
    let anyIsFull = false;
    for (const column of this.columns) {
      let present = 0;
      for (const member of column) if (has(member)) present += 1;
      if (present === 0) return false;
      if (present === column.length) anyIsFull = true;
    }
    return kind === 'read' || anyIsFull;
  }

  /** The smallest quorum of a kind that can be made of members for which `isUp` holds, or nothing: whom to ask. O(members). */
  pick(kind: QuorumKind, isUp: (member: Member) => boolean): Member[] | undefined {
    const full = this.columns.filter((column) => column.every(isUp)).sort((a, b) => a.length - b.length)[0];
    if (kind === 'write' && full === undefined) return undefined;
    const picked: Member[] = [];
    for (const column of this.columns) {
      const up = column.filter(isUp);
      if (up.length === 0) return undefined;
      picked.push(...(kind === 'write' && column === full ? column : up.slice(0, 1)));
    }
    return picked;
  }
}

/**
 * How often a full grid of `rows` × `columns` can be read and written when each member is up with probability `up`: reads (1 − q^r)^c, writes
 * (1 − q^r)^c − (1 − q^r − p^r)^c, with p = `up` and q = 1 − p. Cheung et al., section 4. O(1).
 */
export function gridAvailability(
  rows: number,
  columns: number,
  up: number,
): { readonly read: number; readonly write: number } {
  const someUp = 1 - (1 - up) ** rows;
  const read = someUp ** columns;
  return { read, write: read - (someUp - up ** rows) ** columns };
}
