import { Instant } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import { WaitingList } from '../core/service/waiting-list.ts';
import { Call } from './call.ts';
import { HeldCalls } from './held-calls.ts';

const stillTime = {
  clock: { monotonic: () => Instant.of(0), wall: () => 0 as never },
  timers: { at: () => ({ [Symbol.dispose]: () => {} }) },
};

test('held calls come out in order, and those that have ended are passed over', () => {
  const list = new WaitingList(stillTime, 10_000);
  const held = new HeldCalls();
  const calls: Call<unknown>[] = [];
  const out: Call<unknown>[] = [];
  for (let i = 0; i < 9000; i++) {
    const call = new Call<unknown>(`call ${i}`, 1, 'session', () => undefined);
    list.enter(call, undefined, 1000);
    calls.push(call);
    held.add(call);
    if (i % 7 === 3) call.resolve(undefined);
    // A thousand always wait, so that it is never empty.
    if (i >= 1000 && held.first !== undefined) out.push(held.take());
  }
  const left = held.takeAll().filter(({ settled }) => !settled);
  expect(held.first).toBeUndefined();
  expect([...out, ...left]).toEqual(calls.filter((_, i) => i % 7 !== 3));
  expect(left.length).toBeLessThan(1000);
});
