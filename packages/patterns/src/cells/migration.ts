/**
 * Moves units from cell to cell, one step after the other, so that no write is lost and no two cells accept one. It owns the table, and runs where the
 * table is kept: in one process at a time, behind a log or a store that makes `snapshot` durable.
 *
 *     waiting ──> copying ──> fencing ──> catching-up ──> cutting-over ──> redirecting ──> cleaning ──> moved
 *        │           │           │             │               ^ the decision: the table changes
 *        └───────────┴───────────┴─────────────┴──> rolling-back ──> rolled back
 *
 *     step          the old cell                           the new cell
 *     copying       serves                                 copies, and follows the changes
 *     fencing       lets nothing in, ends what is begun    follows the changes
 *     catching-up   (fenced: nothing changes any more)     has everything
 *     cutting-over  tells where it is now                  serves
 *     redirecting   still does                             serves
 *     cleaning      deletes                                serves
 *
 * Why it fences and does not write to both: two cells that accept the same write disagree as soon as one of the two is slow or down, and then somebody has to
 * say which is right. The fence costs a short time in which the unit is not served; it is bounded by `fencedMaxMs`, after which it is rolled back.
 *
 * The decision is one durable change of this state. Before it a move can be called off at any time; after it, it can only be finished. Whoever crashes goes on
 * from its own durable record: commands are sent again until they are confirmed, and late ones are recognised by the number of their move (`CellGate`).
 * Moves within one bucket, of the bucket itself or of keys pinned in or out of it, wait for each other. Pure. O(moves under way) per input.
 */
import { assert, Instant } from '../base/index.ts';
import { bucketOfUnit, CellTable, keyOf, keyUnit, PINS_MAX, type Unit } from './cell-table.ts';
import type {
  CellCommand,
  CellConfirmation,
  CellConfirmationKind,
  MigrationEffect,
  MigrationInput,
  MigrationOptions,
  MigrationSnapshot,
  MoveRecord,
  MoveStep,
} from './migration-types.ts';

/** What is told to whom in each step, and what has to be heard before the next. */
interface Order {
  readonly cell: string;
  readonly command: CellCommand;
  readonly answer: CellConfirmationKind;
}

export class Migration {
  readonly #movesMax: number;
  readonly #waitingMax: number;
  readonly #resendMs: number;
  readonly #redirectMs: number;
  readonly #fencedMaxMs: number;
  readonly #copyMaxMs: number;
  #table: CellTable;
  /** By number, those that wait included. */
  readonly #moves = new Map<number, MoveRecord>();
  /** Of those under way: when a step has taken too long, or long enough. */
  readonly #stepUntil = new Map<number, number>();
  #lastMove: number;
  #version = 0;
  #resendAt: number;

