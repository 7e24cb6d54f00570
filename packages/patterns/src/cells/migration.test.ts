import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Bench, keyIn, table } from './bench.fixture.ts';
import { bucketUnit, keyUnit, Migration, type MigrationEffect, PINS_MAX } from './index.ts';

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
    bench.step({ kind: 'roll-back', move: 1 });
    expect(bench.migration.moves.map(({ move, step }) => `${move} ${step}`)).toEqual(['2 copying']);
  });
  test('what was only planned when it crashed is begun by the next tick, which it asks for', () => {
    const waiting = {
      move: 1,
      kind: 'move',
      unit: '#0',
      from: '',
      to: 'b',
      step: 'waiting',
      epoch: 0,
      heard: [],
    } as const;
    const migration = new Migration({}, Instant.of(7), { table: table.data, lastMove: 1, moves: [waiting] });
    expect(migration.deadline).toBe(7);
    migration.step({ kind: 'tick' }, Instant.of(7), []);
    expect(migration.moves).toMatchObject([{ step: 'copying', from: 'a' }]);
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
  test('a pinned key that moves does not count twice', () => {
    const pins = Array.from({ length: PINS_MAX - 1 }, (_, i) => [`p${i}`, { cell: 'c', since: 1 }] as const);
    const migration = new Migration({}, Instant.of(0), { table: { ...table.data, pins }, lastMove: 0, moves: [] });
    const buckets = ['p0', keyIn(table.bucketOf('p0') === 0 ? 1 : 0)];
    for (const key of buckets) migration.step({ kind: 'move', unit: keyUnit(key), to: 'd' }, Instant.of(0), []);
    expect(migration.moves.map(({ step }) => step)).toEqual(['copying', 'copying']);
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
