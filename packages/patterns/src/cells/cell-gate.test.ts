import { describe, expect, test } from 'vitest';
import { keyIn, keys, table } from './bench.fixture.ts';
import { CellGate, type GateEffect, type GateInput, keyUnit } from './index.ts';

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
  test('what was fenced is as it was when the move is called off: a bucket, a key of a bucket, a pinned key, and what is not drained yet', () => {
    const one = gate();
    const key = keyIn(0);
    one.admit({ key, epoch: 1 });
    const units = ['#0', keyUnit(key)];
    units.forEach((unit, i) => {
      const move = i + 1;
      step(one, { kind: 'fence', unit, move, to: 'b' });
      expect(one.admit({ key, epoch: 9 }).kind).toBe('ask');
      step(one, { kind: 'unfence', unit, move });
      expect(one.admit({ key, epoch: 9 })).toEqual({ kind: 'accept', unit: '#0' });
    });
    const pinned = gate();
    step(pinned, { kind: 'receive', unit: keyUnit(keyIn(2)), move: 1, from: 'b' });
    expect(step(pinned, { kind: 'activate', unit: keyUnit(keyIn(2)), move: 0, epoch: 5 })).toEqual(['activated']);
    expect(kindOf(pinned, 2)).toBe('try-later');
    step(pinned, { kind: 'activate', unit: keyUnit(keyIn(2)), move: 1, epoch: 5 });
    step(
      pinned,
      { kind: 'fence', unit: keyUnit(keyIn(2)), move: 2, to: 'c' },
      { kind: 'unfence', unit: keyUnit(keyIn(2)), move: 2 },
    );
    expect([pinned.admit({ key: keyIn(2), epoch: 4 }), pinned.admit({ key: keyIn(2), epoch: 5 })]).toEqual([
      { kind: 'stale-table', epoch: 5 },
      { kind: 'accept', unit: keyUnit(keyIn(2)) },
    ]);
  });
  test('an activation of another move than the one that copied activates nothing', () => {
    const one = gate();
    step(one, { kind: 'receive', unit: '#2', move: 2, from: 'b' });
    expect([step(one, { kind: 'activate', unit: '#2', move: 3, epoch: 2 }), kindOf(one, 2)]).toEqual([[], 'try-later']);
    expect(step(one, { kind: 'activate', unit: '#3', move: 1, epoch: 2 })).toEqual([]);
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