  /** `snapshot`: as it was made durable, or a first table without moves. */
  constructor(options: MigrationOptions, now: Instant, snapshot: MigrationSnapshot) {
    this.#movesMax = options.movesMax ?? 4;
    this.#waitingMax = options.waitingMax ?? 65_536;
    this.#resendMs = options.resendMs ?? 1_000;
    this.#redirectMs = options.redirectMs ?? 600_000;
    this.#fencedMaxMs = options.fencedMaxMs ?? 10_000;
    this.#copyMaxMs = options.copyMaxMs ?? Number.POSITIVE_INFINITY;
    assert(this.#movesMax >= 1, `movesMax must be >= 1, not ${options.movesMax}`);
    assert(this.#waitingMax >= 1, `waitingMax must be >= 1, not ${options.waitingMax}`);
    assert(this.#resendMs > 0, `resendMs must be > 0, not ${options.resendMs}`);
    assert(this.#fencedMaxMs > 0, `fencedMaxMs must be > 0, not ${options.fencedMaxMs}`);
    this.#table = CellTable.restore(snapshot.table);
    this.#lastMove = snapshot.lastMove;
    for (const move of snapshot.moves) {
      this.#moves.set(move.move, move);
      this.#time(move, now);
    }
    this.#resendAt = now;
  }

  get table(): CellTable {
    return this.#table;
  }

  get snapshot(): MigrationSnapshot {
    return { table: this.#table.data, lastMove: this.#lastMove, moves: [...this.#moves.values()] };
  }

  get moves(): readonly MoveRecord[] {
    return [...this.#moves.values()];
  }

  get deadline(): Instant | undefined {
    if (this.#moves.size === 0) return undefined;
    return Instant.of(Math.min(this.#resendAt, ...this.#stepUntil.values()));
  }

  step(input: MigrationInput, now: Instant, out: MigrationEffect[]): void {
    switch (input.kind) {
      case 'move':
        return this.#plan('move', input.unit, input.to, now, out);
      case 'unpin':
        return this.#plan('unpin', keyUnit(input.key), '', now, out);
      case 'roll-back':
        return this.#rollBack(input.move, now, out);
      case 'confirmed':
        return this.#confirmed(input.cell, input.confirmation, now, out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #plan(kind: MoveRecord['kind'], unit: Unit, to: string, now: Instant, out: MigrationEffect[]): void {
    const waiting = this.#moves.size - this.#stepUntil.size;
    if (waiting >= this.#waitingMax) return void out.push({ kind: 'refused', unit });
    this.#table.homeOfUnit(unit);
    this.#lastMove += 1;
    const move: MoveRecord = { move: this.#lastMove, kind, unit, from: '', to, step: 'waiting', epoch: 0, heard: [] };
    this.#moves.set(move.move, move);
    out.push({ kind: 'planned', move: move.move, unit });
    this.#persist(out);
    this.#startWaiting(now, out);
  }

  /** Starts those that wait, in order, as far as they may be under way. */
  #startWaiting(now: Instant, out: MigrationEffect[]): void {
    const busy = new Set<number>();
    for (const move of [...this.#moves.values()]) {
      const bucket = bucketOfUnit(move.unit, this.#table.bucketCount);
      if (move.step === 'waiting' && !busy.has(bucket) && this.#stepUntil.size < this.#movesMax)
        this.#start(move, now, out);
      if (this.#moves.has(move.move)) busy.add(bucket);
    }
  }

  #start(move: MoveRecord, now: Instant, out: MigrationEffect[]): void {
    const { unit, kind, to } = move;
    const home = this.#table.homeOfUnit(unit).cell;
    const key = keyOf(unit);
    const isPinned = key !== undefined && this.#table.unitOf(key) === unit;
    if (kind === 'unpin') {
      const bucketHome = this.#table.homeOfBucketOf(key!).cell;
      if (!isPinned || home !== bucketHome) this.#end(move, 'not-possible', out);
      else this.#enter({ ...move, from: home, to: home, step: 'merging' }, now, out);
    } else if (home === to) this.#end(move, 'moved', out);
    else if (key !== undefined && !isPinned && this.#pins >= PINS_MAX) this.#end(move, 'not-possible', out);
    else this.#enter({ ...move, from: home, step: 'copying' }, now, out);
  }

  /** Pinned keys, those included that will be. */
  get #pins(): number {
    const pinning = this.moves.filter(({ unit, step }) => {
      const key = keyOf(unit);
      return key !== undefined && step !== 'waiting' && this.#table.unitOf(key) !== unit;
    });
    return this.#table.pins.length + pinning.length;
  }

  /** Everything is durable before anybody hears of it. */
  #enter(move: MoveRecord, now: Instant, out: MigrationEffect[]): void {
    this.#moves.set(move.move, move);
    this.#time(move, now);
    this.#persist(out);
    this.#say(move, out);
  }

  #time(move: MoveRecord, now: Instant): void {
    const { step } = move;
    if (step === 'waiting') return;
    let ms = Number.POSITIVE_INFINITY;
    if (step === 'copying') ms = this.#copyMaxMs;
    else if (step === 'redirecting') ms = this.#redirectMs;
    else if (step === 'fencing') ms = this.#fencedMaxMs;
    // The time goes on from `fencing`.
    if (step === 'catching-up')
      this.#stepUntil.set(move.move, this.#stepUntil.get(move.move) ?? now + this.#fencedMaxMs);
    else this.#stepUntil.set(move.move, now + ms);
  }

  #say(move: MoveRecord, out: MigrationEffect[]): void {
    for (const { cell, command, answer } of ordersOf(move))
      if (!move.heard.includes(answer)) out.push({ kind: 'command', cell, command, after: this.#version });
  }

  #confirmed(cell: string, { kind, move: number, unit }: CellConfirmation, now: Instant, out: MigrationEffect[]): void {
    const move = this.#moves.get(number);
    if (move?.unit !== unit || move.heard.includes(kind)) return;
    const orders = ordersOf(move);
    if (!orders.some((order) => order.cell === cell && order.answer === kind)) return;
    const heard = [...move.heard, kind];
    if (heard.length < orders.length) this.#moves.set(number, { ...move, heard });
    else this.#advance(move, now, out);
  }

  /** All that has to be heard in this step has been. */
  #advance(move: MoveRecord, now: Instant, out: MigrationEffect[]): void {
    const next = (step: MoveStep): void => this.#enter({ ...move, step, heard: [] }, now, out);
    switch (move.step) {
      case 'copying':
        return next('fencing');
      case 'fencing':
        return next('catching-up');
      case 'catching-up':
        return this.#decide(move, now, out);
      case 'cutting-over':
        return next('redirecting');
      case 'cleaning':
        return this.#finish(move, 'moved', now, out);
      case 'rolling-back':
        return this.#finish(move, 'rolled-back', now, out);
      case 'merging':
        this.#table = this.#table.unpin(keyOf(move.unit)!);
        this.#finish(move, 'unpinned', now, out);
        return void out.push({ kind: 'publish', epoch: this.#table.epoch, after: this.#version });
      case 'waiting':
      case 'redirecting':
    }
  }

  #decide(move: MoveRecord, now: Instant, out: MigrationEffect[]): void {
    this.#table = this.#table.move(move.unit, move.to);
    const { epoch } = this.#table;
    this.#enter({ ...move, step: 'cutting-over', epoch, heard: [] }, now, out);
    out.push({ kind: 'publish', epoch, after: this.#version });
  }

  #rollBack(number: number, now: Instant, out: MigrationEffect[]): void {
    const move = this.#moves.get(number);
    switch (move?.step) {
      case 'waiting':
        return this.#finish(move, 'rolled-back', now, out);
      case 'copying':
      case 'fencing':
      case 'catching-up':
        return this.#enter({ ...move, step: 'rolling-back', heard: [] }, now, out);
      case 'rolling-back':
        return;
      default:
        out.push({ kind: 'too-late', move: number });
    }
  }

  #finish(move: MoveRecord, outcome: 'moved' | 'rolled-back' | 'unpinned', now: Instant, out: MigrationEffect[]): void {
    this.#end(move, outcome, out);
    this.#startWaiting(now, out);
  }

  #end(
    { move, unit }: MoveRecord,
    outcome: 'moved' | 'rolled-back' | 'unpinned' | 'not-possible',
    out: MigrationEffect[],
  ): void {
    this.#moves.delete(move);
    this.#stepUntil.delete(move);
    this.#persist(out);
    out.push({ kind: 'ended', move, unit, outcome, after: this.#version });
  }

  #tick(now: Instant, out: MigrationEffect[]): void {
    const said = new Set<number>();
    for (const [number, until] of [...this.#stepUntil]) {
      if (now < until) continue;
      const move = this.#moves.get(number)!;
      said.add(number);
      if (move.step === 'redirecting') this.#enter({ ...move, step: 'cleaning', heard: [] }, now, out);
      else this.#rollBack(number, now, out);
    }
    if (now < this.#resendAt) return;
    this.#resendAt = now + this.#resendMs;
    for (const move of this.#moves.values()) if (!said.has(move.move)) this.#say(move, out);
    this.#startWaiting(now, out);
  }

  #persist(out: MigrationEffect[]): void {
    this.#version += 1;
    out.push({ kind: 'persist', version: this.#version });
  }
}

function ordersOf({ move, unit, from, to, step, epoch }: MoveRecord): Order[] {
  switch (step) {
    case 'waiting':
    case 'redirecting':
      return [];
    case 'copying':
      return [{ cell: to, command: { kind: 'receive', unit, move, from }, answer: 'received' }];
    case 'fencing':
      return [{ cell: from, command: { kind: 'fence', unit, move, to }, answer: 'fenced' }];
    case 'catching-up':
      return [{ cell: to, command: { kind: 'catch-up', unit, move }, answer: 'caught-up' }];
    case 'cutting-over':
      return [
        { cell: to, command: { kind: 'activate', unit, move, epoch }, answer: 'activated' },
        { cell: from, command: { kind: 'forward', unit, move, to, epoch }, answer: 'forwarded' },
      ];
    case 'cleaning':
      return [{ cell: from, command: { kind: 'clean', unit, move }, answer: 'cleaned' }];
    case 'rolling-back':
      return [
        { cell: from, command: { kind: 'unfence', unit, move }, answer: 'unfenced' },
        { cell: to, command: { kind: 'discard', unit, move }, answer: 'discarded' },
      ];
    case 'merging':
      return [{ cell: from, command: { kind: 'merge', unit, move }, answer: 'merged' }];
  }
}
