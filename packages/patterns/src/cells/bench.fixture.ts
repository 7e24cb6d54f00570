import { expect } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  type CellConfirmation,
  CellGate,
  CellTable,
  type GateEffect,
  type GateInput,
  Migration,
  type MigrationEffect,
  type MigrationInput,
  type MigrationOptions,
  type MigrationSnapshot,
} from './index.ts';

export const table: CellTable = CellTable.of(['a', 'a', 'b', 'b']);
export const keys: readonly string[] = Array.from({ length: 60 }, (_, i) => `k${i}`);
export const keyIn = (bucket: number): string => keys.find((key) => table.bucketOf(key) === bucket)!;

/** A migration and its cells, which do at once what they are told, unless held up. */
export class Bench {
  readonly gates = new Map(['a', 'b', 'c'].map((cell) => [cell, CellGate.first(cell, table)]));
  readonly said: string[] = [];
  readonly planned: string[] = [];
  migration: Migration;
  now = 0;
  readonly held = new Set<string>();
  readonly #options: MigrationOptions;
  #durable: { readonly version: number; readonly snapshot: MigrationSnapshot };

  constructor(options: MigrationOptions = {}) {
    this.#options = { resendMs: 100, redirectMs: 1_000, fencedMaxMs: 50, ...options };
    const snapshot = { table: table.data, lastMove: 0, moves: [] };
    this.#durable = { version: 0, snapshot };
    this.migration = new Migration(this.#options, Instant.of(0), snapshot);
  }

  step(input: MigrationInput): void {
    const out: MigrationEffect[] = [];
    this.migration.step(input, Instant.of(this.now), out);
    const { snapshot } = this.migration;
    for (const effect of out) {
      if (effect.kind === 'persist') {
        expect(effect.version).toBeGreaterThan(this.#durable.version);
        this.#durable = { version: effect.version, snapshot };
      }
      if (!('after' in effect)) continue;
      // Nobody hears of anything that a crash would undo.
      expect(effect.after).toBe(this.#durable.version);
      expect(unheard(this.#durable.snapshot)).toEqual(unheard(snapshot));
    }
    for (const effect of out) {
      if (effect.kind === 'planned') this.planned.push(effect.unit);
      if (effect.kind === 'ended') this.said.push(`${effect.move} ${effect.outcome}`);
      if (effect.kind === 'publish') this.said.push(`epoch ${effect.epoch}`);
      if (effect.kind === 'refused') this.said.push(`refused ${effect.unit}`);
      if (effect.kind === 'too-late') this.said.push(`${effect.move} too late`);
      if (effect.kind === 'command') {
        this.said.push(`${effect.cell} ${effect.command.kind} ${effect.command.unit}`);
        if (!this.held.has(effect.command.kind)) this.tell(effect.cell, effect.command);
      }
    }
  }

  tell(cell: string, input: GateInput): void {
    const out: GateEffect[] = [];
    this.gates.get(cell)!.step(input, out);
    for (const effect of out) {
      if (effect.kind === 'copy') this.tell(cell, { ...effect, kind: 'received' });
      if (effect.kind === 'catch-up') this.tell(cell, { ...effect, kind: 'caught-up' });
      if (effect.kind === 'confirm') this.confirm(cell, effect.confirmation);
    }
  }

  confirm(cell: string, confirmation: CellConfirmation): void {
    this.step({ kind: 'confirmed', cell, confirmation });
  }

  tick(now: number): string[] {
    this.now = now;
    return this.after(() => this.step({ kind: 'tick' }));
  }

  /** What is said from now on. */
  after(act: () => void): string[] {
    this.said.length = 0;
    act();
    return [...this.said];
  }

  restart(): void {
    const snapshot = JSON.parse(JSON.stringify(this.#durable.snapshot));
    this.#durable = { version: 0, snapshot };
    this.migration = new Migration(this.#options, Instant.of(this.now), snapshot);
  }
}

const unheard = ({ moves, ...rest }: MigrationSnapshot) => ({
  ...rest,
  moves: moves.map((move) => ({ ...move, heard: [] })),
});
