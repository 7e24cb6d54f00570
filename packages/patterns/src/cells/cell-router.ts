/**
 * Which cell a request goes to, by the latest table that is known here, and what follows from a cell's answer. As thin as can be: it looks up, and never decides.
 * AWS, "Reducing the Scope of Impact with Cell-Based Architecture": the router is the one thing that all cells share. It goes on with the table that
 * it has when nobody can give it a newer one (static stability): whatever it believes, cells serve only what is theirs.
 *
 *     route ──> send ── accept ──> served
 *                │ ├─── ask ────> send there, once
 *                │ ├─── moved, stale-table, not-here ──> refresh: get a newer table, install it, route again
 *                │ └─── try-later ──> wait
 *                └── the cell is down ──> unavailable. Never another cell, unless that was asked for, and then it says so
 *
 * Pure. O(length of the key).
 */
import { assert } from '../base/index.ts';
import type { Admission, CellRequest } from './cell-gate-types.ts';
import type { CellTable } from './cell-table.ts';

export interface CellRouterOptions {
  /** How often one request is sent at most. Default 5. */
  readonly sendsMax?: number;
  /** A cell that holds a copy, by the cell whose copy it is: for requests that may fall back, reads of data that may be old as a rule. Default none. */
  readonly fallbacks?: ReadonlyMap<string, string>;
}

export interface Sending {
  readonly kind: 'send';
  readonly cell: string;
  readonly request: CellRequest;
  /** How often this request has been sent, this time included. */
  readonly sends: number;
}

export type Route =
  | Sending
  /** The home of the key is down, and this cell has a copy: what comes from there may be old, and nothing may be written. */
  | { readonly kind: 'fall-back'; readonly cell: string; readonly home: string; readonly key: string }
  /** Its home is down. No other cell has it. */
  | { readonly kind: 'unavailable'; readonly cell: string };

export type RouterStep =
  | Route
  | { readonly kind: 'served' }
  /** Get a table of at least this epoch, `install` it, and `route` with `sends`. When there is none yet, wait. */
  | { readonly kind: 'refresh'; readonly epoch: number; readonly sends: number }
  /** Send the same again a little later, and count it. */
  | { readonly kind: 'wait'; readonly again: Sending }
  /** It has been sent as often as may be. No cell has taken it. */
  | { readonly kind: 'given-up' };

export class CellRouter {
  readonly #sendsMax: number;
  readonly #fallbacks: ReadonlyMap<string, string>;
  readonly #down = new Set<string>();
  #table: CellTable;
  #fellBack = 0;

  constructor(table: CellTable, options: CellRouterOptions = {}) {
    this.#table = table;
    this.#sendsMax = options.sendsMax ?? 5;
    this.#fallbacks = options.fallbacks ?? new Map();
    assert(this.#sendsMax >= 1, `sendsMax must be >= 1, not ${options.sendsMax}`);
  }

  get table(): CellTable {
    return this.#table;
  }

  /** Requests that were sent to another cell than their home because that was down. */
  get fellBack(): number {
    return this.#fellBack;
  }

  /** False when the table is not newer than the one that is here: tables may come in any order. */
  install(table: CellTable): boolean {
    if (table.epoch <= this.#table.epoch) return false;
    this.#table = table;
    // What is no cell any more is not down.
    for (const cell of this.#down) if (!table.cells.has(cell)) this.#down.delete(cell);
    return true;
  }

  /** What the health checks say. Cells are up at first. */
  mark(cell: string, health: 'up' | 'down'): void {
    if (health === 'up') this.#down.delete(cell);
    else if (this.#table.cells.has(cell)) this.#down.add(cell);
  }

  /** `sends`: how often it has been sent before. */
  route(key: string, options: { readonly sends?: number; readonly mayFallBack?: boolean } = {}): Route {
    const { cell } = this.#table.homeOf(key);
    const { sends = 0, mayFallBack = false } = options;
    if (!this.#down.has(cell))
      return { kind: 'send', cell, request: { key, epoch: this.#table.epoch }, sends: sends + 1 };
    const other = mayFallBack ? this.#fallbacks.get(cell) : undefined;
    if (other === undefined || this.#down.has(other)) return { kind: 'unavailable', cell };
    this.#fellBack += 1;
    return { kind: 'fall-back', cell: other, home: cell, key };
  }

  /** What follows from the answer to what was sent. */
  next({ request, sends }: Sending, answer: Admission): RouterStep {
    if (answer.kind === 'accept') return { kind: 'served' };
    if (sends >= this.#sendsMax) return { kind: 'given-up' };
    const { key, epoch } = request;
    if (answer.kind === 'ask') {
      if (this.#down.has(answer.to)) return { kind: 'unavailable', cell: answer.to };
      return { kind: 'send', cell: answer.to, request: { key, epoch, asking: answer.move }, sends: sends + 1 };
    }
    if (answer.kind === 'try-later') {
      // Whoever was asked is not there yet, or the move has been called off: its home knows.
      const again = this.route(key, { sends });
      return again.kind === 'send' ? { kind: 'wait', again } : again;
    }
    const needed = answer.kind === 'not-here' ? epoch + 1 : answer.epoch;
    return this.#table.epoch >= needed ? this.route(key, { sends }) : { kind: 'refresh', epoch: needed, sends };
  }
}
