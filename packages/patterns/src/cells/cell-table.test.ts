import { describe, expect, test } from 'vitest';
import { keyIn, table } from './bench.fixture.ts';
import { CellTable, keyUnit, PINS_MAX, planBuckets } from './index.ts';

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

test('what is neither a bucket nor a key has no home', () => {
  const table = CellTable.of(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const unit of ['', '#', 'x5', '5', '# 5', '#5.0', '#6', '#-1'])
    expect(() => table.homeOfUnit(unit)).toThrow(`there is no bucket ${unit}`);
  expect(table.homeOfUnit('#5').cell).toBe('f');
});
