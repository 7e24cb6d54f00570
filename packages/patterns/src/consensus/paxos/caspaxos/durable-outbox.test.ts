import { describe, expect, test } from 'vitest';
import { settle } from '../../../resilience/world.fixture.ts';
import { DurableOutbox } from './durable-outbox.ts';

/** An outbox on a disk that is done when told to. */
class Slow {
  readonly batches: (readonly string[])[] = [];
  readonly sent: string[] = [];
  readonly failures: unknown[] = [];
  #ends: { readonly done: () => void; readonly fail: (reason: unknown) => void } | undefined;
  readonly outbox = new DurableOutbox<string>({
    write: (batch) => {
      this.batches.push(batch);
      return new Promise<void>((done, fail) => {
        this.#ends = { done, fail };
      });
    },
    failed: (reason) => this.failures.push(reason),
  });

  send(after: number, what = `after ${after}`): void {
    this.outbox.send(after, () => this.sent.push(what));
  }

  async done(): Promise<void> {
    this.#ends!.done();
    await settle();
  }

  async fail(): Promise<void> {
    this.#ends!.fail('no space');
    await settle();
  }
}

describe('an outbox', () => {
  test('sends at once what waits for nothing, and what waits for a write once that is durable', async () => {
    const slow = new Slow();
    slow.send(0);
    slow.outbox.persist(1, 'a');
    slow.send(1);
    await settle();
    expect(slow.sent).toEqual(['after 0']);
    await slow.done();
    slow.send(1, 'again');
    expect(slow.sent).toEqual(['after 0', 'after 1', 'again']);
  });

  test('writes one batch at a time, all that has come meanwhile, in order', async () => {
    const slow = new Slow();
    slow.outbox.persist(1, 'a');
    slow.outbox.persist(2, 'b');
    await settle();
    slow.outbox.persist(3, 'c');
    await settle();
    expect(slow.batches).toEqual([['a', 'b']]);
    await slow.done();
    expect(slow.batches).toEqual([['a', 'b'], ['c']]);
    await slow.done();
    slow.outbox.persist(4, 'd');
    await settle();
    expect(slow.batches).toEqual([['a', 'b'], ['c'], ['d']]);
  });

  test('holds what waits for a later write until that one is durable, and sends each once, in order', async () => {
    const slow = new Slow();
    slow.outbox.persist(1, 'a');
    slow.send(1, 'first');
    slow.send(1, 'second');
    await settle();
    slow.outbox.persist(2, 'b');
    slow.send(2, 'third');
    await slow.done();
    expect(slow.sent).toEqual(['first', 'second']);
    await slow.done();
    expect(slow.sent).toEqual(['first', 'second', 'third']);
  });

  test('sends nothing and writes nothing after a write that failed', async () => {
    const slow = new Slow();
    slow.outbox.persist(1, 'a');
    slow.send(1);
    await settle();
    slow.outbox.persist(2, 'b');
    slow.send(2);
    await slow.fail();
    slow.outbox.persist(3, 'c');
    slow.send(3);
    await settle();
    expect([slow.failures, slow.batches, slow.sent]).toEqual([['no space'], [['a']], []]);
  });
});
