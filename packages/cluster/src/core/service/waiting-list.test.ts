import { World } from '@quorate/sim/world';
import { describe, expect, test } from 'vitest';
import { Waiter, WaitingList } from './waiting-list.ts';

/** Runs `body` on a machine with virtual time. */
async function withList(
  max: number,
  body: (list: WaitingList, sleep: (ms: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  const world = new World({ seed: 1n });
  world.node('a').start(() => {});
  const done = world.node('a').call(async (env) => {
    using list = new WaitingList(env, max);
    const { clock, timers } = env;
    await body(
      list,
      (ms) =>
        new Promise((resolve) => timers.at((clock.monotonic() + ms) as ReturnType<typeof clock.monotonic>, resolve)),
    );
  });
  await world.settle(done);
}

describe('a call that waits', () => {
  test('ends with its answer, and what comes later does nothing', () =>
    withList(2, async (list) => {
      const call = new Waiter<number>('ask');
      expect(list.enter(call, undefined, 100)).toBeUndefined();
      call.resolve(7);
      call.resolve(8);
      call.handleEvent();
      expect(await call.promise).toBe(7);
      expect([call.settled, list.size]).toEqual([true, 0]);
    }));

  test('ends at its deadline, not before, with the outcome it has by then', () =>
    withList(10, async (list, sleep) => {
      const ends: string[] = [];
      const start = (name: string, timeoutMs: number): Waiter<void> => {
        const call = new Waiter<void>(name);
        list.enter(call, { timeoutMs }, 0);
        call.promise.catch((error: { outcome: string }) => ends.push(`${name} ${error.outcome}`));
        return call;
      };
      start('long', 300);
      start('short', 100).outcome = 'unknown';
      start('answered', 150).resolve();
      await sleep(90);
      expect(ends).toEqual([]);
      await sleep(20);
      expect(ends).toEqual(['short unknown']);
      await sleep(200);
      expect(ends).toEqual(['short unknown', 'long not-applied']);
    }));

  test('ends with its signal, and takes its listener off whichever way it ends', () =>
    withList(10, async (list) => {
      let listening = 0;
      const controller = new AbortController();
      const { signal } = controller;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listening += 1;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listening -= 1;
        remove(...args);
      };
      const [answered, aborted] = [new Waiter<number>('one'), new Waiter<number>('two')];
      list.enter(answered, { signal }, 100);
      list.enter(aborted, { signal }, 100);
      answered.resolve(1);
      expect(listening).toBe(1);
      controller.abort(new Error('why'));
      await expect(aborted.promise).rejects.toMatchObject({ code: 'aborted', cause: { message: 'why' } });
      expect(listening).toBe(0);
      const late = list.enter(new Waiter('late'), { signal }, 100);
      expect(late).toMatchObject({ code: 'aborted', outcome: 'not-applied' });
    }));
});

test('a list takes so many calls and no more, and has room again when one ends', () =>
  withList(2, async (list) => {
    const calls = [1, 2, 3].map((i) => new Waiter<number>(`call ${i}`));
    expect(list.enter(calls[0]!, undefined, 100)).toBeUndefined();
    expect(list.enter(calls[1]!, undefined, 100)).toBeUndefined();
    expect(list.enter(calls[2]!, undefined, 100)).toMatchObject({ code: 'too-many-requests', retryable: true });
    calls[0]!.resolve(1);
    expect(list.enter(calls[2]!, undefined, 100)).toBeUndefined();
    expect(calls[2]!.id).not.toBe(calls[0]!.id);
    expect(list.find(calls[0]!.id)).toBeUndefined();
    expect(list.find(calls[2]!.id)).toBe(calls[2]);
    calls[1]!.resolve(1);
    calls[2]!.resolve(1);
  }));
