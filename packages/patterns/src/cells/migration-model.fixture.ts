import { Instant } from '../base/index.ts';
import {
  type BucketRecord,
  type CellCommand,
  type CellConfirmation,
  CellGate,
  type CellRequest,
  CellTable,
  type GateEffect,
  keyOf,
  Migration,
  type MigrationEffect,
  type MigrationInput,
  type MigrationSnapshot,
  type Unit,
} from './index.ts';

/**
 * All states of one bucket with two keys, some cells and a migration, with messages that are lost, late and repeated at will (what was sent once may arrive at any time, as
 * often as it likes, or never), clients with any table that there has been, and crashes between any two steps.
 */
export interface State {
  readonly migration: MigrationSnapshot;
  readonly cells: Readonly<Record<string, Cell>>;
  /** Everything that was ever sent, sorted. */
  readonly sent: readonly string[];
  /** Writes that were accepted, by key. */
  readonly accepted: Data;
  /** Requests that may be on their way, each to a cell: by any table that there has been, and by whatever a cell has answered. Sorted. */
  readonly clients: readonly string[];
  readonly rollBacks: number;
  readonly planned: number;
}

/** What was written, by key: how many writes of it, and that it has all of them, is all there is to know. */
type Data = Readonly<Record<string, readonly number[]>>;

interface Cell {
  readonly records: readonly (readonly [number, BucketRecord])[];
  readonly data: Data;
}

/** The next of the plan: a unit and where it goes, or a key that is to be unpinned. */
export type Planned = { readonly unit: Unit; readonly to: string } | { readonly unpin: string };

/** A deliberate bug. */
export type Bug =
  | 'none'
  /** The cell confirms the fence and lets writes in. */
  | 'no-fence'
  /** The fence is forgotten in a crash. */
  | 'forgotten-fence'
  /** The decision is made without what was changed last. */
  | 'no-catch-up'
  /** Calling off is possible after the decision. */
  | 'late-roll-back'
  /** Commands are obeyed whatever move they belong to. */
  | 'no-move-numbers'
  /** The new cell serves as soon as it has a copy. */
  | 'early-activation';

export interface Limits {
  readonly writes: number;
  readonly rollBacks: number;
  /** One after the other. */
  readonly plan: readonly Planned[];
  readonly bug: Bug;
}

/** `s` has the bucket at first. */
const CELLS: readonly string[] = ['s', 't', 'u'];
/** Both are in the one bucket there is. */
const KEYS: readonly string[] = ['j', 'k'];
const NOTHING: Data = Object.fromEntries(KEYS.map((key) => [key, []]));
const NEVER = Instant.of(0);
/** Late enough for everything that waits for a time. */
const LATER = Instant.of(1e12);

export function firstState(): State {
  const table = CellTable.of(['s']);
  const first = (cell: string): Cell => ({ records: CellGate.first(cell, table).records, data: NOTHING });
  return {
    migration: { table: table.data, lastMove: 0, moves: [] },
    cells: Object.fromEntries(CELLS.map((cell) => [cell, first(cell)])),
    sent: [],
    accepted: NOTHING,
    clients: byTable(table),
    rollBacks: 0,
    planned: 0,
  };
}

/** What clients send by a table. */
function byTable(table: CellTable): string[] {
  return KEYS.map((key) => JSON.stringify({ key, epoch: table.epoch, at: table.homeOf(key).cell }));
}

/** All states that can follow. */
export function successors(state: State, limits: Limits): State[] {
  const states = [
    ...planned(state, limits),
    ...rolledBack(state, limits),
    afterMigration(state, { kind: 'tick' }, LATER),
    ...state.sent.flatMap((message) => delivered(state, JSON.parse(message), limits)),
    ...written(state, limits),
    ...crashed(state, limits),
  ];
  return states.map(withAsked);
}

function planned(state: State, { plan }: Limits): State[] {
  const next = plan[state.planned];
  if (next === undefined || state.migration.moves.length > 0) return [];
  const input: MigrationInput = 'unpin' in next ? { kind: 'unpin', key: next.unpin } : { kind: 'move', ...next };
  return [afterMigration({ ...state, planned: state.planned + 1 }, input, NEVER)];
}

function rolledBack(state: State, { rollBacks, bug }: Limits): State[] {
  const [move] = state.migration.moves;
  if (move === undefined || state.rollBacks === rollBacks) return [];
  const next = { ...state, rollBacks: state.rollBacks + 1 };
  if (bug === 'late-roll-back' && move.step === 'cutting-over') {
    const moves = [{ ...move, step: 'rolling-back' as const, heard: [] }];
    return [afterMigration({ ...next, migration: { ...state.migration, moves } }, { kind: 'tick' }, LATER)];
  }
  return [afterMigration(next, { kind: 'roll-back', move: move.move }, NEVER)];
}

