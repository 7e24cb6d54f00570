/** The acceptor's side, one replica driven by hand. */
import { describe, expect, test } from 'vitest';
import { b, held, Solo } from './solo.fixture.ts';

describe('an acceptor', () => {
  test('promises for all slots at once, and tells what it holds from the slot that is asked for', () => {
    const entries = [held(1, b(1, 2), 'a'), held(2, b(1, 2), 'b'), held(3, b(1, 2), 'c')];
    const solo = new Solo(
      {},
      { record: { promised: b(1, 2), reservedRound: 0, chosen: 1, first: 1 }, entries, applied: 1 },
    );
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })[1]).toBe(
      '>3 promise 2.3 chosen 1 2:b@1.2 3:c@1.2 after #1',
    );
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 3 })).toEqual([
      '>3 promise 2.3 chosen 1 3:c@1.2 after #1',
    ]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })).toEqual(['>2 rejected 2.2, promised 2.3']);
    expect(solo.accept(2, b(1, 2), 4, 'd')).toEqual(['>2 rejected 1.2, promised 2.3']);
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 })).toEqual(['>2 rejected 1.2, promised 2.3']);
  });

  test('accepts, durably, once, and what it holds of this ballot is chosen when the leader says so', () => {
    const solo = new Solo();
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual([
      'persist #1 promised 1.2 round 0 chosen 0 first 1 1:x',
      '>2 accepted 1.2 1 after #1',
      'follower under 2',
    ]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual(['>2 accepted 1.2 1 after #1']);
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 })).toEqual([
      'persist #2 promised 1.2 round 0 chosen 1 first 1',
      '>2 following 1.2',
      'chosen 1: x',
    ]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual(['>2 accepted 1.2 1 after #2']);
  });

  test('asks for what is chosen when it holds that slot under an older ballot only', () => {
    const solo = new Solo();
    solo.accept(2, b(1, 2), 1, 'lost');
    expect(solo.hear(3, { kind: 'heartbeat', ballot: b(2, 3), chosen: 1 })).toContain('>3 learn from 1');
    expect(solo.hear(3, { kind: 'learned', from: 1, entries: [{ kind: 'value', value: 'won' }], chosen: 1 })).toContain(
      'chosen 1: won',
    );
  });

  test('accepts so far beyond what it knows to be chosen, and asks for that first', () => {
    const solo = new Solo({ windowMax: 2, aheadMax: 2 });
    expect(solo.accept(2, b(1, 2), 2, 'b')).toContain('>2 accepted 1.2 2 after #1');
    expect(solo.accept(2, b(1, 2), 3, 'c', 1)).toEqual(['>2 learn from 1']);
    solo.hear(2, { kind: 'learned', from: 1, entries: [{ kind: 'value', value: 'a' }], chosen: 1 });
    expect(solo.accept(2, b(1, 2), 3, 'c', 1)).toContain('>2 accepted 1.2 3 after #3');
  });

  test('has heard its leader when that proposes too far ahead, and not when it refuses it', () => {
    const solo = new Solo({ windowMax: 2, aheadMax: 2 });
    solo.now = 50;
    expect(solo.accept(2, b(2, 2), 3, 'c')).toEqual(['follower under 2']);
    expect(solo.kernel.deadline).toBe(50 + 150);
    solo.accept(2, b(2, 2), 1, 'a');
    solo.now = 60;
    solo.hear(3, { kind: 'heartbeat', ballot: b(1, 3), chosen: 0 });
    solo.accept(3, b(1, 3), 1, 'z');
    expect(solo.kernel.deadline).toBe(50 + 150);
  });

  test('has room for so many slots from the first that is not in a snapshot', () => {
    const solo = new Solo({ windowMax: 3, aheadMax: 9, slotsMax: 3 });
    expect(solo.accept(2, b(1, 2), 4, 'd')).toEqual(['follower under 2']);
    expect(solo.accept(2, b(1, 2), 3, 'c')).toContain('>2 accepted 1.2 3 after #1');
    solo.step({ kind: 'install', through: 1 });
    expect(solo.accept(2, b(1, 2), 4, 'd')).toContain('>2 accepted 1.2 4 after #3');
  });

  test('tells in order of the slots what it accepted in any order', () => {
    const solo = new Solo();
    for (const slot of [3, 1]) solo.accept(2, b(1, 2), slot, `v${slot}`);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })[1]).toBe(
      '>2 promise 2.2 chosen 0 1:v1@1.2 3:v3@1.2 after #3',
    );
  });

  test('writes once what the leader says is chosen', () => {
    const solo = new Solo();
    solo.accept(2, b(1, 2), 1, 'x');
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 });
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 })).toEqual(['>2 following 1.2']);
  });

  test('lets a new leader propose again what fills its log, and what is missing in it', () => {
    const solo = new Solo({ windowMax: 3, aheadMax: 3, slotsMax: 3 });
    solo.accept(2, b(1, 2), 2, 'b');
    solo.accept(2, b(1, 2), 3, 'c');
    expect(solo.accept(2, b(1, 2), 4, 'd')).toEqual([]);
    expect(solo.accept(3, b(2, 3), 1, 'a')).toContain('>3 accepted 2.3 1 after #3');
    expect(solo.accept(3, b(2, 3), 2, 'b')).toContain('>3 accepted 2.3 2 after #4');
  });

  test('does not listen to a rival of a leader it has just heard', () => {
    const solo = new Solo();
    solo.now = 1_000;
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
    solo.now = 1_099;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })).toEqual([]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })[1]).toBe('>2 promise 2.2 chosen 0 after #1');
    solo.now = 1_100;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(3, 3), from: 1 })[1]).toBe('>3 promise 3.3 chosen 0 after #2');
  });
});
