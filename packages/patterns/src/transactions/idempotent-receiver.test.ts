import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdempotentReceiver } from './index.ts';

interface Reply {
  readonly text: string;
}
const reply = (text: string): Reply => ({ text });
const dump = (receiver: IdempotentReceiver<Reply>): string =>
  [...receiver.freeze()]
    .map((s) => `${s.id}/${s.acknowledgedBelow}:${s.replies.map((r) => `${r.sequence}=${r.reply.text}`).join(',')}`)
    .join(' ');

describe('an idempotent receiver', () => {
  test('answers a repeated request with what it answered first', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    expect(receiver.receive(7, 1, 1)).toBe('new');
    receiver.record(7, 1, reply('one'));
    expect(receiver.receive(7, 1, 1)).toEqual(reply('one'));
  });

  test('takes requests in any order', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    for (const sequence of [30, 2, 17]) {
      expect(receiver.receive(7, sequence, 1)).toBe('new');
      receiver.record(7, sequence, reply(`${sequence}`));
    }
    expect(dump(receiver)).toBe('7/1:2=2,17=17,30=30');
  });

  test('forgets an answer once it is acknowledged, and does not carry out a late copy of its request', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    receiver.receive(7, 1, 1);
    receiver.record(7, 1, reply('one'));
    expect(receiver.receive(7, 2, 2)).toBe('new');
    expect(receiver.weight).toBe(0);
    expect(receiver.receive(7, 1, 1)).toBe('acknowledged');
  });

  test('does not believe that the answer to a request has arrived before the request has', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    expect(receiver.receive(7, 5, 1000)).toBe('new');
    receiver.record(7, 5, reply('five'));
    expect(receiver.receive(7, 5, 1000)).toEqual(reply('five'));
  });

  test('refuses sessions that were never opened, that were closed and that were forgotten', () => {
    const receiver = new IdempotentReceiver<Reply>({ sessionsMax: 2 });
    expect(receiver.receive(1, 1, 1)).toBe('unknown-session');
    receiver.open(1);
    expect(receiver.close(1)).toBe(true);
    expect(receiver.close(1)).toBe(false);
    expect(receiver.receive(1, 1, 1)).toBe('unknown-session');
    receiver.open(2);
    receiver.open(3);
    receiver.receive(2, 1, 1);
    receiver.open(4);
    expect([2, 3, 4].map((s) => receiver.has(s))).toEqual([true, false, true]);
  });

  test('refuses, and does not carry out, what lies beyond the window', () => {
    const receiver = new IdempotentReceiver<Reply>({ windowMax: 4 });
    receiver.open(7);
    for (const sequence of [1, 2, 3, 4]) receiver.record(7, sequence, reply(`${sequence}`));
    expect(receiver.receive(7, 5, 1)).toBe('window-full');
    expect(receiver.receive(7, 5, 2)).toBe('new');
  });

  test('does not take numbers that cannot be counted up from', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    expect(receiver.receive(7, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toBe('window-full');
    expect(receiver.receive(7, 2 ** 52, 2 ** 52)).toBe('new');
    receiver.record(7, 2 ** 52, reply('last'));
    expect(dump(receiver)).toBe(`7/${2 ** 52}:${2 ** 52}=last`);
  });

  test('forgets the least recently used sessions when too much is remembered, and refuses a session that takes half by itself', () => {
    const receiver = new IdempotentReceiver<Reply>({ weightMax: 10, weigh: (r) => r.text.length });
    for (const session of [1, 2, 3]) {
      receiver.open(session);
      receiver.record(session, 1, reply('four'));
    }
    expect([1, 2, 3].map((s) => receiver.has(s))).toEqual([false, true, true]);
    expect(receiver.weight).toBe(8);
    receiver.record(3, 2, reply('xx'));
    expect(receiver.receive(3, 3, 1)).toBe('window-full');
    expect(receiver.receive(3, 3, 2)).toBe('new');
  });

  test('what was frozen stays as it was', () => {
    const receiver = new IdempotentReceiver<Reply>();
    receiver.open(7);
    receiver.record(7, 1, reply('one'));
    const frozen = receiver.freeze();
    receiver.receive(7, 2, 2);
    receiver.record(7, 2, reply('two'));
    receiver.close(7);
    expect([...frozen].map((s) => s.replies)).toEqual([[{ sequence: 1, reply: reply('one') }]]);
  });
});

const call = fc.record({
  kind: fc.constantFrom('open', 'request', 'request', 'request', 'request', 'close', 'freeze'),
  session: fc.integer({ min: 1, max: 4 }),
  sequence: fc.integer({ min: 1, max: 20 }),
  acknowledged: fc.integer({ min: 0, max: 12 }),
});

test('no request is carried out twice, and a reloaded receiver goes on as the original', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const options = { sessionsMax: 3, windowMax: 8, weightMax: 40, weigh: (r: Reply): number => r.text.length };
      const original = new IdempotentReceiver<Reply>(options);
      let copy = new IdempotentReceiver<Reply>(options);
      const carriedOut = new Map<string, Reply>();
      const opened = new Set<number>();
      for (const [i, c] of calls.entries()) {
        if (c.kind === 'freeze') {
          const reloaded = new IdempotentReceiver<Reply>(options);
          for (const session of original.freeze()) reloaded.load(session);
          copy = reloaded;
        } else if (c.kind === 'close') expect(copy.close(c.session)).toBe(original.close(c.session));
        else if (c.kind === 'open') {
          if (opened.has(c.session)) continue;
          opened.add(c.session);
          original.open(c.session);
          copy.open(c.session);
        } else {
          const verdict = original.receive(c.session, c.sequence, c.acknowledged);
          expect(copy.receive(c.session, c.sequence, c.acknowledged)).toEqual(verdict);
          const key = `${c.session}/${c.sequence}`;
          if (verdict === 'new') {
            expect(carriedOut.has(key)).toBe(false);
            const answer = reply(`${i}`.padEnd(i % 7, '.'));
            carriedOut.set(key, answer);
            original.record(c.session, c.sequence, answer);
            copy.record(c.session, c.sequence, answer);
          } else if (typeof verdict === 'object') expect(verdict).toBe(carriedOut.get(key));
        }
        expect(dump(copy)).toBe(dump(original));
        expect(copy.weight).toBe(original.weight);
      }
    }),
    { numRuns: 500 },
  );
});

test('a request whose number is none is refused, and not carried out each time that it comes', () => {
  const receiver = new IdempotentReceiver<object>();
  receiver.open(1);
  for (const sequence of [Number.NaN, 1.5])
    expect(() => receiver.receive(1, sequence, 0)).toThrow(
      `the number of a request must be an integer, not ${sequence}`,
    );
  expect(() => new IdempotentReceiver<object>({ weightMax: Number.NaN })).toThrow(/weightMax must be above 0/);
});
