import { describe, expect, test } from 'vitest';
import { Mailbox } from './index.ts';

const filled = (options: ConstructorParameters<typeof Mailbox>[0], messages: string): Mailbox<string, string> => {
  const mailbox = new Mailbox<string, string>(options);
  for (const message of messages) mailbox.offer(message);
  return mailbox;
};
const drain = (mailbox: Mailbox<string, string>): string => mailbox.clear().join('');

describe('a full mailbox', () => {
  test('that refuses says so, counts it, and says once when there is room again', () => {
    const mailbox = filled({ messagesMax: 4 }, 'abcd');
    expect(mailbox.takeRoom()).toBe(false);
    expect([mailbox.offer('e'), mailbox.offer('f')]).toEqual([{ kind: 'refused' }, { kind: 'refused' }]);
    mailbox.take();
    expect([mailbox.size, mailbox.takeRoom()]).toEqual([3, false]);
    mailbox.take();
    expect([mailbox.size, mailbox.takeRoom(), mailbox.takeRoom()]).toEqual([2, true, false]);
    expect(mailbox.counts).toMatchObject({ taken: 4, refused: 2, droppedOldest: 0, droppedNewest: 0 });
  });
  test('that drops its oldest keeps the latest', () => {
    const mailbox = filled({ messagesMax: 2, overflow: 'drop-oldest' }, 'ab');
    expect(mailbox.offer('c')).toEqual({ kind: 'dropped', which: 'waiting', message: 'a' });
    expect([mailbox.counts.droppedOldest, drain(mailbox)]).toEqual([1, 'bc']);
  });
  test('that drops the newest keeps the earliest', () => {
    const mailbox = filled({ messagesMax: 2, overflow: 'drop-newest' }, 'ab');
    expect(mailbox.offer('c')).toEqual({ kind: 'dropped', which: 'offered', message: 'c' });
    expect([mailbox.counts.droppedNewest, drain(mailbox)]).toEqual([1, 'ab']);
  });
  test('never loses an urgent message for a less urgent one', () => {
    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      const mailbox = new Mailbox<string>({ messagesMax: 2, overflow, priorities: 2 });
      mailbox.offer('urgent', 1);
      mailbox.offer('ordinary', 0);
      expect(mailbox.offer('also urgent', 1)).toMatchObject({ which: 'waiting', message: 'ordinary' });
      expect(mailbox.offer('later', 0)).toMatchObject({ which: 'offered', message: 'later' });
      expect(mailbox.clear()).toEqual(['urgent', 'also urgent']);
    }
  });
  test('still takes system messages, and these have a bound of their own', () => {
    const mailbox = filled({ messagesMax: 1, systemMax: 2 }, 'a');
    expect(['stop', 'resume', 'stop'].map((signal) => mailbox.offerSystem(signal))).toEqual([true, true, false]);
    expect([mailbox.takeSystem(), mailbox.takeSystem(), mailbox.takeSystem()]).toEqual(['stop', 'resume', undefined]);
    expect([mailbox.take(), mailbox.counts.systemRefused]).toEqual(['a', 1]);
  });
});

describe('a stash', () => {
  test('comes back in front of everything, in its old order, also when some of it is stashed again', () => {
    const mailbox = filled({}, 'abcd');
    for (let i = 0; i < 3; i++) mailbox.stash(mailbox.take()!);
    expect([mailbox.size, mailbox.stashed]).toEqual([1, 3]);
    mailbox.unstash();
    mailbox.stash(mailbox.take()!);
    mailbox.unstash();
    expect(drain(mailbox)).toBe('abcd');
  });
  test('is bounded, and comes back into a full mailbox too', () => {
    const mailbox = filled({ messagesMax: 2, stashMax: 1 }, 'ab');
    expect([mailbox.stash(mailbox.take()!), mailbox.stash(mailbox.take()!)]).toEqual([true, false]);
    for (const message of 'cd') mailbox.offer(message);
    mailbox.unstash();
    expect([mailbox.stash('x'), mailbox.counts.stashRefused, drain(mailbox)]).toEqual([false, 2, 'acd']);
  });
});

test('without options a thousand of each may wait', () => {
  const mailbox = new Mailbox<number, number>();
  const taken = Array.from({ length: 1_001 }, (_, i) => [mailbox.offer(i).kind, mailbox.offerSystem(i)]);
  expect([taken[999], taken[1_000]]).toEqual([
    ['taken', true],
    ['refused', false],
  ]);
  const stashed = Array.from({ length: 1_001 }, (_, i) => mailbox.stash(i));
  expect([stashed[999], stashed[1_000]]).toEqual([true, false]);
  for (let i = 0; i < 500; i++) expect(mailbox.takeRoom()).toBe(mailbox.take() === undefined);
  expect(mailbox.takeRoom()).toBe(true);
});

test('the highest priority comes first, of one priority the earliest', () => {
  const mailbox = new Mailbox<number>({ priorities: 32 });
  for (const priority of [0, 31, 5, 31, 0]) mailbox.offer(priority, priority);
  expect(mailbox.clear()).toEqual([31, 31, 5, 0, 0]);
  expect(() => mailbox.offer(1, 32)).toThrow(/priority must be 0 to 31/);
});

test('wrong options are named', () => {
  for (const [options, message] of [
    [{ messagesMax: 0 }, /messagesMax/],
    [{ messagesMax: 1.5 }, /messagesMax/],
    [{ priorities: 33 }, /priorities/],
    [{ priorities: 1.5 }, /priorities/],
    [{ stashMax: -1 }, /stashMax/],
    [{ systemMax: 0 }, /systemMax/],
    [{ messagesMax: 4, roomAt: 4 }, /roomAt/],
  ] as const)
    expect(() => new Mailbox(options)).toThrow(message);
});

test('the cost of a message does not grow with how many wait', () => {
  // The same mailbox, filled and emptied and then turned over three times: shifting an array would move 3 · 10^10 slots.
  const mailbox = new Mailbox<number>({ messagesMax: 100_000, overflow: 'drop-oldest' });
  for (let i = 0; i < 100_000; i++) mailbox.offer(i);
  for (let i = 0; i < 300_000; i++) mailbox.offer(i);
  expect([mailbox.take(), mailbox.size]).toEqual([200_000, 99_999]);
});