function afterMigration(state: State, input: MigrationInput, now: Instant): State {
  // Made anew from what is durable for each step: a crash between any two.
  const migration = new Migration({ redirectMs: 1, fencedMaxMs: Number.POSITIVE_INFINITY }, NEVER, state.migration);
  const out: MigrationEffect[] = [];
  migration.step(input, now, out);
  const commands = out.flatMap((effect) =>
    effect.kind === 'command' ? [{ to: effect.cell, command: effect.command }] : [],
  );
  const { snapshot, table } = migration;
  const clients = table.epoch > state.migration.table.epoch ? merged(state.clients, byTable(table)) : state.clients;
  return { ...state, migration: snapshot, sent: withSent(state.sent, commands), clients };
}

function withSent(sent: readonly string[], more: readonly object[]): readonly string[] {
  return merged(
    sent,
    more.map((message) => JSON.stringify(message)),
  );
}

function merged(all: readonly string[], more: readonly string[]): readonly string[] {
  return more.every((one) => all.includes(one)) ? all : [...new Set([...all, ...more])].sort();
}

type Message =
  | { readonly to: string; readonly command: CellCommand }
  | { readonly cell: string; readonly confirmation: CellConfirmation };

function delivered(state: State, message: Message, { bug }: Limits): State[] {
  if ('confirmation' in message) return [afterMigration(state, { kind: 'confirmed', ...message }, NEVER)];
  const { to, command } = message;
  if (bug === 'no-fence' && command.kind === 'fence')
    return [confirmed(state, to, { kind: 'fenced', unit: command.unit, move: command.move })];
  if (bug === 'no-catch-up' && command.kind === 'catch-up')
    return [confirmed(state, to, { kind: 'caught-up', unit: command.unit, move: command.move })];
  const forgetful = bug === 'no-move-numbers' ? withoutNumbers(state, to, command) : state;
  const next = atCell(forgetful, to, (gate, out) => gate.step(command, out));
  if (bug !== 'early-activation' || command.kind !== 'receive') return [next];
  return [atCell(next, to, (gate, out) => gate.step({ ...command, kind: 'activate', epoch: 1 }, out))];
}

/** As if the cell took this move for the one that it waits for. */
function withoutNumbers(state: State, cell: string, { move }: CellCommand): State {
  const { records, data } = state.cells[cell]!;
  const renumbered = records.map(([bucket, record]): [number, BucketRecord] => {
    const own = record.own === undefined ? undefined : { ...record.own, move };
    const keys = record.keys.map(([key, one]) => [key, { ...one, move }] as const);
    return [bucket, { over: 0, own, keys }];
  });
  return { ...state, cells: { ...state.cells, [cell]: { records: renumbered, data } } };
}

function confirmed(state: State, cell: string, confirmation: CellConfirmation): State {
  return { ...state, sent: withSent(state.sent, [{ cell, confirmation }]) };
}

/** One step of a cell, with all that it leads to at once: copying, for which it reads the other cell's data as it is now. */
function atCell(state: State, cell: string, step: (gate: CellGate, out: GateEffect[]) => void): State {
  const gate = new CellGate(1, state.cells[cell]!.records);
  const out: GateEffect[] = [];
  step(gate, out);
  let { data } = state.cells[cell]!;
  let next = state;
  for (let effect = out.shift(); effect !== undefined; effect = out.shift()) {
    if (effect.kind === 'copy' || effect.kind === 'catch-up') {
      const source = state.cells[effect.from]!;
      for (const key of keysOf(effect.unit, source)) data = { ...data, [key]: source.data[key]! };
      gate.step({ ...effect, kind: effect.kind === 'copy' ? 'received' : 'caught-up' }, out);
    } else if (effect.kind === 'delete') {
      for (const key of keysOf(effect.unit, { records: gate.records })) data = { ...data, [key]: [] };
    } else if (effect.kind === 'confirm') next = confirmed(next, cell, effect.confirmation);
  }
  return { ...next, cells: { ...next.cells, [cell]: { records: gate.records, data } } };
}

/** The keys of a unit at a cell: of a bucket, those that it knows nothing special of. */
function keysOf(unit: Unit, { records }: Pick<Cell, 'records'>): readonly string[] {
  const key = keyOf(unit);
  const pinned = new Set((records[0]?.[1].keys ?? []).map(([name]) => name));
  return key === undefined ? KEYS.filter((name) => !pinned.has(name)) : [key];
}

/** A client writes: at any cell, by any table that there has been, sent there by an `ask` or not. */
function written(state: State, limits: Limits): State[] {
  const writes = Object.values(state.accepted).flat().length;
  if (writes === limits.writes) return [];
  return [...serving(state)].flatMap(([key, cells]) =>
    [...cells].map((cell) => {
      const { records, data } = state.cells[cell]!;
      const add = (to: Data): Data => ({ ...to, [key]: [...to[key]!, writes + 1] });
      return {
        ...state,
        cells: { ...state.cells, [cell]: { records, data: add(data) } },
        accepted: add(state.accepted),
      };
    }),
  );
}

