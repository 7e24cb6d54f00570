import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  bucketUnit,
  type CellConfirmation,
  CellGate,
  CellRouter,
  CellTable,
  type GateEffect,
  type GateInput,
  keyUnit,
  Migration,
  type MigrationEffect,
  type MigrationInput,
  type MigrationOptions,
  type MigrationSnapshot,
  PINS_MAX,
  planBuckets,
} from './index.ts';

const table = CellTable.of(['a', 'a', 'b', 'b']);
const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
const keyIn = (bucket: number): string => keys.find((key) => table.bucketOf(key) === bucket)!;

describe('a cell table', () => {
  test('says where keys are by their buckets, and where pinned keys are', () => {
    const key = keyIn(0);
    const pinned = table.move(keyUnit(key), 'c').move('#1', 'b');
    expect([pinned.homeOf(key), pinned.homeOf(keyIn(1)), pinned.homeOf(keyIn(2))]).toEqual([
      { cell: 'c', since: 2 },
      { cell: 'b', since: 3 },
      { cell: 'b', since: 1 },
    ]);
    expect([pinned.epoch, pinned.unitOf(key), pinned.unitOf(keyIn(1)), [...pinned.cells]]).toEqual([
      3,
      `=${key}`,
      '#1',
      ['a', 'b', 'c'],
    ]);
    expect([table.epoch, table.homeOf(key).cell]).toEqual([1, 'a']);
  });
  test('survives being stored', () => {
    const stored = table.move(keyUnit('x'), 'c').move('#3', 'a');
    expect(CellTable.restore(JSON.parse(JSON.stringify(stored.data))).data).toEqual(stored.data);
  });
  test('a key is unpinned where its bucket is, and nowhere else', () => {
    const key = keyIn(0);
    const away = table.move(keyUnit(key), 'b');
    expect(() => away.unpin(key)).toThrow(/must be moved to a/);
    const home = away.move(keyUnit(key), 'a').unpin(key);
    expect([home.pins, home.unitOf(key), home.epoch]).toEqual([[], '#0', 4]);
  });
  test('so many keys can be pinned, and a pinned one can still move', () => {
    const pins = Array.from({ length: PINS_MAX }, (_, i) => [`p${i}`, { cell: 'c', since: 1 }] as const);
    const full = CellTable.restore({ ...table.data, pins });
    expect(full.move(keyUnit('p0'), 'b').homeOf('p0').cell).toBe('b');
    expect(() => full.move(keyUnit('one more'), 'b')).toThrow(/at most 10000 pins/);
    expect(() => CellTable.restore({ ...table.data, pins: [...pins, ['x', { cell: 'c', since: 1 }]] })).toThrow(
      /at most/,
    );
  });
  test('wrong tables and units are named', () => {
    expect(() => CellTable.of([])).toThrow(/1 to 65536/);
    expect(() => CellTable.of(Array<string>(65_537).fill('a'))).toThrow(/1 to 65536/);
    expect(() => table.move('#4', 'a')).toThrow(/no bucket #4/);
  });
});

describe('a plan of buckets', () => {
  test('moves as few as give each cell its share', () => {
    const plan = planBuckets(
      table,
      ['a', 'b', 'c', 'd'].map((id) => ({ id })),
    );
    if (plan.kind !== 'moves') throw new Error(plan.kind);
    expect(plan.moves.map(({ from, to }) => `${from}${to}`).sort()).toEqual(['ac', 'bd'].sort());
  });
  test('empties cells that are not listed, and does nothing when all is well', () => {
    const plan = planBuckets(table, [{ id: 'b' }]);
    expect(plan).toMatchObject({ kind: 'moves', moves: [{ unit: '#0', from: 'a', to: 'b' }, { unit: '#1' }] });
    expect(planBuckets(table, [{ id: 'a' }, { id: 'b' }])).toEqual({ kind: 'moves', moves: [] });
  });
  test('says when a cell would be larger than it may', () => {
    expect(
      planBuckets(table, [
        { id: 'a', bucketsMax: 1 },
        { id: 'b', bucketsMax: 3 },
      ]),
    ).toEqual({
      kind: 'too-few-cells',
      cells: ['a'],
    });
    expect(
      planBuckets(table, [
        { id: 'a', bucketsMax: 1 },
        { id: 'b', weight: 3, bucketsMax: 3 },
      ]),
    ).toMatchObject({
      kind: 'moves',
      moves: [{ from: 'a', to: 'b' }],
    });
  });
});

describe('a gate', () => {
  const step = (gate: CellGate, input: GateInput): string[] => {
    const out: GateEffect[] = [];
    gate.step(input, out);
    return out.map((effect) => (effect.kind === 'confirm' ? effect.confirmation.kind : effect.kind));
  };
  test('fences when what it let in has ended, and lets nothing in meanwhile', () => {
    const gate = CellGate.first('a', table);
    const request = { key: keyIn(0), epoch: 1 };
    const fence = { kind: 'fence', unit: '#0', move: 1, to: 'b' } as const;
    expect([gate.admit(request), gate.admit(request)].map(({ kind }) => kind)).toEqual(['accept', 'accept']);
    expect([step(gate, fence), gate.admit(request)]).toEqual([['persist'], { kind: 'ask', to: 'b', move: 1 }]);
    const finished = { kind: 'finished', unit: '#0', key: request.key } as const;
    expect([step(gate, finished), step(gate, finished), step(gate, fence)]).toEqual([
      [],
      ['persist', 'fenced'],
      ['fenced'],
    ]);
    expect(() => step(gate, finished)).toThrow(/under way/);
  });
  test('a key that is pinned out of a bucket waits for its own requests only, those let in as the bucket’s included', () => {
    const gate = CellGate.first('a', table);
    const [key, other] = keys.filter((one) => table.bucketOf(one) === 0) as [string, string];
    for (const one of [key, other]) gate.admit({ key: one, epoch: 1 });
    const fence = { kind: 'fence', unit: keyUnit(key), move: 1, to: 'b' } as const;
    expect([step(gate, fence), gate.admit({ key, epoch: 1 }).kind, gate.admit({ key: other, epoch: 1 }).kind]).toEqual([
      ['persist'],
      'ask',
      'accept',
    ]);
    expect(step(gate, { kind: 'finished', unit: '#0', key })).toEqual(['persist', 'fenced']);
  });
  test('goes on from its records after a restart, where nothing is under way any more', () => {
    const gate = CellGate.first('a', table);
    gate.admit({ key: keyIn(0), epoch: 1 });
    const fence = { kind: 'fence', unit: '#0', move: 1, to: 'b' } as const;
    step(gate, fence);
    const restarted = new CellGate(4, JSON.parse(JSON.stringify(gate.records)));
    expect([restarted.admit({ key: keyIn(0), epoch: 1 }).kind, step(restarted, fence)]).toEqual([
      'ask',
      ['persist', 'fenced'],
    ]);
  });
  test('knows nothing of what was never its own, and makes a router with an old table look again', () => {
    const gate = CellGate.first('a', table);
    expect(gate.admit({ key: keyIn(2), epoch: 1 })).toEqual({ kind: 'not-here' });
    step(gate, { kind: 'receive', unit: '#2', move: 1, from: 'b' });
    expect(gate.admit({ key: keyIn(2), epoch: 1 })).toEqual({ kind: 'try-later' });
    expect(step(gate, { kind: 'activate', unit: '#2', move: 1, epoch: 2 })).toEqual(['persist', 'activated']);
    expect([gate.admit({ key: keyIn(2), epoch: 1 }), gate.admit({ key: keyIn(2), epoch: 1, asking: 1 }).kind]).toEqual([
      { kind: 'stale-table', epoch: 2 },
      'accept',
    ]);
  });
});

describe('commands that come at the wrong time', () => {
  const gate = () => CellGate.first('a', table);
  const step = (one: CellGate, ...inputs: GateInput[]): string[] => {
    const out: GateEffect[] = [];
    for (const input of inputs) one.step(input, out);
    return out.flatMap((effect) =>
      effect.kind === 'persist' ? [] : effect.kind === 'confirm' ? effect.confirmation.kind : effect.kind,
    );
  };
  const kindOf = (one: CellGate, bucket: number): string => one.admit({ key: keyIn(bucket), epoch: 9 }).kind;

  test('copies that are done are confirmed for the move that asked for them only', () => {
    const one = gate();
    const copied = (kind: 'received' | 'caught-up', move: number): GateInput => ({ kind, unit: '#2', move });
    expect(step(one, copied('received', 1))).toEqual([]);
    step(one, { kind: 'receive', unit: '#2', move: 2, from: 'b' });
    expect(step(one, copied('received', 1), copied('received', 2), copied('caught-up', 2))).toEqual([
      'received',
      'caught-up',
    ]);
    expect(step(one, { kind: 'catch-up', unit: '#2', move: 1 }, { kind: 'catch-up', unit: '#0', move: 1 })).toEqual([]);
    expect(step(one, { kind: 'receive', unit: '#2', move: 3, from: 'c' })).toEqual([]);
  });
  test('what is not here is not fenced, what is not fenced is not forwarded, and what is not moved is not deleted', () => {
    const one = gate();
    expect(step(one, { kind: 'fence', unit: '#2', move: 1, to: 'b' })).toEqual([]);
    const forward = { kind: 'forward', unit: '#0', move: 1, to: 'b', epoch: 2 } as const;
    one.admit({ key: keyIn(0), epoch: 1 });
    expect(step(one, forward, { kind: 'fence', unit: '#0', move: 1, to: 'b' }, forward)).toEqual([]);
    expect(kindOf(one, 0)).toBe('ask');
    step(one, { kind: 'finished', unit: '#0', key: keyIn(0) });
    expect(step(one, forward, forward)).toEqual(['forwarded', 'forwarded']);
    expect([step(one, { kind: 'discard', unit: '#0', move: 1 }), kindOf(one, 0)]).toEqual([['discarded'], 'moved']);
  });
  test('a copy is deleted when it is discarded, and what was moved when it is cleaned, once', () => {
    const one = gate();
    step(one, { kind: 'receive', unit: '#2', move: 1, from: 'b' });
    const discard = { kind: 'discard', unit: '#2', move: 1 } as const;
    expect([step(one, discard), step(one, discard), kindOf(one, 2)]).toEqual([
      ['delete', 'discarded'],
      ['discarded'],
      'not-here',
    ]);
    expect(step(one, { kind: 'receive', unit: '#2', move: 1, from: 'b' })).toEqual([]);
    const clean = { kind: 'clean', unit: '#0', move: 1 } as const;
    step(
      one,
      { kind: 'fence', unit: '#0', move: 1, to: 'b' },
      { kind: 'forward', unit: '#0', move: 1, to: 'b', epoch: 2 },
    );
    expect([step(one, clean), step(one, clean), kindOf(one, 0)]).toEqual([
      ['delete', 'cleaned'],
      ['cleaned'],
      'not-here',
    ]);
  });
  test('a fence that comes after its move was called off fences nothing', () => {
    const one = gate();
    expect(
      step(one, { kind: 'unfence', unit: '#0', move: 1 }, { kind: 'fence', unit: '#0', move: 1, to: 'b' }),
    ).toEqual(['unfenced']);
    expect(kindOf(one, 0)).toBe('accept');
  });
  test('a key is merged into a bucket that is here, and into no other', () => {
    expect(step(gate(), { kind: 'merge', unit: keyUnit(keyIn(2)), move: 1 })).toEqual([]);
    expect(step(gate(), { kind: 'merge', unit: keyUnit(keyIn(0)), move: 1 })).toEqual(['merged']);
  });
});

/** A migration and its cells, which do at once what they are told, unless held up. */
class Bench {
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

describe('a migration', () => {
  test('copies, fences, catches up, decides, redirects, cleans', () => {
    const bench = new Bench();
    const said = bench.after(() => bench.step({ kind: 'move', unit: '#0', to: 'b' }));
    expect(said.filter((one) => !one.startsWith('epoch'))).toEqual([
      'b receive #0',
      'a fence #0',
      'b catch-up #0',
      'b activate #0',
      'a forward #0',
    ]);
    expect(bench.migration.table.homeOf(keyIn(0))).toEqual({ cell: 'b', since: 2 });
    expect(bench.gates.get('a')!.admit({ key: keyIn(0), epoch: 1 })).toEqual({ kind: 'moved', to: 'b', epoch: 2 });
    expect(bench.tick(999).some((one) => one.includes('clean'))).toBe(false);
    expect(bench.tick(1_000).filter((one) => !one.startsWith('epoch'))).toEqual(['a clean #0', '1 moved']);
    expect([bench.gates.get('a')!.admit({ key: keyIn(0), epoch: 1 }).kind, bench.migration.deadline]).toEqual([
      'not-here',
      undefined,
    ]);
  });
  test('can be called off until it is decided, and not afterwards', () => {
    for (const [held, outcome] of [
      ['receive', '1 rolled-back'],
      ['fence', '1 rolled-back'],
      ['catch-up', '1 rolled-back'],
      ['activate', '1 too late'],
    ] as const) {
      const bench = new Bench();
      bench.held.add(held);
      bench.step({ kind: 'move', unit: '#0', to: 'b' });
      expect(bench.after(() => bench.step({ kind: 'roll-back', move: 1 })).at(-1)).toBe(outcome);
      const isServing = bench.gates.get('a')!.admit({ key: keyIn(0), epoch: 1 }).kind === 'accept';
      expect(isServing).toBe(outcome === '1 rolled-back');
    }
  });
  test('is called off when the unit is served by nobody for too long', () => {
    const bench = new Bench();
    bench.held.add('catch-up');
    bench.step({ kind: 'move', unit: '#0', to: 'b' });
    expect([bench.migration.deadline, bench.tick(49).some((one) => one.includes('unfence'))]).toEqual([0, false]);
    expect(bench.tick(50)).toEqual(['a unfence #0', 'b discard #0', '1 rolled-back']);
    expect(bench.gates.get('a')!.admit({ key: keyIn(0), epoch: 1 }).kind).toBe('accept');
  });
  test('is called off when copying takes too long, if that was asked for', () => {
    const bench = new Bench({ copyMaxMs: 500 });
    bench.held.add('receive');
    bench.step({ kind: 'move', unit: '#0', to: 'b' });
    expect(bench.tick(500)).toEqual(['a unfence #0', 'b discard #0', '1 rolled-back']);
  });
  test('goes on after a restart at any step, and repeats what was not confirmed', () => {
    for (const held of ['receive', 'fence', 'catch-up', 'activate', 'forward', 'clean']) {
      const bench = new Bench();
      bench.held.add(held);
      bench.step({ kind: 'move', unit: '#0', to: 'b' });
      if (held === 'clean') bench.tick(1_000);
      bench.restart();
      bench.held.clear();
      const said = [1, 1_000, 1_000].flatMap((ms) => bench.tick(bench.now + ms));
      expect([held, said.includes('1 moved'), bench.migration.moves]).toEqual([held, true, []]);
    }
  });
  test('says again what was not confirmed, no more than that, and no more often than it should', () => {
    const bench = new Bench();
    bench.held.add('forward');
    bench.step({ kind: 'move', unit: '#0', to: 'b' });
    bench.tick(0);
    expect([bench.tick(99), bench.tick(100), bench.tick(101), bench.tick(200)]).toEqual([
      [],
      ['a forward #0'],
      [],
      ['a forward #0'],
    ]);
    expect(bench.migration.deadline).toBe(300);
  });
  test('what is planned is durable before it begins, and what cannot be is not planned', () => {
    const bench = new Bench({ movesMax: 1 });
    bench.held.add('receive');
    for (const unit of ['#0', '#1']) bench.step({ kind: 'move', unit, to: 'c' });
    expect(() => bench.step({ kind: 'move', unit: '#9', to: 'a' })).toThrow(/no bucket/);
    expect(bench.planned).toEqual(['#0', '#1']);
    bench.restart();
    expect(bench.migration.moves.map(({ move, step }) => `${move} ${step}`)).toEqual(['1 copying', '2 waiting']);
  });
  test('moves within one bucket wait for each other, others do not', () => {
    const bench = new Bench();
    bench.held.add('receive');
    const key = keyIn(0);
    for (const unit of ['#0', keyUnit(key), '#1']) bench.step({ kind: 'move', unit, to: 'c' });
    expect(bench.migration.moves.map(({ unit, step }) => `${unit} ${step}`)).toEqual([
      '#0 copying',
      `=${key} waiting`,
      '#1 copying',
    ]);
    bench.step({ kind: 'roll-back', move: 1 });
    expect(bench.migration.moves.map(({ unit, step }) => `${unit} ${step}`)).toEqual([`=${key} copying`, '#1 copying']);
  });
  test('so many are under way at once, so many wait, and more are refused', () => {
    const bench = new Bench({ movesMax: 1, waitingMax: 1 });
    bench.held.add('receive');
    const said = bench.after(() => {
      for (const unit of ['#0', '#1', '#2']) bench.step({ kind: 'move', unit, to: 'c' });
    });
    expect(said).toEqual(['c receive #0', 'refused #2']);
    expect(bench.after(() => bench.step({ kind: 'roll-back', move: 2 }))).toEqual(['2 rolled-back']);
  });
  test('what is there already has been moved, and a key that is not pinned cannot be unpinned', () => {
    const bench = new Bench();
    expect(bench.after(() => bench.step({ kind: 'move', unit: '#0', to: 'a' }))).toEqual(['1 moved']);
    expect(bench.after(() => bench.step({ kind: 'unpin', key: 'x' }))).toEqual(['2 not-possible']);
    bench.step({ kind: 'move', unit: keyUnit(keyIn(0)), to: 'c' });
    bench.tick(2_000);
    expect(bench.after(() => bench.step({ kind: 'unpin', key: keyIn(0) }))).toEqual(['4 not-possible']);
  });
  test('when as many keys are pinned as may be, no more are, and those that are can move', () => {
    const pins = Array.from({ length: PINS_MAX }, (_, i) => [`p${i}`, { cell: 'c', since: 1 }] as const);
    const full = { table: { ...table.data, pins }, lastMove: 0, moves: [] };
    const migration = new Migration({}, Instant.of(0), full);
    const out: MigrationEffect[] = [];
    migration.step({ kind: 'move', unit: '=one more', to: 'd' }, Instant.of(0), out);
    migration.step({ kind: 'move', unit: '=p0', to: 'b' }, Instant.of(0), out);
    expect(out.filter(({ kind }) => kind === 'ended')).toMatchObject([{ unit: '=one more', outcome: 'not-possible' }]);
    expect(migration.moves).toMatchObject([{ unit: '=p0', step: 'copying' }]);
  });
  test('keys that are being pinned count as pinned', () => {
    const pins = Array.from({ length: PINS_MAX - 1 }, (_, i) => [`p${i}`, { cell: 'c', since: 1 }] as const);
    const migration = new Migration({}, Instant.of(0), { table: { ...table.data, pins }, lastMove: 0, moves: [] });
    const out: MigrationEffect[] = [];
    for (const bucket of [0, 1])
      migration.step({ kind: 'move', unit: keyUnit(keyIn(bucket)), to: 'd' }, Instant.of(0), out);
    expect(out.filter(({ kind }) => kind === 'ended')).toMatchObject([{ move: 2, outcome: 'not-possible' }]);
  });
  test('without options four are under way at once, and a unit that is not served goes back after ten seconds', () => {
    const migration = new Migration({}, Instant.of(0), { table: table.data, lastMove: 0, moves: [] });
    const out: MigrationEffect[] = [];
    const units = ['#0', '#1', '#2', '#3', keyUnit(keyIn(0))];
    for (const unit of units) migration.step({ kind: 'move', unit, to: 'c' }, Instant.of(0), out);
    expect(migration.moves.map(({ step }) => step)).toEqual([...Array<string>(4).fill('copying'), 'waiting']);
    migration.step(
      { kind: 'confirmed', cell: 'c', confirmation: { kind: 'received', unit: '#0', move: 1 } },
      Instant.of(0),
      out,
    );
    for (const now of [9_999, 10_000]) {
      migration.step({ kind: 'tick' }, Instant.of(now), out);
      expect(migration.moves[0]!.step).toBe(now === 10_000 ? 'rolling-back' : 'fencing');
    }
  });
  test('a key is pinned, moved home and unpinned', () => {
    const bench = new Bench();
    const key = keyIn(0);
    for (const to of ['c', 'a']) {
      bench.step({ kind: 'move', unit: keyUnit(key), to });
      expect(bench.gates.get(to)!.admit({ key, epoch: bench.migration.table.epoch })).toEqual({
        kind: 'accept',
        unit: keyUnit(key),
      });
      bench.tell(to, { kind: 'finished', unit: keyUnit(key), key });
      bench.tick(bench.now + 2_000);
    }
    expect(bench.after(() => bench.step({ kind: 'unpin', key }))).toEqual([
      'a merge ='.concat(key),
      '3 unpinned',
      'epoch 4',
    ]);
    expect(bench.gates.get('a')!.admit({ key, epoch: 4 })).toEqual({ kind: 'accept', unit: bucketUnit(0) });
  });
  test('wrong options and units are named', () => {
    for (const wrong of [{ movesMax: 0 }, { waitingMax: 0 }, { resendMs: 0 }, { fencedMaxMs: 0 }])
      expect(() => new Bench(wrong)).toThrow(Object.keys(wrong)[0]);
    expect(() => new Bench().step({ kind: 'move', unit: '#9', to: 'a' })).toThrow(/no bucket/);
  });
});

describe('a router', () => {
  const router = () => new CellRouter(table, { sendsMax: 3, fallbacks: new Map([['a', 'b']]) });
  const key = keyIn(0);
  const sent = (sends: number, more = {}) =>
    ({ kind: 'send', cell: 'a', request: { key, epoch: 1 }, sends, ...more }) as const;

  test('goes where the table says, and where it is told to ask, once', () => {
    const one = router();
    expect(one.route(key)).toEqual(sent(1));
    const asked = one.next(sent(1), { kind: 'ask', to: 'b', move: 7 });
    expect(asked).toEqual(sent(2, { cell: 'b', request: { key, epoch: 1, asking: 7 } }));
    expect(one.next(sent(2), { kind: 'try-later' })).toEqual({ kind: 'wait', again: sent(3) });
    expect([one.next(sent(3), { kind: 'try-later' }), one.next(sent(3), { kind: 'accept', unit: '#0' })]).toEqual([
      { kind: 'given-up' },
      { kind: 'served' },
    ]);
  });
  test('gets a newer table when it is told that there is one, and uses it when it has it already', () => {
    const one = router();
    for (const answer of [
      { kind: 'moved', to: 'b', epoch: 2 },
      { kind: 'stale-table', epoch: 2 },
      { kind: 'not-here' },
    ] as const)
      expect(one.next(sent(1), answer)).toEqual({ kind: 'refresh', epoch: 2, sends: 1 });
    expect([one.install(table.move('#0', 'b')), one.install(table)]).toEqual([true, false]);
    for (const answer of [{ kind: 'moved', to: 'b', epoch: 2 }, { kind: 'not-here' }] as const)
      expect(one.next(sent(1), answer)).toEqual({ kind: 'send', cell: 'b', request: { key, epoch: 2 }, sends: 2 });
  });
  test('never crosses cells silently: a cell that is down is unavailable, and a fallback is asked for, named and counted', () => {
    const one = router();
    one.mark('a', 'down');
    expect([one.route(key), one.route(keyIn(2)).kind]).toEqual([{ kind: 'unavailable', cell: 'a' }, 'send']);
    expect(one.route(key, { mayFallBack: true })).toEqual({ kind: 'fall-back', cell: 'b', home: 'a', key });
    expect(one.next(sent(1), { kind: 'ask', to: 'a', move: 1 })).toEqual({ kind: 'unavailable', cell: 'a' });
    one.mark('b', 'down');
    expect([one.route(key, { mayFallBack: true }), one.fellBack]).toEqual([{ kind: 'unavailable', cell: 'a' }, 1]);
    one.mark('a', 'up');
    expect(one.route(key).kind).toBe('send');
  });
  test('forgets that a cell is down that is no cell any more, sends five times unless told otherwise, and does not wait for who is down', () => {
    const one = new CellRouter(table);
    one.mark('b', 'down');
    one.mark('nowhere', 'down');
    one.install(
      CellTable.restore({
        ...table.data,
        epoch: 2,
        buckets: table.data.buckets.map((home) => ({ ...home, cell: 'a' })),
      }),
    );
    one.install(CellTable.restore({ ...table.data, epoch: 3 }));
    expect(one.route(keyIn(2)).kind).toBe('send');
    expect([4, 5].map((sends) => one.next(sent(sends), { kind: 'try-later' }).kind)).toEqual(['wait', 'given-up']);
    one.mark('a', 'down');
    one.install(CellTable.restore({ ...table.data, epoch: 4 }));
    expect([one.next(sent(1), { kind: 'try-later' }), one.table.epoch]).toEqual([
      { kind: 'unavailable', cell: 'a' },
      4,
    ]);
    expect(() => new CellRouter(table, { sendsMax: 0 })).toThrow(/sendsMax/);
  });
  test('finds a key that moves while it is on its way', () => {
    const bench = new Bench();
    const one = new CellRouter(table, { sendsMax: 4 });
    bench.held.add('activate');
    bench.step({ kind: 'move', unit: '#0', to: 'b' });
    const steps: string[] = [];
    let sending = one.route(key);
    for (let i = 0; i < 4 && sending.kind === 'send'; i++) {
      const answer = bench.gates.get(sending.cell)!.admit(sending.request);
      const next = one.next(sending, answer);
      steps.push(`${sending.cell} ${answer.kind} ${next.kind}`);
      if (next.kind === 'refresh') one.install(bench.migration.table);
      if (next.kind === 'wait') {
        bench.held.clear();
        bench.tick(bench.now + 200);
      }
      sending =
        next.kind === 'wait' ? next.again : next.kind === 'refresh' ? one.route(key, next) : (next as typeof sending);
    }
    expect(steps).toEqual(['a moved refresh', 'b try-later wait', 'b accept served']);
  });
});
