import { describe, expect, test } from 'vitest';
import { HandMade } from './hand-made.fixture.ts';
import { LockCheck } from './lock-check.ts';

function withLine(): { history: HandMade; check: LockCheck; first: number; second: number } {
  const history = new HandMade();
  const check = new LockCheck('lock', history.reference, history.violations);
  return { history, check, first: history.put('lock/a', 1), second: history.put('lock/b', 2) };
}

describe('whoever is told that it holds the lock', () => {
  test('is first in line', () => {
    const { history, check, first } = withLine();
    check.acquired('locker1', first);
    expect(history.found).toEqual([]);
  });

  test('must not have anybody before it', () => {
    const { history, check, second } = withLine();
    check.acquired('locker2', second);
    expect(history.found).toEqual(['lock']);
  });

  test('may have had somebody before it who is gone', () => {
    const { history, check, second } = withLine();
    history.commit({ kind: 'delete-range', key: new TextEncoder().encode('lock/a') });
    check.acquired('locker2', second);
    expect(history.found).toEqual([]);
  });
});

describe('what is written under the guard', () => {
  test('is written in the order of tokens', () => {
    const { history, check, first, second } = withLine();
    for (const [mark, token] of [
      [3, first],
      [4, first],
      [5, second],
    ] as const) {
      check.writes(mark, token);
      history.put('guarded', mark);
    }
    check.judge();
    expect(history.found).toEqual([]);
  });

  test('must not be written by a holder of the past', () => {
    const { history, check, first, second } = withLine();
    check.writes(3, second);
    check.writes(4, first);
    history.put('guarded', 3);
    history.put('guarded', 4);
    check.judge();
    expect(history.found).toEqual(['fencing']);
  });

  test('counts only when it was carried out', () => {
    const { history, check, first, second } = withLine();
    check.writes(3, second);
    check.writes(4, first);
    history.put('guarded', 3);
    check.judge();
    expect(history.found).toEqual([]);
  });
});
