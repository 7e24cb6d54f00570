import { assert } from '../base/index.ts';
import type { HintedHandoffEffect } from './handoff-types.ts';

/** Points in time whose hints somebody waits for to be settled (as Scylla's `hinted_handoff/sync_point`). O(points) for each hint settled. */
export class SyncPoints {
  readonly #max: number;
  readonly #points = new Map<number, { readonly serial: number; left: number; missed: number }>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Waits for the `count` hints that are kept now, whose serials are up to `serial`. */
  add(id: number, serial: number, count: number, out: HintedHandoffEffect[]): void {
    assert(!this.#points.has(id), `sync point ${id} waits already; ids are used once`);
    assert(this.#points.size < this.#max, `at most ${this.#max} sync points may wait`);
    if (count > 0) this.#points.set(id, { serial, left: count, missed: 0 });
    else out.push({ kind: 'sync-point-reached', id, missed: 0 });
  }

  settled(serial: number, isDelivered: boolean, out: HintedHandoffEffect[]): void {
    for (const [id, point] of this.#points) {
      if (serial > point.serial) continue;
      point.left -= 1;
      if (!isDelivered) point.missed += 1;
      if (point.left > 0) continue;
      this.#points.delete(id);
      out.push({ kind: 'sync-point-reached', id, missed: point.missed });
    }
  }
}
