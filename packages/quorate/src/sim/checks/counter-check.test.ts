import { CoreError } from '@quorate/cluster/client';
import { describe, expect, test } from 'vitest';
import { CounterCheck } from './counter-check.ts';
import { HandMade, keyValue } from './hand-made.fixture.ts';

/** Two acknowledged increments and one without an answer; then the counter has been put that often. */
function judged(version: number): string[] {
  const history = new HandMade();
  for (let i = 0; i < 2; i++) history.operations.answered(history.begin('increment'), '');
  const unknown = new CoreError('timed-out', 'no answer', { outcome: 'unknown' });
  history.operations.failed(history.begin('increment'), unknown);
  const refused = new CoreError('no-leader', 'nobody leads', { outcome: 'not-applied' });
  history.operations.failed(history.begin('increment'), refused);
  const counter = version === 0 ? undefined : keyValue('counter', 1, 2, 2, version);
  new CounterCheck(history.operations, history.violations).judge(counter);
  return history.found;
}

describe('a counter', () => {
  test.each([2, 3])('may be %s after two acknowledged increments and one without an answer', (version) => {
    expect(judged(version)).toEqual([]);
  });

  test.each([0, 1])('of %s has lost an acknowledged increment', (version) => {
    expect(judged(version)).toEqual(['exactly-once']);
  });

  test('of 4 was incremented twice by a retry, or by one that was refused', () => {
    expect(judged(4)).toEqual(['exactly-once']);
  });

  test('that nobody has incremented is not looked at', () => {
    const history = new HandMade();
    new CounterCheck(history.operations, history.violations).judge(undefined);
    expect(history.found).toEqual([]);
  });
});
