import { describe, expect, test } from 'vitest';
import { Deferred, FakeTime, outcomeOf, settle } from '../resilience/world.fixture.ts';
import { type ActorContext, type Handler, LocalActors, type LocalActorsOptions } from './index.ts';

type Context = ActorContext<string, string>;

class Bench {
  readonly time = new FakeTime();
  readonly actors: LocalActors<string, string>;
  readonly deadLetters: string[] = [];

  constructor(options: Partial<LocalActorsOptions> = {}) {
    this.actors = new LocalActors(this.time, {
      name: 'here',
      onDeadLetter: (actor, message, { why }) => this.deadLetters.push(`${actor} ${message} ${why}`),
      ...options,
    });
  }

  spawn(actor: string, handler: Handler<string, string>, options?: Parameters<typeof this.actors.spawn>[2]): this {
    this.actors.spawn(actor, () => handler, options);
    return this;
  }
}

const codeOf = (outcome: { error?: unknown }): unknown[] => {
  const { code, outcome: known } = outcome.error as { code: string; outcome: string };
  return [code, known];
};

describe('local actors', () => {
  test('handle one message at a time, also when the handler waits in between', async () => {
    const gate = new Deferred<void>();
    const seen: string[] = [];
    const bench = new Bench().spawn('a', async (message) => {
      seen.push(`${message} begins`);
      if (message === '1') await gate.promise;
      seen.push(`${message} ends`);
      return message;
    });
    const answers = Promise.all([bench.actors.ask('a', '1'), bench.actors.ask('a', '2')]);
    await settle();
    expect(seen).toEqual(['1 begins']);
    gate.resolve();
    expect([await answers, seen]).toEqual([
      ['1', '2'],
      ['1 begins', '1 ends', '2 begins', '2 ends'],
    ]);
  });
  test('answer at once when their handler does', async () => {
    const bench = new Bench().spawn('a', (message, { self }) => `${self} ${message}`);
    expect(await bench.actors.ask('a', 'x')).toBe('a x');
    expect(bench.time.pending).toBeLessThanOrEqual(1);
  });
  test('a question that is not answered in time fails as unknown, and its answer is late', async () => {
    const gate = new Deferred<string>();
    const bench = new Bench().spawn('a', () => gate.promise);
    const outcome = outcomeOf(bench.actors.ask('a', 'x', 100));
    await bench.time.advance(99);
    expect(outcome.state).toBe('pending');
    await bench.time.advance(1);
    expect(codeOf(outcome)).toEqual(['timed-out', 'unknown']);
    gate.resolve('late');
    await settle();
    expect(bench.actors.lateAnswers).toBe(1);
  });
  test('a question asked on the way has no more time than its asker, and the asker’s own time goes by', async () => {
    const deadlines: unknown[] = [];
    const never = new Deferred<string>();
    const bench = new Bench()
      .spawn('inner', (_, { deadline }) => {
        deadlines.push(deadline);
        return never.promise;
      })
      .spawn('outer', (_, context: Context) => context.ask('inner', '?', 5_000));
    const outcome = outcomeOf(bench.actors.ask('outer', 'x', 100));
    await bench.time.advance(100);
    expect([deadlines, codeOf(outcome)]).toEqual([[100], ['timed-out', 'unknown']]);
    const late = outcomeOf(bench.actors.ask('outer', 'y', 50));
    await bench.time.advance(50);
    // `inner` handles the first still: the second question was never handled.
    expect([late.state, deadlines.length]).toEqual(['failed', 1]);
  });
  test('who asks an actor that waits for it is told at once, with the circle', async () => {
    const bench = new Bench()
      .spawn('a', (_, context: Context) => context.ask('b', '?'))
      .spawn('b', (_, context: Context) => context.ask('a', '?'));
    const error = await bench.actors.ask('a', 'x').catch((reason) => reason);
    expect([error.code, error.cause.cause.circle]).toEqual(['failed', ['a', 'b', 'a']]);
    expect(bench.time.now).toBe(0);
  });
  test('actors that wait for each other in two chains are found after a while, and one of them goes on', async () => {
    const gate = new Deferred<void>();
    const asking =
      (other: string): Handler<string, string> =>
      async (message, context) => {
        if (message === 'leaf') return 'fine';
        await gate.promise;
        return context.ask(other, 'leaf', 60_000).catch((error) => `${error.code}: ${error.message}`);
      };
    const bench = new Bench({ probeAfterMs: 500 }).spawn('a', asking('b')).spawn('b', asking('a'));
    const answers = Promise.all(['a', 'b'].map((actor) => bench.actors.ask(actor, 'root', 60_000)));
    gate.resolve();
    await bench.time.advance(500);
    expect((await answers).sort()).toEqual(['deadlock: b waits for a waits for b', 'fine']);
  });
  test('a reentrant actor answers who it waits for', async () => {
    const bench = new Bench()
      .spawn('a', (message, context: Context) => (message === 'back' ? 'yes' : context.ask('b', '?')), {
        reentrancy: 'call-chain',
      })
      .spawn('b', (_, context: Context) => context.ask('a', 'back'));
    expect(await bench.actors.ask('a', 'x')).toBe('yes');
  });
  test('a deadlock is found also when it leads through a reentrant actor that handles the request', async () => {
    const gate = new Deferred<void>();
    const through =
      (other: string): Handler<string, string> =>
      async (_, context) => {
        await gate.promise;
        return context.ask(other, '?', 60_000).catch((error) => error.message);
      };
    const bench = new Bench({ probeAfterMs: 500 })
      .spawn('a', through('m'))
      .spawn('m', (_, context: Context) => context.ask('b', '?', 60_000), { reentrancy: 'always' })
      .spawn('b', through('a'));
    const outcomes = ['a', 'b'].map((actor) => outcomeOf(bench.actors.ask(actor, 'root', 60_000)));
    gate.resolve();
    await bench.time.advance(600);
    // The turn of `m` is the last of the circle: its question is given up, and so it fails.
    expect(outcomes.map(({ value }) => value)).toEqual(['m failed', 'm failed']);
  });
  test('a handler runs to its end, or to where it waits, before the next one begins', async () => {
    const seen: string[] = [];
    const bench = new Bench()
      .spawn('a', (message, context: Context) => {
        seen.push('a begins');
        context.tell('b', message);
        seen.push('a ends');
        return '';
      })
      .spawn('b', () => {
        seen.push('b');
        return '';
      });
    bench.actors.tell('a', 'x');
    expect(seen).toEqual(['a begins', 'a ends', 'b']);
  });
  test('a long run of turns that end at once is no deep recursion', () => {
    let handled = 0;
    const bench = new Bench({ turnsPerTick: 100_000 }).spawn(
      'a',
      (message, context: Context) => {
        handled += 1;
        if (message === 'first') for (let i = 0; i < 20_000; i++) context.tell('a', '');
        return '';
      },
      { mailbox: { messagesMax: 100_000 } },
    );
    bench.actors.tell('a', 'first');
    expect([handled, bench.deadLetters, bench.actors.has('a')]).toEqual([20_001, [], true]);
  });
  test('an answer may be nothing', async () => {
    const actors = new LocalActors<string, undefined>(new FakeTime(), { name: 'here' });
    actors.spawn('a', () => () => undefined);
    expect(await actors.ask('a', 'x')).toBeUndefined();
  });
  test('an actor that was full goes on when there is room', async () => {
    const gate = new Deferred<string>();
    const bench = new Bench().spawn('a', () => gate.promise, { mailbox: { messagesMax: 1 } });
    for (const message of ['1', '2', '3']) bench.actors.tell('a', message);
    gate.resolve('done');
    await settle();
    expect([bench.actors.has('a'), await bench.actors.ask('a', '4')]).toEqual([true, 'done']);
  });
  test('there are so many actors at most, and none twice', () => {
    const bench = new Bench({ actorsMax: 1 }).spawn('a', () => 'first').spawn('b', () => '');
    expect([bench.actors.has('a'), bench.actors.has('b')]).toEqual([true, false]);
    expect(() => bench.spawn('a', () => 'second')).toThrow(/actor a exists/);
    return expect(bench.actors.ask('a', 'x')).resolves.toBe('first');
  });
  test('stash and unstash', async () => {
    let isOpen = false;
    const seen: string[] = [];
    const bench = new Bench().spawn('a', (message, context) => {
      if (message === 'open') {
        isOpen = true;
        context.unstash();
      } else if (!isOpen) {
        context.stash();
        return 'too early';
      } else seen.push(message);
      return message;
    });
    const early = bench.actors.ask('a', 'early');
    for (const message of ['open', 'late']) bench.actors.tell('a', message);
    expect([await early, seen]).toEqual(['early', ['early', 'late']]);
  });
  test('what cannot be handled is said to whoever asked, and is a dead letter otherwise', async () => {
    const never = new Deferred<string>();
    const bench = new Bench().spawn('a', () => never.promise, { mailbox: { messagesMax: 1 } });
    bench.actors.tell('a', '1');
    bench.actors.tell('a', '2');
    bench.actors.tell('a', '3');
    const refused = outcomeOf(bench.actors.ask('a', '4'));
    const unknown = outcomeOf(bench.actors.ask('b', '5'));
    bench.actors.stop('a');
    never.resolve('');
    await settle();
    expect(bench.deadLetters).toEqual(['a 3 refused', 'a 2 stopped']);
    expect([codeOf(refused), codeOf(unknown), bench.actors.has('a')]).toEqual([
      ['refused', 'not-applied'],
      ['unknown-actor', 'not-applied'],
      false,
    ]);
  });
  test('after so many turns everything else has its chance', async () => {
    let handled = 0;
    const bench = new Bench({ turnsPerTick: 10 }).spawn('a', (_, { self, tell }) => {
      handled += 1;
      return self + String(tell.length);
    });
    for (let i = 0; i < 25; i++) bench.actors.tell('a', '');
    expect(handled).toBe(10);
    await bench.time.advance(0);
    expect(handled).toBe(25);
  });
});

