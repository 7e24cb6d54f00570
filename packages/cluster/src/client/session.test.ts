import { Instant } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import { SESSION_WINDOW_MAX } from '../core/machine/index.ts';
import { WaitingList } from '../core/service/waiting-list.ts';
import { Call } from './call.ts';
import { SESSION_WINDOW, Session } from './session.ts';

const stillTime = {
  clock: { monotonic: () => Instant.of(0), wall: () => 0 as never },
  timers: { at: () => ({ [Symbol.dispose]: () => {} }) },
};

function calls(count: number): Call<unknown>[] {
  const list = new WaitingList(stillTime, count);
  return Array.from({ length: count }, () => {
    const call = new Call<unknown>('put', 1, 'session', () => undefined);
    list.enter(call, undefined, 1000);
    return call;
  });
}

test('numbers count up from one, and what is acknowledged is below the first call that has not ended', () => {
  const session = new Session();
  session.opened(9);
  const [a, b, c, d] = calls(4);
  const number = (call: Call<unknown>): [number, number, number] => {
    const { session: id, sequence, acknowledgedBelow } = session.number(call);
    return [id, sequence, acknowledgedBelow];
  };
  expect(number(a!)).toEqual([9, 1, 1]);
  expect(number(b!)).toEqual([9, 2, 1]);
  b!.resolve(undefined);
  expect(number(c!)).toEqual([9, 3, 1]);
  a!.resolve(undefined);
  expect(number(d!)).toEqual([9, 4, 3]);
});

test('the window is full when the first unanswered call is as far behind as the state machine allows', () => {
  expect(SESSION_WINDOW).toBeLessThanOrEqual(SESSION_WINDOW_MAX);
  const session = new Session();
  session.opened(1);
  const waiting = calls(SESSION_WINDOW + 2);
  for (let i = 0; i < SESSION_WINDOW; i++) {
    expect(session.full).toBe(false);
    session.number(waiting[i]!);
  }
  expect(session.full).toBe(true);
  waiting[5]!.resolve(undefined);
  expect(session.full).toBe(true);
  waiting[0]!.resolve(undefined);
  expect(session.full).toBe(false);
  session.number(waiting[SESSION_WINDOW]!);
  expect(session.full).toBe(true);
});
