import { describe, expect, test } from 'vitest';
import { Bench, keyIn, table } from './bench.fixture.ts';
import { CellRouter, CellTable } from './index.ts';

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
    expect([one.install(table.move('#0', 'b')), one.install(table), one.install(table.move('#1', 'b'))]).toEqual([
      true,
      false,
      false,
    ]);
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
