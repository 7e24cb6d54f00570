import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/index.ts';
import { QueueFullError, SingularUpdateQueue } from './singular-update-queue.ts';

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

/** Applies when told to. */
class Log {
  readonly batches: (readonly number[])[] = [];
  #release: (() => void) | undefined;
  readonly apply = async (updates: readonly number[]): Promise<number[]> => {
    this.batches.push(updates);
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    return updates.map((update) => update * 10);
  };
  async release(): Promise<void> {
    await settle();
    this.#release?.();
    await settle();
  }
}

describe('a singular update queue', () => {
  test('is idle once nothing is queued or being applied, and tells all who wait for that, each time', async () => {
    const log = new Log();
    const queue = new SingularUpdateQueue(log.apply);
    const heard: string[] = [];
    const hears = (name: string): void => void queue.idle().then(() => heard.push(name));
    await queue.idle();
    for (const round of ['first', 'second']) {
      const run = queue.submit(1);
      hears(`${round} a`);
      hears(`${round} b`);
      await settle();
      const next = queue.submit(2);
      await log.release();
      expect(await run).toBe(10);
      expect(heard.filter((name) => name.startsWith(round))).toEqual([]);
      await log.release();
      expect(await next).toBe(20);
      expect(heard.filter((name) => name.startsWith(round))).toEqual([`${round} a`, `${round} b`]);
    }
    await queue.idle();
  });

  test('takes a thousand updates in one batch, and ten thousand that wait, unless told otherwise', async () => {
    const log = new Log();
    const queue = new SingularUpdateQueue(log.apply);
    const runs = Array.from({ length: 10_000 }, (_, n) => queue.submit(n));
    await expect(queue.submit(0)).rejects.toThrow(QueueFullError);
    await settle();
    expect(log.batches.map((batch) => batch.length)).toEqual([1000]);
    runs.push(...Array.from({ length: 1000 }, (_, n) => queue.submit(n)));
    let room = false;
    void queue.room().then(() => {
      room = true;
    });
    // Room is at half of it: five batches later.
    for (let batches = 2; batches <= 6; batches++) {
      expect([room, queue.queued]).toEqual([false, 10_000 - 1000 * (batches - 2)]);
      await log.release();
    }
    expect([room, queue.queued]).toEqual([true, 5000]);
    queue.close();
    await log.release();
    const ended = await Promise.allSettled(runs);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(6000);
    const refused = ended.find((end) => end.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'closed', retryable: false, outcome: 'not-applied' });
    await queue.room();
    await queue.idle();
  });

  test.each([-1, 4, 5])('is not made with room at %i of four', (roomAt) => {
    expect(() => new SingularUpdateQueue(() => [], { queuedMax: 4, roomAt })).toThrow(InvariantError);
  });

  test('applies what was submitted together as one batch, and what came meanwhile as the next', async () => {
    const log = new Log();
    const queue = new SingularUpdateQueue(log.apply);
    const first = [1, 2].map((n) => queue.submit(n));
    await settle();
    const second = [3, 4, 5].map((n) => queue.submit(n));
    expect(log.batches).toEqual([[1, 2]]);
    await log.release();
    expect(await Promise.all(first)).toEqual([10, 20]);
    expect(log.batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    await log.release();
    expect(await Promise.all(second)).toEqual([30, 40, 50]);
    await queue.idle();
  });

  test('never applies two batches at once, and keeps the order, so that updates that wait do not meet', async () => {
    let running = 0;
    let state = '';
    const queue = new SingularUpdateQueue<string, string>(
      async (updates) => {
        running += 1;
        expect(running).toBe(1);
        const seen = state;
        await settle();
        state = seen + updates.join('');
        running -= 1;
        return updates;
      },
      { batchMax: 2 },
    );
    const runs: Promise<string>[] = [];
    for (const update of 'abcdefg') {
      runs.push(queue.submit(update));
      await Promise.resolve();
    }
    await Promise.all(runs);
    expect(state).toBe('abcdefg');
  });

  test('refuses past its bound, and tells producers when there is room again', async () => {
    const log = new Log();
    const queue = new SingularUpdateQueue(log.apply, { queuedMax: 4, roomAt: 1, batchMax: 2 });
    const runs = [queue.submit(0)];
    await settle();
    for (let n = 1; n <= 4; n++) runs.push(queue.submit(n));
    await expect(queue.submit(9)).rejects.toThrow(QueueFullError);
    await expect(queue.submit(9)).rejects.toMatchObject({ retryable: true, outcome: 'not-applied' });
    let room = false;
    void queue.room().then(() => {
      room = true;
    });
    await log.release();
    expect([queue.queued, room]).toEqual([2, false]);
    await log.release();
    expect([queue.queued, room]).toEqual([0, true]);
    await queue.room();
    await log.release();
    expect(await Promise.all(runs)).toEqual([0, 10, 20, 30, 40]);
  });

  test('a batch that fails is rejected as a whole, and the next is tried', async () => {
    const queue = new SingularUpdateQueue<number, number>(
      (updates) => {
        if (updates.includes(13)) throw new Error('no');
        return updates;
      },
      { batchMax: 2 },
    );
    const runs = [12, 13, 14].map((n) => queue.submit(n));
    const ends = await Promise.allSettled(runs);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  test('a batch whose results do not fit is a defect, told to all who wait', async () => {
    const queue = new SingularUpdateQueue<number, number>(() => []);
    await expect(queue.submit(1)).rejects.toThrow('1 updates need as many results, not 0');
  });

  test('closing ends what waits without effect, lets the running batch end, and wakes producers', async () => {
    const log = new Log();
    const queue = new SingularUpdateQueue(log.apply, { queuedMax: 1 });
    const running = queue.submit(1);
    await settle();
    const waiting = queue.submit(2);
    const room = queue.room();
    queue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed', outcome: 'not-applied' });
    await room;
    await log.release();
    expect(await running).toBe(10);
    await expect(queue.submit(3)).rejects.toMatchObject({ code: 'closed' });
    expect(log.batches).toEqual([[1]]);
  });
});

test('a bound that is none is named', () => {
  for (const queuedMax of [0, Number.NaN])
    expect(() => new SingularUpdateQueue(() => [], { queuedMax })).toThrow(`queuedMax must be >= 1, not ${queuedMax}`);
});
