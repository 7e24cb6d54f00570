import { expect, test } from 'vitest';
import { RegisterError } from './register-error.ts';

test('an error says what failed, and whether it may have happened', () => {
  expect(RegisterError.of('change', 'busy', 'not-applied').message).toMatch(/^change: too many calls.*to end$/);
  expect(RegisterError.of('change', 'timed-out', 'unknown').message).toMatch(
    /^change: too few.*; it may have happened$/,
  );
});

test('an error has a cause if something else had failed first, and none otherwise', () => {
  const reason = new Error('no space');
  expect(new RegisterError('disk-failed', 'unknown', 'not saved', reason).cause).toBe(reason);
  expect(Object.hasOwn(RegisterError.of('read', 'busy', 'not-applied'), 'cause')).toBe(false);
});

test('what a closed proposer or one without a disk refuses, it would refuse again', () => {
  const codes = ['contended', 'timed-out', 'deleted', 'full', 'busy', 'disk-failed', 'closed'] as const;
  expect(codes.filter((code) => !new RegisterError(code, 'unknown', '').retryable)).toEqual(['disk-failed', 'closed']);
});