/** Which cells let somebody in, by key. */
function serving(state: State): ReadonlyMap<string, ReadonlySet<string>> {
  const gates = gatesOf(state);
  const cells = new Map(KEYS.map((key) => [key, new Set<string>()]));
  for (const client of state.clients) {
    const request = requestOf(client);
    if (gates.get(request.at)!.admit(request).kind === 'accept') cells.get(request.key)!.add(request.at);
  }
  return cells;
}

/** Clients that are told to ask elsewhere may do so at any time: whatever can be sent counts as sent at once. */
function withAsked(state: State): State {
  const gates = gatesOf(state);
  const more = state.clients.flatMap((client) => {
    const { key, epoch, at } = requestOf(client);
    const answer = gates.get(at)!.admit({ key, epoch });
    return answer.kind === 'ask' ? [JSON.stringify({ key, epoch, asking: answer.move, at: answer.to })] : [];
  });
  return more.length === 0 ? state : { ...state, clients: merged(state.clients, more) };
}

function gatesOf(state: State): ReadonlyMap<string, CellGate> {
  return new Map(CELLS.map((cell) => [cell, new CellGate(1, state.cells[cell]!.records)]));
}

type Client = CellRequest & { readonly at: string };

const parsed = new Map<string, Client>();

function requestOf(client: string): Client {
  const known = parsed.get(client);
  if (known !== undefined) return known;
  const request: Client = JSON.parse(client);
  parsed.set(client, request);
  return request;
}

function crashed(state: State, { bug }: Limits): State[] {
  // What the migration had heard is forgotten. Cells keep what is durable, which is all that they have.
  const moves = state.migration.moves.map((move) => ({ ...move, heard: [] }));
  const states: State[] = [{ ...state, migration: { ...state.migration, moves } }];
  const own = state.cells['s']!.records[0]?.[1].own;
  if (bug === 'forgotten-fence' && own?.kind === 'fenced') {
    const record: BucketRecord = { over: 0, own: { kind: 'owned', ...own.owned }, keys: [] };
    states.push({ ...state, cells: { ...state.cells, s: { ...state.cells['s']!, records: [[0, record]] } } });
  }
  return states;
}

/** What is wrong with a state, if anything is. */
export function violation(state: State): string | undefined {
  for (const [key, cells] of serving(state)) {
    if (cells.size > 1) return `two cells serve ${key}`;
    for (const cell of cells)
      if (state.accepted[key]!.some((write) => !state.cells[cell]!.data[key]!.includes(write)))
        return `${cell} serves ${key} without what was accepted elsewhere`;
  }
  return undefined;
}

/** Nothing is under way, and the cells that the table names serve. */
export function isSettled(state: State): boolean {
  if (state.migration.moves.length > 0) return false;
  const table = CellTable.restore(state.migration.table);
  return KEYS.every((key) => {
    const gate = new CellGate(1, state.cells[table.homeOf(key).cell]!.records);
    return gate.admit({ key, epoch: table.epoch }).kind === 'accept';
  });
}

export interface Exploration {
  readonly states: number;
  readonly settled: number;
  /** The first that was found, and how it came to it. */
  readonly violation: string | undefined;
  readonly steps: number;
  /** States from which nothing settled can be reached. */
  readonly stuck: number;
}

/** Visits all states, nearest first. Ends at the first violation. */
export function explore(limits: Limits): Exploration {
  const first = firstState();
  const known = new Map<string, number>([[JSON.stringify(first), 0]]);
  const cameFrom: number[][] = [[]];
  const settled: number[] = [];
  let depth = 0;
  let level: [State, number][] = [[first, 0]];
  while (level.length > 0) {
    const nextLevel: [State, number][] = [];
    for (const [state, at] of level) {
      const wrong = violation(state);
      if (wrong !== undefined)
        return { states: known.size, settled: settled.length, violation: wrong, steps: depth, stuck: 0 };
      if (isSettled(state)) settled.push(at);
      for (const next of successors(state, limits)) {
        const name = JSON.stringify(next);
        let number = known.get(name);
        if (number === undefined) {
          number = known.size;
          known.set(name, number);
          cameFrom.push([]);
          nextLevel.push([next, number]);
        }
        cameFrom[number]!.push(at);
      }
    }
    depth += 1;
    level = nextLevel;
  }
  return {
    states: known.size,
    settled: settled.length,
    violation: undefined,
    steps: depth,
    stuck: known.size - reaching(settled, cameFrom),
  };
}

/** How many states lead to one of these. */
function reaching(settled: readonly number[], cameFrom: readonly number[][]): number {
  const seen = new Set(settled);
  const open = [...settled];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const before of cameFrom[at]!) {
      if (seen.has(before)) continue;
      seen.add(before);
      open.push(before);
    }
  return seen.size;
}