describe('a handler that throws', () => {
  const counting = (): Handler<string, string> => {
    let count = 0;
    return async (message) => {
      count += 1;
      if (message === 'fail') throw new Error('on purpose');
      return String(count);
    };
  };
  const after = async (onFailure: 'resume' | 'restart' | 'stop' | undefined) => {
    const bench = new Bench(onFailure === undefined ? {} : { onFailure: () => onFailure });
    bench.actors.spawn('a', counting);
    await bench.actors.ask('a', 'x');
    const failed = outcomeOf(bench.actors.ask('a', 'fail'));
    const next = outcomeOf(bench.actors.ask('a', 'x'));
    await settle();
    expect(codeOf(failed)).toEqual(['failed', 'unknown']);
    return next.value ?? codeOf(next);
  };
  test('is made anew, goes on as it is, or is no more, and keeps what waits as long as it is there', async () => {
    expect([await after(undefined), await after('restart'), await after('resume'), await after('stop')]).toEqual([
      '1',
      '1',
      '3',
      ['stopped', 'not-applied'],
    ]);
  });
  test('at once, without a promise, has failed just the same', async () => {
    const bench = new Bench();
    bench.actors.spawn('a', () => () => {
      throw new Error('on purpose');
    });
    const error = await bench.actors.ask('a', 'x').catch((reason) => reason);
    expect([error.code, error.cause.message, bench.actors.has('a')]).toEqual(['failed', 'on purpose', true]);
  });
  test('too often within the time is no more', async () => {
    const bench = new Bench({ intensity: { restartsMax: 2, withinMs: 1_000 } });
    bench.actors.spawn('a', counting);
    for (let i = 0; i < 3; i++) {
      expect(bench.actors.has('a')).toBe(true);
      await bench.actors.ask('a', 'fail').catch(() => undefined);
    }
    expect(bench.actors.has('a')).toBe(false);
  });
});

