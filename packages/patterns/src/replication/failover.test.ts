import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Failover, type FailoverEffect, type FailoverInput, type FailoverOptions } from './index.ts';
import { ASYNC, semi, sync } from './log-runs.fixture.ts';

const make = (options: Partial<FailoverOptions> = {}) => {
  const failover = new Failover({
    generation: 7,
    mode: semi(1),
    replicas: ['a', 'b', 'c'],
    gatherMs: 100,
    retryMs: 250,
    ...options,
  });
  const step = (ms: number, input: FailoverInput): FailoverEffect[] => {
    const out: FailoverEffect[] = [];
    failover.step(input, Instant.of(ms), out);
    return out;
  };
  const position = (ms: number, from: string, synced: number, end: number, generation = 7) =>
    step(ms, { kind: 'message', from, message: { kind: 'position', generation, synced, end } });
  return { failover, step, position };
};

describe('failover', () => {
  test('fences all, and chooses who lags least once enough have answered and the others had their time', () => {
    const { failover, step, position } = make();
    expect(step(0, { kind: 'start' }).map((effect) => effect.kind === 'send' && effect.to)).toEqual(['a', 'b', 'c']);
    expect([position(10, 'b', 6, 40), position(20, 'c', 6, 44), failover.deadline]).toEqual([[], [], 100]);
    expect(step(100, { kind: 'tick' })).toMatchObject([{ kind: 'chosen', leader: 'c', generation: 7, mayLose: false }]);
    expect([failover.deadline, position(101, 'a', 6, 50)]).toEqual([undefined, []]);
  });
  test('does not wait when all have answered, and of equals takes the first named', () => {
    const { step, position } = make();
    step(0, { kind: 'start' });
    position(1, 'c', 6, 40);
    position(2, 'b', 6, 40);
    expect(position(3, 'a', 5, 90)).toMatchObject([{ kind: 'chosen', leader: 'b' }]);
    const preferred = make({ replicas: ['c', 'b', 'a'] });
    preferred.step(0, { kind: 'start' });
    for (const name of ['b', 'c']) preferred.position(1, name, 6, 40);
    expect(preferred.step(100, { kind: 'tick' })).toMatchObject([{ leader: 'c' }]);
  });
  test('a longer log of an earlier generation lags more than a shorter one of a later', () => {
    const { step, position } = make();
    step(0, { kind: 'start' });
    position(1, 'a', 2, 99);
    position(1, 'b', 5, 3);
    expect(step(100, { kind: 'tick' })).toMatchObject([{ leader: 'b' }]);
  });
  test('too few answers: says so once, asks again, and waits for as long as it takes', () => {
    const { failover, step, position } = make();
    step(0, { kind: 'start' });
    position(1, 'a', 6, 40);
    expect(step(100, { kind: 'tick' })).toEqual([{ kind: 'short', answers: 1, needed: 2 }]);
    expect(failover.deadline).toBe(250);
    expect(step(250, { kind: 'tick' }).map((effect) => effect.kind === 'send' && effect.to)).toEqual(['b', 'c']);
    expect(position(9000, 'b', 6, 41)).toMatchObject([{ leader: 'b', mayLose: false }]);
  });
  test('loses only when told to, after the time it was told, and says what that means', () => {
    const { failover, step, position } = make({ mode: ASYNC, lossAfterMs: 1000 });
    step(0, { kind: 'start' });
    position(1, 'b', 6, 40);
    step(100, { kind: 'tick' });
    step(999, { kind: 'tick' });
    expect(failover.deadline).toBe(1000);
    const [chosen] = step(1000, { kind: 'tick' });
    expect(chosen).toMatchObject({ kind: 'chosen', leader: 'b', mayLose: true });
    expect(chosen?.kind === 'chosen' && chosen.why).toMatch(/may be lost: 1 of 3 .* answered, 3 needed/);
    const nobody = make({ lossAfterMs: 1000 });
    nobody.step(0, { kind: 'start' });
    expect(nobody.step(5000, { kind: 'tick' }).map(({ kind }) => kind)).not.toContain('chosen');
  });
  test('synchronous: any one of the in-sync set will do, nobody else', () => {
    const { step, position } = make({ mode: sync(2), inSync: ['a', 'b'] });
    step(0, { kind: 'start' });
    position(1, 'c', 6, 99);
    expect(step(100, { kind: 'tick' })).toMatchObject([{ kind: 'short', needed: 1 }]);
    expect(position(101, 'b', 6, 40)).toMatchObject([{ leader: 'b', mayLose: false }]);
    expect(() => make({ mode: sync(2) })).toThrow(/in-sync set/);
  });
  test('answers to other failovers, of strangers and of before do not count, and a higher generation ends it', () => {
    const { step, position } = make();
    expect(position(0, 'a', 6, 40)).toEqual([]);
    step(0, { kind: 'start' });
    position(1, 'b', 6, 40, 6);
    position(1, 'z', 6, 99);
    expect(step(100, { kind: 'tick' })).toMatchObject([{ kind: 'short', answers: 1 }]);
    const superseded = { kind: 'message', from: 'b', message: { kind: 'superseded', generation: 8 } } as const;
    expect(step(101, superseded)).toEqual([{ kind: 'superseded', generation: 8 }]);
    expect(position(102, 'c', 6, 40)).toEqual([]);
  });
});

test('a replica that is named twice would promise for two, and is refused', () => {
  expect(() => make({ replicas: ['a', 'a', 'b'] })).toThrow('replicas must be distinct, not a, a, b');
  expect(() => make({ mode: sync(2), inSync: ['b', 'b'] })).toThrow('replicas must be distinct, not b, b');
});
