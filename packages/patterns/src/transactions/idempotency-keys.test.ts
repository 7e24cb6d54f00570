import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { IdempotencyKeys, type KeyVerdict } from './index.ts';

const at = Instant.of;

describe('idempotency keys (draft-ietf-httpapi-idempotency-key-header)', () => {
  test('a key that was not seen is new; after its answer the same request gets the stored one, an error too', () => {
    const keys = new IdempotencyKeys<string>();
    expect(keys.receive('k', 'print', at(0))).toEqual({ kind: 'new', ticket: 1 });
    expect(keys.record('k', 1, '500 no luck', at(10))).toBe(true);
    expect(keys.receive('k', 'print', at(20))).toEqual({ kind: 'replay', reply: '500 no luck' });
  });
  test('a retry while the first request is in progress is a conflict', () => {
    const keys = new IdempotencyKeys<string>();
    keys.receive('k', 'print', at(5));
    expect(keys.receive('k', 'print', at(6))).toEqual({ kind: 'in-progress', since: 5 });
  });
  test('a key that comes again with another request is a mismatch, in progress and done', () => {
    const keys = new IdempotencyKeys<string>();
    keys.receive('k', 'print', at(0));
    expect(keys.receive('k', 'other', at(1))).toEqual({ kind: 'mismatch' });
    keys.record('k', 1, 'done', at(2));
    expect(keys.receive('k', 'other', at(3))).toEqual({ kind: 'mismatch' });
  });
  test('a request that had no effect is released, and can come again under its key', () => {
    const keys = new IdempotencyKeys<string>();
    keys.receive('k', 'print', at(0));
    expect([keys.release('k', 7), keys.release('k', 1), keys.release('k', 1)]).toEqual([false, true, false]);
    expect(keys.receive('k', 'print', at(1))).toEqual({ kind: 'new', ticket: 2 });
  });
  test('an answer expires, and not before its time', () => {
    const keys = new IdempotencyKeys<string>({ keepMs: 100 });
    keys.receive('k', 'print', at(0));
    expect(keys.deadline).toBe(24 * 60 * 60 * 1000);
    keys.record('k', 1, 'done', at(50));
    expect([keys.receive('k', 'print', at(149)).kind, keys.deadline]).toEqual(['replay', 150]);
    expect(keys.receive('k', 'print', at(150)).kind).toBe('new');
  });
  test('a worker that was taken for dead can no longer record: whoever has the key now does', () => {
    const keys = new IdempotencyKeys<string>({ abandonMs: 100 });
    keys.receive('k', 'print', at(0));
    expect(keys.receive('k', 'print', at(100))).toEqual({ kind: 'new', ticket: 2 });
    expect([keys.record('k', 1, 'late', at(101)), keys.release('k', 1)]).toEqual([false, false]);
    expect(keys.record('k', 2, 'done', at(102))).toBe(true);
    expect(keys.receive('k', 'print', at(103))).toEqual({ kind: 'replay', reply: 'done' });
  });
  test('when full refuses new keys and still answers old ones; or forgets the oldest answer, never what is in progress', () => {
    const fill = (whenFull: 'refuse' | 'forget-oldest') => {
      const keys = new IdempotencyKeys<string>({ keysMax: 2, whenFull });
      keys.receive('a', '', at(0));
      keys.record('a', 1, 'A', at(1));
      keys.receive('b', '', at(2));
      return keys;
    };
    const refuses = fill('refuse');
    expect(['c', 'a', 'b'].map((key) => refuses.receive(key, '', at(3)).kind)).toEqual([
      'full',
      'replay',
      'in-progress',
    ]);
    const forgets = fill('forget-oldest');
    expect(['c', 'd'].map((key) => forgets.receive(key, '', at(3)).kind)).toEqual(['new', 'full']);
    expect([forgets.size, forgets.receive('b', '', at(4)).kind]).toEqual([2, 'in-progress']);
  });
  test('no ticket is given out twice, not even by a copy: a dead worker cannot record for a living one', () => {
    const keys = new IdempotencyKeys<string>({ abandonMs: 10 });
    keys.receive('k', '', at(0));
    keys.expire(at(10));
    const copy = new IdempotencyKeys<string>({ abandonMs: 10 });
    copy.load(keys.freeze());
    expect(copy.receive('k', '', at(11))).toEqual({ kind: 'new', ticket: 2 });
    expect(copy.record('k', 1, 'late', at(12))).toBe(false);
  });
  test('its options are checked', () => {
    for (const option of ['keysMax', 'keepMs', 'abandonMs'])
      expect(() => new IdempotencyKeys({ [option]: 0 })).toThrow(new RegExp(option));
    const keys = new IdempotencyKeys<string>();
    keys.receive('k', '', at(0));
    expect(() => keys.load({ tickets: 0, entries: [] })).toThrow(/empty/);
  });
});

const call = fc.record({
  kind: fc.constantFrom('receive', 'receive', 'receive', 'record', 'record', 'release', 'reload'),
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  print: fc.constantFrom('1', '1', '1', '2'),
  waitMs: fc.constantFrom(0, 0, 10, 30, 60),
});

test('against a list that is searched each time: the same verdicts, whatever expires, and after a reload too', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), fc.boolean(), (calls, forgets) => {
      const options = {
        keysMax: 3,
        keepMs: 50,
        abandonMs: 80,
        whenFull: forgets ? 'forget-oldest' : 'refuse',
      } as const;
      let keys = new IdempotencyKeys<number>(options);
      let model: { key: string; print: string; ticket: number; since: number; reply?: number }[] = [];
      let [now, ticket] = [0, 0];
      for (const [i, { kind, key, print, waitMs }] of calls.entries()) {
        now += waitMs;
        model = model.filter(({ since, reply }) => since + (reply === undefined ? 80 : 50) > now);
        const known = model.find((each) => each.key === key);
        if (kind === 'reload') {
          const copy = new IdempotencyKeys<number>(options);
          keys.expire(at(now));
          copy.load(keys.freeze());
          keys = copy;
        } else if (kind === 'receive') {
          const verdict = keys.receive(key, print, at(now));
          let expected: KeyVerdict<number>;
          const done = model.filter(({ reply }) => reply !== undefined);
          if (known !== undefined && known.print !== print) expected = { kind: 'mismatch' };
          else if (known?.reply !== undefined) expected = { kind: 'replay', reply: known.reply };
          else if (known !== undefined) expected = { kind: 'in-progress', since: at(known.since) };
          else if (model.length >= 3 && (!forgets || done.length === 0)) expected = { kind: 'full' };
          else {
            if (model.length >= 3) model.splice(model.indexOf(done[0]!), 1);
            ticket += 1;
            model.push({ key, print, ticket, since: now });
            expected = { kind: 'new', ticket };
          }
          expect(verdict).toEqual(expected);
        } else if (kind === 'record') {
          const isOpen = known !== undefined && known.reply === undefined;
          expect(keys.record(key, known?.ticket ?? 0, i, at(now))).toBe(isOpen);
          if (isOpen) {
            model.splice(model.indexOf(known), 1);
            model.push({ ...known, reply: i, since: now });
          }
        } else {
          const isOpen = known !== undefined && known.reply === undefined;
          expect(keys.release(key, known?.ticket ?? 0)).toBe(isOpen);
          if (isOpen) model.splice(model.indexOf(known), 1);
        }
        keys.expire(at(now));
        expect(keys.size).toBe(model.length);
      }
    }),
    { numRuns: 500 },
  );
});