test('closed, all who wait are told, and nothing more is taken', async () => {
  const never = new Deferred<string>();
  const bench = new Bench().spawn('a', () => never.promise);
  const waiting = outcomeOf(bench.actors.ask('a', '1'));
  bench.actors[Symbol.dispose]();
  const after = outcomeOf(bench.actors.ask('a', '2'));
  never.resolve('');
  await settle();
  expect([codeOf(waiting), codeOf(after), bench.time.pending]).toEqual([
    ['closed', 'unknown'],
    ['closed', 'not-applied'],
    0,
  ]);
});

describe('what is passed in and throws', () => {
  test('a handler that cannot be made again stops its actor, and nobody waits for it', async () => {
    let made = 0;
    const bench = new Bench();
    bench.actors.spawn('a', () => {
      made += 1;
      if (made > 1) throw new Error('no more of these');
      return () => {
        throw new Error('boom');
      };
    });
    bench.spawn('b', (message) => message);
    const first = outcomeOf(bench.actors.ask('a', 'x'));
    const second = outcomeOf(bench.actors.ask('a', 'y'));
    await bench.time.advance(1);
    expect([codeOf(first), codeOf(second), bench.actors.has('a')]).toEqual([
      ['failed', 'unknown'],
      ['unknown-actor', 'not-applied'],
      false,
    ]);
    expect(await bench.actors.ask('b', 'z')).toBe('z');
  });

  test('one that can be made at the second attempt goes on, if it may be restarted as often', async () => {
    let made = 0;
    const bench = new Bench({ intensity: { restartsMax: 2 } });
    bench.actors.spawn('a', () => {
      made += 1;
      if (made === 2) throw new Error('not yet');
      return (message) => {
        if (message === 'boom') throw new Error('boom');
        return `${made} ${message}`;
      };
    });
    const failed = outcomeOf(bench.actors.ask('a', 'boom'));
    await bench.time.advance(1);
    expect(codeOf(failed)).toEqual(['failed', 'unknown']);
    expect(await bench.actors.ask('a', 'x')).toBe('3 x');
  });

  test('an actor whose failure nobody can judge is stopped, and what was queued goes on', async () => {
    const bench = new Bench({
      onFailure: () => {
        throw new Error('faulty');
      },
    });
    bench.spawn('b', (message) => message);
    bench.spawn('a', (message, context) => {
      context.tell('nobody', 'lost');
      throw new Error(message);
    });
    const outcome = outcomeOf(bench.actors.ask('a', 'x'));
    await bench.time.advance(1);
    expect([codeOf(outcome), bench.actors.has('a'), bench.deadLetters]).toEqual([
      ['failed', 'unknown'],
      false,
      ['nobody lost unknown-actor'],
    ]);
    expect(await bench.actors.ask('b', 'z')).toBe('z');
  });
});
